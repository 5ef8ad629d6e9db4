import { decodeUtf8 } from '../base/bytes.ts';
import { type Clock, dateAndTime } from '../base/clock.ts';
import type { DataPoint, DeviceDescription } from '../base/description.ts';
import { errorMessage } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { element, type XmlElement } from '../xml/element.ts';
import type { LeafNode, ModuleSchema, SchemaNode } from '../yang/schema.ts';
import { checkValue } from '../yang/value-check.ts';

interface Measurement {
  readonly value: string;
  readonly time: number;
}

export interface TelemetryDependencies {
  readonly transport: MqttTransport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly schemaOf: (uuid: DeviceUuid) => ModuleSchema | undefined;
}

/** Keeps the latest value of each device's output data points, with its time. */
export class TelemetryService {
  readonly #deps: TelemetryDependencies;
  readonly #points = new Map<string, { readonly uuid: DeviceUuid; readonly point: DataPoint }>();
  readonly #filters = new Map<string, Unsubscribe>();
  readonly #latest = new Map<DeviceUuid, Map<string, Measurement>>();

  constructor(deps: TelemetryDependencies) {
    this.#deps = deps;
  }

  /** Listens to the data points of a device; devices of one kind share their subscriptions. */
  registered({ uuid, dataPoints }: DeviceDescription): void {
    for (const point of dataPoints) {
      this.#points.set(point.topic, { uuid, point });
      const filter = point.topic
        .split('/')
        .map((level) => (level === uuid ? '+' : level))
        .join('/');
      if (!this.#filters.has(filter)) this.#subscribe(filter);
    }
  }

  /** Drops what a device had measured, and its data points. */
  removed(uuid: DeviceUuid): void {
    this.#latest.delete(uuid);
    for (const [topic, entry] of this.#points) if (entry.uuid === uuid) this.#points.delete(topic);
  }

  /** The list entry of a device in its module's `telemetry`, or `undefined` when it measured nothing. */
  entry(namespace: string, uuid: DeviceUuid): XmlElement | undefined {
    const latest = this.#latest.get(uuid);
    if (latest === undefined) return undefined;
    const points = [...latest].map(([name, { value, time }]) =>
      element(namespace, name, [
        element(namespace, 'value', value),
        element(namespace, 'time', dateAndTime(time)),
      ]),
    );
    return element(namespace, 'device', [element(namespace, 'uuid', uuid), ...points]);
  }

  #subscribe(filter: string): void {
    const { transport, logger } = this.#deps;
    this.#filters.set(filter, async () => {});
    transport
      .subscribe(filter, 0, (message) => this.#receive(message))
      .then(
        (unsubscribe) => this.#filters.set(filter, unsubscribe),
        (error) => {
          this.#filters.delete(filter);
          logger.warn('measurements cannot be followed', { filter, reason: errorMessage(error) });
        },
      );
  }

  #receive({ topic, payload }: MqttMessage): void {
    const known = this.#points.get(topic);
    if (known === undefined) return;
    const { uuid, point } = known;
    const value = this.#checked(uuid, point, payload);
    if (value === undefined) return;
    const latest = this.#latest.get(uuid) ?? new Map<string, Measurement>();
    latest.set(point.name, { value, time: this.#deps.clock.now() });
    this.#latest.set(uuid, latest);
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
