import { type Clock, dateAndTime } from '../base/clock.ts';
import type { DataPoint, DeviceDescription } from '../base/description.ts';
import { errorMessage, PeerError } from '../base/errors.ts';
import { type DeviceUuid, isDeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { measurementReader } from '../mqtt/bare-messages.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import type { EventSink } from '../netconf/events/event.ts';
import { element, type XmlElement } from '../xml/element.ts';
import type { ModuleSchema, SchemaNode } from '../yang/schema.ts';
import { devicePath } from './device-path.ts';
import { OutputReader } from './rpc-values.ts';

interface Measurement {
  /** A leaf, or the container of a sub-structure. */
  readonly value: XmlElement;
  readonly time: number;
}

/** The data points that come with the messages on one topic. */
interface Measured {
  readonly uuid: DeviceUuid;
  readonly points: readonly DataPoint[];
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
  readonly #points = new Map<string, Measured>();
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
  registered({ uuid, dataPoints }: Pick<DeviceDescription, 'uuid' | 'dataPoints'>, changed = false): void {
    if (!isDeviceUuid(uuid)) return;
    const before = this.#topics.get(uuid) ?? [];
    const topics = [...new Set(dataPoints.map(({ topic }) => topic))];
    if (changed) this.#latest.delete(uuid);
    for (const topic of topics) {
      this.#points.set(topic, { uuid, points: dataPoints.filter((point) => point.topic === topic) });
      this.#follow(uuid, topic);
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
    const { uuid, points } = known;
    const time = this.#deps.clock.now();
    const values = this.#values(uuid, points, payload);
    if (values.size === 0) return;
    const latest = this.#latest.get(uuid) ?? new Map<string, Measurement>();
    for (const [name, value] of values) latest.set(name, { value, time });
    this.#latest.set(uuid, latest);
    this.#deps.onMeasured(uuid);
    this.#tell(uuid, values, time);
  }

  /** The module's one notification, with the points that were measured alone. */
  #tell(uuid: DeviceUuid, values: ReadonlyMap<string, XmlElement>, time: number): void {
    const { schemaOf, events } = this.#deps;
    const { namespace = '', notifications } = schemaOf(uuid) ?? {};
    const notification = notifications?.keys().next().value;
    if (notification === undefined) return;
    events.emit({
      stream: 'telemetry',
      content: element(namespace, notification, [
        element(namespace, 'uuid', uuid),
        ...[...values].map(([name, value]) => pointElement(namespace, name, { value, time })),
      ]),
      about: devicePath(uuid),
      time,
    });
  }

  /** What a message says of each data point, by name; without those that are not of the type described. */
  #values(
    uuid: DeviceUuid,
    points: readonly DataPoint[],
    payload: Uint8Array,
  ): ReadonlyMap<string, XmlElement> {
    const schema = this.#deps.schemaOf(uuid);
    const read = measurementReader(payload);
    const values = new Map<string, XmlElement>();
    if (schema === undefined) return values;
    for (const point of points) {
      try {
        const texts = read(point);
        const value = texts === undefined ? undefined : valueElement(schema, point, texts);
        if (value !== undefined) values.set(point.name, value);
      } catch (error) {
        this.#deps.logger.debug('a measurement was dropped', {
          uuid,
          point: point.name,
          reason: errorMessage(error),
        });
      }
    }
    return values;
  }
}

/** A data point with its measurement, as `telemetry` and the notification have it. */
function pointElement(namespace: string, name: string, { value, time }: Measurement): XmlElement {
  return element(namespace, name, [value, element(namespace, 'time', dateAndTime(time))]);
}

/**
 * The element `value` of a measurement, in canonical form.
 * @throws RpcError when it is not of its type
 */
function valueElement(
  { namespace, data }: ModuleSchema,
  { name, type }: DataPoint,
  texts: readonly string[],
): XmlElement | undefined {
  const rest = [...texts];
  const reader = new OutputReader(namespace, 'mup', rest);
  const [value] = reader.elements([{ name: 'value', type, mandatory: true }], pointNodes(data, name));
  if (rest.length > 0) throw new PeerError('bad-response', 'the message has more values than described');
  return value;
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

/** What stands below `/telemetry/device/<point>` of a generated module. */
function pointNodes(nodes: readonly SchemaNode[], point: string): readonly SchemaNode[] {
  let level = nodes;
  for (const name of ['telemetry', 'device', point]) {
    const node = level.find((one) => one.name === name);
    if (node?.kind !== 'container' && node?.kind !== 'list') return [];
    level = node.children;
  }
  return level;
}
