import { dateAndTime } from '../../base/clock.ts';
import { readXml } from '../../xml/adapters/saxes-reader.ts';
import type { XmlElement } from '../../xml/element.ts';
import { writeXml } from '../../xml/xml-writer.ts';
import type { DataPath, PathStep } from '../data-path.ts';
import { notificationNamespace } from '../namespaces.ts';
import type { NetconfEvent } from './event.ts';

/** What of an event is stored. */
export interface StoredEvent {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly stream?: string;
  readonly about?: DataPath;
  /** Of the notification's own element. */
  readonly namespace: string;
  readonly name: string;
  /** That element. */
  readonly xml: string;
}

/** One event as the server holds it: as text, for a tree is ten times as large. */
export class EventRecord {
  /** Its place among all events of this run. */
  readonly sequence: number;
  readonly time: number;
  readonly stream: string | undefined;
  readonly about: DataPath | undefined;
  readonly namespace: string;
  readonly name: string;
  readonly #xml: string;
  /** All who are subscribed look at an event at about the same time. */
  #content: WeakRef<XmlElement> | undefined;

  /** @param content what `xml` says, where it is at hand */
  constructor(sequence: number, stored: StoredEvent, content?: XmlElement) {
    this.sequence = sequence;
    this.time = stored.time;
    this.stream = stored.stream;
    this.about = stored.about;
    this.namespace = stored.namespace;
    this.name = stored.name;
    this.#xml = stored.xml;
    this.#content = content === undefined ? undefined : new WeakRef(content);
  }

  /** What it costs to hold it, about. */
  get octets(): number {
    return this.#xml.length;
  }

  /** The notification's own element, for filters. */
  get content(): XmlElement {
    const known = this.#content?.deref();
    if (known !== undefined) return known;
    const limits = { maxBytes: 2 * this.#xml.length, maxDepth: 256, maxAttributes: 256 };
    const content = readXml(this.#xml, limits);
    this.#content = new WeakRef(content);
    return content;
  }

  /** The `<notification>` (RFC 5277 §4): eventTime comes first. */
  get notification(): string {
    return notificationOf(this.time, this.#xml);
  }
}

/**
 * The `<notification>` that carries an element (RFC 5277 §4).
 * @param xml the element as `writeXml` writes it: it declares its own namespace
 */
export function notificationOf(time: number, xml: string): string {
  return `<notification xmlns="${notificationNamespace}"><eventTime>${dateAndTime(time)}</eventTime>${xml}</notification>`;
}

/** @throws InternalError when the content cannot be written */
export function storedEvent({ stream, about, content, time }: NetconfEvent, now: number): StoredEvent {
  return {
    time: time ?? now,
    ...(stream === undefined ? {} : { stream }),
    ...(about === undefined ? {} : { about }),
    namespace: content.namespace,
    name: content.name,
    xml: writeXml(content),
  };
}

/** An event as a record of the log: JSON, on one line. */
export function formatRecord(event: StoredEvent): string {
  return JSON.stringify(event);
}

/** @returns `undefined` when the text is no record */
export function parseRecord(text: string): StoredEvent | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { time, stream, about, namespace, name, xml } = value;
  if (typeof time !== 'number' || !Number.isFinite(time) || Math.abs(time) > maxTime) return undefined;
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  if (typeof xml !== 'string' || !xml.startsWith('<')) return undefined;
  if (stream !== undefined && typeof stream !== 'string') return undefined;
  if (about !== undefined && !isDataPath(about)) return undefined;
  return {
    time,
    ...(stream === undefined ? {} : { stream }),
    ...(about === undefined ? {} : { about }),
    namespace,
    name,
    xml,
  };
}

/** The last moment that a `Date` can hold. */
const maxTime = 8.64e15;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDataPath(value: unknown): value is DataPath {
  return Array.isArray(value) && value.every(isPathStep);
}

function isPathStep(value: unknown): value is PathStep {
  if (!isRecord(value)) return false;
  const { namespace, name, keys } = value;
  return (
    typeof namespace === 'string' &&
    typeof name === 'string' &&
    (keys === undefined || (isRecord(keys) && Object.values(keys).every((key) => typeof key === 'string')))
  );
}
