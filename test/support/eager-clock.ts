import { ManualClock } from './manual-clock.ts';

/** A clock whose time passes as soon as nothing else is to be done. */
export function eagerClock(): ManualClock {
  const clock = new ManualClock();
  const schedule = clock.schedule.bind(clock);
  clock.schedule = (delayMs, run) => {
    const cancel = schedule(delayMs, run);
    setImmediate(() => clock.advance(delayMs));
    return cancel;
  };
  return clock;
}
