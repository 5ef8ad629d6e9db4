import { equalBytes } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { parseAuthorizedKey } from './authorized-key.ts';

/** Cost of scrypt (RFC 7914 §2). One derivation takes 128·N·r octets of memory. */
export interface ScryptCost {
  /** CPU and memory cost, a power of two. */
  readonly n: number;
  /** Block size. */
  readonly r: number;
  /** Parallelization. */
  readonly p: number;
}

/** What is kept of a password. */
export interface PasswordRecord extends ScryptCost {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** One account. A user without password and without keys cannot log in. */
export interface UserRecord {
  readonly name: string;
  readonly password?: PasswordRecord;
  /** Lines as {@link parseAuthorizedKey} takes them. */
  readonly authorizedKeys: readonly string[];
}

/** Derives a hash of as many octets as are asked for. Injected: node:crypto lives in an adapter. */
export type Scrypt = (
  password: string,
  salt: Uint8Array,
  cost: ScryptCost,
  length: number,
) => Promise<Uint8Array>;

/** Whether two secrets of equal length are equal, in constant time. Injected as {@link Scrypt} is. */
export type ConstantTimeEqual = (a: Uint8Array, b: Uint8Array) => boolean;

/** Decides who may log in. Both answer `false` for users that do not exist. */
export interface Authenticator {
  /** Costs the same whether the user is unknown, has no password, or gave a wrong one. */
  checkPassword(username: string, password: string): Promise<boolean>;
  /** Whether the key, as it travels in SSH, may log in. Its signature is the transport's to verify. */
  mayUseKey(username: string, blob: Uint8Array): Promise<boolean>;
}

/** What a new password is hashed with: 32 MiB and about 0.1 s. */
export const defaultCost: ScryptCost = { n: 32_768, r: 8, p: 1 };

export const saltBytes = 16;
export const hashBytes = 32;

/** Longer passwords are refused before they are hashed. */
export const maxPasswordLength = 1024;

const namePattern = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;

/** Whether a text can be the name of a user: what POSIX tools accept, at most 32 characters. */
export function isUserName(text: string): boolean {
  return namePattern.test(text);
}

/** @throws UsageError `bad-user-name` */
export function checkUserName(text: string): string {
  if (isUserName(text)) return text;
  throw new UsageError('bad-user-name', `${JSON.stringify(text.slice(0, 80))} cannot be a user's name`, {
    hint: 'Take 1 to 32 letters, digits, dots, hyphens and underscores, a letter or underscore first.',
  });
}

/** @throws UsageError `bad-password` when it is empty, too long, or holds a control character */
export function checkNewPassword(password: string): string {
  if (password.length === 0) throw badPassword('it is empty');
  if (password.length > maxPasswordLength) throw badPassword(`it has over ${maxPasswordLength} characters`);
  if (/\p{Cc}/u.test(password)) throw badPassword('it holds a control character');
  return password;
}

function badPassword(why: string): UsageError {
  return new UsageError('bad-password', `this cannot be a password: ${why}`, {
    hint: `Take 1 to ${maxPasswordLength} characters on one line.`,
  });
}

/** Verifies a password against a record; without one it does the same work and says no. */
export async function verifyPassword(
  record: PasswordRecord | undefined,
  password: string,
  scrypt: Scrypt,
  constantTimeEqual: ConstantTimeEqual,
): Promise<boolean> {
  if (password.length > maxPasswordLength) return false;
  const stored = record ?? nobody;
  const hash = await scrypt(password, stored.salt, stored, stored.hash.length);
  return constantTimeEqual(hash, stored.hash) && record !== undefined;
}

const nobody: PasswordRecord = {
  ...defaultCost,
  salt: new Uint8Array(saltBytes),
  hash: new Uint8Array(hashBytes),
};

/** Whether a user's keys include this one. Public keys are no secrets, so this need not be constant time. */
export function hasKey(user: UserRecord | undefined, blob: Uint8Array): boolean {
  return user?.authorizedKeys.some((line) => equalBytes(parseAuthorizedKey(line).blob, blob)) ?? false;
}
