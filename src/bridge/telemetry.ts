import { decodeUtf8 } from '../base/bytes.ts';
import { type Clock, dateAndTime } from '../base/clock.ts';
import type { DataPoint, DeviceDescription } from '../base/description.ts';
import { errorMessage } from '../base/errors.ts';
import { type DeviceUuid, isDeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import type { EventSink } from '../netconf/event.ts';
import { element, type XmlElement } from '../xml/element.ts';
import type { LeafNode, ModuleSchema, SchemaNode } from '../yang/schema.ts';
import { checkValue } from '../yang/value-check.ts';
import { devicePath } from './device-path.ts';

interface Measurement {
  readonly value: string;
  readonly time: number;
}

export interface TelemetryDependencies {
  readonly transport: MqttTransport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly schemaOf: (uuid: DeviceUuid) => ModuleSchema | undefined;
  readonly onMeasured: (uuid: DeviceUuid) => void;
  readonly events: EventSink;
}

/** A subscription that the data points of several devices share. */
interface Followed {
  /** Topics that need it. */
  readonly topics: Set<string>;
  readonly unsubscribe: Promise<Unsubscribe | undefined>;
}

/** Keeps the latest value of each device's output data points, with its time. */
export class TelemetryService {
  readonly #deps: TelemetryDependencies;
  readonly #points = new Map<string, { readonly uuid: DeviceUuid; readonly point: DataPoint }>();
  readonly #topics = new Map<DeviceUuid, readonly string[]>();
  readonly #filters = new Map<string, Followed>();
  readonly #latest = new Map<DeviceUuid, Map<string, Measurement>>();

  constructor(deps: TelemetryDependencies) {
    this.#deps = deps;
  }

  /**
   * Listens to the data points of a device; devices of one kind share their subscriptions. What it measured
   * under an earlier description is dropped when `changed`.
   */
  registered({ uuid, dataPoints }: DeviceDescription, changed = false): void {
    if (!isDeviceUuid(uuid)) return;
    const before = this.#topics.get(uuid) ?? [];
    const topics = dataPoints.map(({ topic }) => topic);
    if (changed) this.#latest.delete(uuid);
    for (const point of dataPoints) {
      this.#points.set(point.topic, { uuid, point });
      this.#follow(uuid, point.topic);
    }
    this.#topics.set(uuid, topics);
    this.#leave(
      uuid,
      before.filter((topic) => !topics.includes(topic)),
    );
  }

  /** Drops what a device had measured, and its data points. */
  removed(uuid: DeviceUuid): void {
    this.#latest.delete(uuid);
    this.#leave(uuid, this.#topics.get(uuid) ?? []);
    this.#topics.delete(uuid);
  }

  /** Waits for nothing: while there is no broker, a subscription ends only with the transport. */
  close(): void {
    for (const { unsubscribe } of this.#filters.values()) void unsubscribe.then((leave) => leave?.());
    this.#filters.clear();
  }

  /** The list entry of a device in its module's `telemetry`, or `undefined` when it measured nothing. */
  entry(namespace: string, uuid: DeviceUuid): XmlElement | undefined {
    const latest = this.#latest.get(uuid);
    if (latest === undefined) return undefined;
    const points = [...latest].map(([name, measurement]) => pointElement(namespace, name, measurement));
    return element(namespace, 'device', [element(namespace, 'uuid', uuid), ...points]);
  }

  #follow(uuid: DeviceUuid, topic: string): void {
    const filter = sharedFilter(topic, uuid);
    const known = this.#filters.get(filter);
    if (known !== undefined) known.topics.add(topic);
    else this.#filters.set(filter, { topics: new Set([topic]), unsubscribe: this.#subscribe(filter) });
  }

  /** Ends what only these topics of a device needed. */
  #leave(uuid: DeviceUuid, topics: readonly string[]): void {
    for (const topic of topics) {
      const filter = sharedFilter(topic, uuid);
      const followed = this.#filters.get(filter);
      this.#points.delete(topic);
      followed?.topics.delete(topic);
      if (followed === undefined || followed.topics.size > 0) continue;
      this.#filters.delete(filter);
      void followed.unsubscribe.then((unsubscribe) => unsubscribe?.());
    }
  }

  async #subscribe(filter: string): Promise<Unsubscribe | undefined> {
    const { transport, logger } = this.#deps;
    try {
      return await transport.subscribe(filter, 0, (message) => this.#receive(message));
    } catch (error) {
      this.#filters.delete(filter);
      logger.warn('measurements cannot be followed', { filter, reason: errorMessage(error) });
      return undefined;
    }
  }

  #receive({ topic, payload }: MqttMessage): void {
    const known = this.#points.get(topic);
    if (known === undefined) return;
    const { uuid, point } = known;
    const value = this.#checked(uuid, point, payload);
    if (value === undefined) return;
    const latest = this.#latest.get(uuid) ?? new Map<string, Measurement>();
    const measurement = { value, time: this.#deps.clock.now() };
    latest.set(point.name, measurement);
    this.#latest.set(uuid, latest);
    this.#deps.onMeasured(uuid);
    this.#tell(uuid, point, measurement);
  }

  /** The module's one notification, with the point that was measured alone. */
  #tell(uuid: DeviceUuid, { name }: DataPoint, measurement: Measurement): void {
    const { schemaOf, events } = this.#deps;
    const { namespace = '', notifications } = schemaOf(uuid) ?? {};
    const notification = notifications?.keys().next().value;
    if (notification === undefined) return;
    events.emit({
      stream: 'telemetry',
      content: element(namespace, notification, [
        element(namespace, 'uuid', uuid),
        pointElement(namespace, name, measurement),
      ]),
      about: devicePath(uuid),
      time: measurement.time,
    });
  }

  /** The measurement in canonical form, or `undefined` when it is not of the type that was described. */
  #checked(uuid: DeviceUuid, point: DataPoint, payload: Uint8Array): string | undefined {
    const maxBytes = 4096;
    const text = payload.length > maxBytes ? undefined : decodeUtf8(payload);
    const leaf = valueLeaf(this.#deps.schemaOf(uuid)?.data ?? [], point.name);
    if (text === undefined || leaf === undefined) return undefined;
    try {
      return checkValue(leaf.type, text);
    } catch (error) {
      this.#deps.logger.debug('a measurement was dropped', {
        uuid,
        point: point.name,
        reason: errorMessage(error),
      });
      return undefined;
    }
  }
}

/** A data point with its measurement, as `telemetry` and the notification have it. */
function pointElement(namespace: string, name: string, { value, time }: Measurement): XmlElement {
  return element(namespace, name, [
    element(namespace, 'value', value),
    element(namespace, 'time', dateAndTime(time)),
  ]);
}

/**
 * The filter that a topic shares with its siblings'. A topic that names the UUID more than once would make a
 * filter that matches what is no measurement at all; it gets one of its own.
 */
function sharedFilter(topic: string, uuid: DeviceUuid): string {
  const levels = topic.split('/');
  if (levels.filter((level) => level === uuid).length !== 1) return topic;
  return levels.map((level) => (level === uuid ? '+' : level)).join('/');
}

/** The leaf `/telemetry/device/<point>/value` of a generated module. */
function valueLeaf(nodes: readonly SchemaNode[], point: string): LeafNode | undefined {
  let level = nodes;
  for (const name of ['telemetry', 'device', point]) {
    const node = level.find((one) => one.name === name);
    if (node?.kind !== 'container' && node?.kind !== 'list') return undefined;
    level = node.children;
  }
  return level.find((node): node is LeafNode => node.kind === 'leaf' && node.name === 'value');
}
