import type { Clock } from '../../base/clock.ts';

/** Work that may be laid down for a while wherever it yields: between nodes, of which there can be 100,000. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** How long a piece of work keeps everything else waiting, ms. */
const pieceMs = 10;

/** Does it all at once: at the start of the process, say, when nothing else waits. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * Does it in pieces of {@link pieceMs}, each followed by a turn of everything else that the process has to do.
 * @param goOn called before each further piece; gives the work up by throwing
 */
export async function inPieces<Result>(
  steps: Steps<Result>,
  clock: Clock,
  goOn: () => void,
): Promise<Result> {
  let begun = clock.monotonic();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (clock.monotonic() - begun < pieceMs) continue;
    await new Promise<void>((resolve) => clock.schedule(0, resolve));
    goOn();
    begun = clock.monotonic();
  }
}
