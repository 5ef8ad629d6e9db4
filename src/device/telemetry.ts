import { utf8 } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import type { DataPoint } from '../base/description.ts';
import { leaves } from '../base/leaves.ts';
import type { Logger } from '../base/logger.ts';
import type { RandomBytes } from '../base/random.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import { sampleValue } from './sample-value.ts';

export interface TelemetryOptions {
  readonly dataPoints: readonly DataPoint[];
  readonly transport: MqttTransport;
  /** 0: nothing is published. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
}

/** How far a value moves between two measurements at most, as a part of its range. */
const largestStep = 0.05;

/** Publishes a value of each data point at an interval; each one wanders through the range of its type. */
export class Telemetry {
  readonly #options: TelemetryOptions;
  readonly #positions = new Map<string, number>();
  #cancel: Cancel = () => {};

  constructor(options: TelemetryOptions) {
    this.#options = options;
  }

  start(): void {
    const { dataPoints, intervalMs, clock } = this.#options;
    if (intervalMs <= 0 || dataPoints.length === 0) return;
    this.#cancel = clock.schedule(intervalMs, () => {
      this.#publishAll();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  #publishAll(): void {
    const { dataPoints, transport, logger } = this.#options;
    // A measurement is worth nothing later: none is kept for when the broker is back.
    if (transport.state !== 'online') return;
    for (const dataPoint of dataPoints)
      transport.publish(dataPoint.topic, utf8(this.#value(dataPoint)), { qos: 0 }).catch((error: unknown) => {
        logger.debug('a measurement was not published', { topic: dataPoint.topic, error });
      });
  }

  /** The parts of a sub-structure are separated by semicolons, as in an answer. */
  #value({ name, type }: DataPoint): string {
    return leaves([{ name, type, mandatory: true }])
      .map((leaf, i) => sampleValue(leaf, this.#move(`${name} ${i}`), this.#options.clock.now()))
      .join(';');
  }

  #move(key: string): number {
    const before = this.#positions.get(key);
    const chance = (this.#options.random(1)[0] ?? 0) / 256;
    const after = before === undefined ? chance : before + (chance - 0.5) * 2 * largestStep;
    const position = Math.min(Math.max(after, 0), 0.999_999);
    this.#positions.set(key, position);
    return position;
  }
}
