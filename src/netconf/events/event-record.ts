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

/** What there is of an event whose record is damaged. */
const damaged: StoredEvent = { time: 0, namespace: '', name: '', xml: '' };

/**
 * One event as the server holds it: as text, for a tree is ten times as large. A record of the log is read when
 * somebody wants to know: a start finds thousands of them, and most are never asked for.
 */
export class EventRecord {
  /** Its place among all events of this run. */
  readonly sequence: number;
  /** What it costs to hold it, about. */
  readonly octets: number;
  /** Text: a record of the log that was not read yet. */
  #source: StoredEvent | string;
  /** All who are subscribed look at an event at about the same time. */
  #content: WeakRef<XmlElement> | undefined;

  /**
   * @param source the event, or its record in the log
   * @param content what its `xml` says, where it is at hand
   */
  constructor(sequence: number, source: StoredEvent | string, content?: XmlElement) {
    this.sequence = sequence;
    this.octets = typeof source === 'string' ? source.length : source.xml.length;
    this.#source = source;
    this.#content = content === undefined ? undefined : new WeakRef(content);
  }

  /** Whether its record in the log can be read; of one that is damaged nothing else is known. */
  get readable(): boolean {
    return this.#stored !== damaged;
  }

  get time(): number {
    return typeof this.#source === 'string' ? timeOf(this.#source) : this.#source.time;
  }

  get stream(): string | undefined {
    return this.#stored.stream;
  }

  get about(): DataPath | undefined {
    return this.#stored.about;
  }

  get namespace(): string {
    return this.#stored.namespace;
  }

  get name(): string {
    return this.#stored.name;
  }

  /** The notification's own element, for filters. */
  get content(): XmlElement {
    const known = this.#content?.deref();
    if (known !== undefined) return known;
    const { xml } = this.#stored;
    const content = readXml(xml, { maxBytes: 2 * xml.length, maxDepth: 256, maxAttributes: 256 });
    this.#content = new WeakRef(content);
    return content;
  }

  /** The `<notification>` (RFC 5277 §4): eventTime comes first. */
  get notification(): string {
    const { time, xml } = this.#stored;
    return notificationOf(time, xml);
  }

  get #stored(): StoredEvent {
    if (typeof this.#source === 'string') this.#source = parseRecord(this.#source) ?? damaged;
    return this.#source;
  }
}

/** The time of a record, which it begins with: whoever looks for a moment passes thousands that he wants nothing else of. */
function timeOf(record: string): number {
  const digits = /^\{"time":(\d{1,15}),/.exec(record)?.[1];
  return digits === undefined ? (parseRecord(record) ?? damaged).time : Number(digits);
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
