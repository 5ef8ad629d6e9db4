import { scrypt as nodeScrypt, timingSafeEqual } from 'node:crypto';
import { UnavailableError } from '../../base/errors.ts';
import { TaskLimit } from '../../base/task-limit.ts';
import type { ConstantTimeEqual, Scrypt } from '../users/users.ts';

/** Derivations at a time: each takes 32 MiB and a thread of the four that also do the file I/O. */
const maxRunning = 2;
/** What scrypt takes beside its 128·N·r octets, at most. */
const spareBytes = 1024 * 1024;

/** node:crypto's scrypt off the main thread; derivations beyond {@link maxRunning} wait for their turn. */
export function createScrypt(): Scrypt {
  const turns = new TaskLimit(maxRunning);
  return (password, salt, cost, length) => turns.run(() => derive(password, salt, cost, length));
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
