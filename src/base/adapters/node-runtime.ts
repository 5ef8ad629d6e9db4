import { createHash, hash, randomBytes as nodeRandomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Digest } from '../ids.ts';
import type { RandomBytes } from '../random.ts';

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, task) {
    // A timer of no time at all takes a millisecond, and wakes the process once more.
    if (delayMs <= 0) {
      const turn = setImmediate(task);
      return () => clearImmediate(turn);
    }
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

const poolBytes = 4096;
let pool = new Uint8Array(0);

/** The machine's random source. Drawn in blocks: a system call for each request id would be felt. */
export const systemRandom: RandomBytes = (length) => {
  if (length > poolBytes) return new Uint8Array(nodeRandomBytes(length));
  if (pool.length < length) pool = new Uint8Array(nodeRandomBytes(poolBytes));
  const drawn = pool.slice(0, length);
  pool.fill(0, 0, length);
  pool = pool.subarray(length);
  return drawn;
};

/** SHA-256 of bytes, lower-case hex. */
export function sha256(bytes: Uint8Array): Digest {
  return hash('sha256', bytes, 'hex') as Digest;
}

/** SHA-256 over bytes that come in parts. */
export interface RunningSha256 {
  update(bytes: Uint8Array): void;
  digest(): Digest;
}

/** Starts a {@link RunningSha256}. */
export function startSha256(): RunningSha256 {
  const running = createHash('sha256');
  return {
    update(bytes) {
      running.update(bytes);
    },
    digest: () => running.digest('hex') as Digest,
  };
}
