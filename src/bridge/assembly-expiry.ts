import type { Cancel, Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { ExpiredAssembly } from '../mqtt/description-pieces.ts';

const intervalMs = 5000;

/** Gives up, again and again, what devices began and did not complete. @returns ends that */
export function expireAssemblies(
  assembler: { expire(now: number): readonly ExpiredAssembly[] },
  clock: Clock,
  logger: Logger,
): Cancel {
  let cancel: Cancel = () => {};
  const expire = (): void => {
    for (const expired of assembler.expire(clock.monotonic()))
      logger.warn('a description was not completed', { ...expired });
    cancel = clock.schedule(intervalMs, expire);
  };
  expire();
  return () => cancel();
}
