import type { EventStream } from '../netconf/events/event-streams.ts';

/** The streams of the bridge, besides `NETCONF`, which carries them all. */
export const notificationStreams: readonly EventStream[] = [
  { name: 'devices', description: 'Devices that register, change, come, go and are removed.', kept: 'log' },
  { name: 'updates', description: 'Firmware updates: their states and their progress.', kept: 'log' },
  // What devices measure comes at any rate, and is old news after a restart.
  { name: 'telemetry', description: 'What devices measure.', kept: 'memory' },
];
