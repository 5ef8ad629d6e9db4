import { systemRandom } from '../../base/adapters/node-runtime.ts';
import { checkNewPassword, defaultCost, hashBytes, type PasswordRecord, saltBytes } from '../users/users.ts';
import { constantTimeEqual, createScrypt } from './scrypt.ts';

/** The process's own hashing and comparing: its bound on derivations at a time is for all of them. */
export const passwordCrypto = { scrypt: createScrypt(), constantTimeEqual };

/**
 * Hashes a new password with a fresh salt.
 * @throws UsageError `bad-password`
 * @throws UnavailableError `scrypt-failed`
 */
export async function hashPassword(password: string): Promise<PasswordRecord> {
  checkNewPassword(password);
  const salt = systemRandom(saltBytes);
  return { ...defaultCost, salt, hash: await passwordCrypto.scrypt(password, salt, defaultCost, hashBytes) };
}

/** 100 random bits, in 32 letters and digits of which the look-alikes l, o, 0 and 1 are left out. */
export function generatePassword(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  const letters = Array.from(systemRandom(20), (byte) => alphabet[byte % alphabet.length]).join('');
  return letters.replace(/(.{5})(?=.)/g, '$1-');
}
