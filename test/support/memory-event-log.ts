import type { Clock } from '../../src/base/clock.ts';
import { defaultConfig, type NotificationConfig } from '../../src/base/config.ts';
import { type Logger, silentLogger } from '../../src/base/logger.ts';
import type { EventLog, KeptEvents } from '../../src/netconf/events/event-log.ts';
import { EventStreams } from '../../src/netconf/events/event-streams.ts';

/** An event log that a test can look into, and hand on to the next run. */
export class MemoryEventLog implements EventLog {
  readonly records: string[];
  readonly created: number;
  closed = false;

  constructor(created = 0, records: readonly string[] = []) {
    this.created = created;
    this.records = [...records];
  }

  get kept(): KeptEvents {
    return { created: this.created, records: [...this.records] };
  }

  async load(): Promise<KeptEvents> {
    return this.kept;
  }

  append(record: string): void {
    this.records.push(record);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

/** Streams like those of the bridge, on a log in memory. */
export function eventStreams(
  clock: Clock,
  {
    log = new MemoryEventLog(clock.now()),
    limits = defaultConfig.notifications,
    logger = silentLogger,
  }: { readonly log?: MemoryEventLog; readonly limits?: NotificationConfig; readonly logger?: Logger } = {},
): EventStreams {
  const streams = [
    { name: 'devices', description: 'Devices that come and go.', kept: 'log' },
    { name: 'telemetry', description: 'Measurements.', kept: 'memory' },
  ] as const;
  return new EventStreams({ log, clock, logger, limits, streams }, log.kept);
}
