import { join } from 'node:path';
import { systemClock } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import type { Logger } from '../../base/logger.ts';
import { notificationStreams } from '../../bridge/notification-streams.ts';
import { EventLogFiles } from '../../netconf/adapters/event-log-file.ts';
import { EventStreams } from '../../netconf/events/event-streams.ts';

/** The event log's directory, in the state directory. */
const eventsDirectory = 'events';

/** Opens the streams of notifications, with what earlier runs have kept. */
export function openEventStreams(config: Config, logger: Logger): Promise<EventStreams> {
  const limits = config.notifications;
  const common = { clock: systemClock, logger: logger.child({ component: 'events' }) };
  const directory = join(config.stateDir, eventsDirectory);
  return EventStreams.open({
    ...common,
    log: new EventLogFiles({ ...common, directory, maxBytes: limits.maxBytes }),
    limits,
    streams: notificationStreams,
  });
}
