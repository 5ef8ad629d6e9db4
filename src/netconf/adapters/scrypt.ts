import { scrypt as nodeScrypt, timingSafeEqual } from 'node:crypto';
import { UnavailableError } from '../../base/errors.ts';
import type { ConstantTimeEqual, Scrypt } from '../users/users.ts';

/** Derivations at a time: each takes 32 MiB and a thread of the four that also do the file I/O. */
const maxRunning = 2;
/** Derivations that wait; a storm of logins beyond this is turned away instead of piling up. */
const maxWaiting = 256;
/** What scrypt takes beside its 128·N·r octets, at most. */
const spareBytes = 1024 * 1024;

/** node:crypto's scrypt off the main thread, with bounded concurrency. */
export function createScrypt(): Scrypt {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function enter(): Promise<void> {
    if (running < maxRunning) {
      running += 1;
      return;
    }
    if (waiting.length >= maxWaiting)
      throw new UnavailableError('too-many-logins', 'too many logins are being checked', {
        hint: 'Log in again in a moment.',
      });
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return async (password, salt, cost, length) => {
    await enter();
    try {
      return await derive(password, salt, cost, length);
    } finally {
      leave();
    }
  };
}

const derive: Scrypt = (password, salt, { n, r, p }, length) =>
  new Promise((resolve, reject) => {
    const options = { N: n, r, p, maxmem: 256 * n * r + spareBytes };
    nodeScrypt(password, salt, length, options, (error, key) =>
      error === null
        ? resolve(new Uint8Array(key))
        : reject(new UnavailableError('scrypt-failed', `a password cannot be hashed: ${error.message}`)),
    );
  });

/** node:crypto's comparison in constant time. */
export const constantTimeEqual: ConstantTimeEqual = (a, b) => a.length === b.length && timingSafeEqual(a, b);
