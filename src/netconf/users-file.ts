import { fromBase64, toBase64 } from '../base/base64.ts';
import { MupError, UsageError } from '../base/errors.ts';
import { parseAuthorizedKey } from './authorized-key.ts';
import { isUserName, type PasswordRecord, type UserRecord } from './users.ts';

/** The most that a users file may ask of this machine for one login: 256 MiB. */
const maxScryptBytes = 256 * 1024 * 1024;
const maxUsers = 10_000;
const maxKeysPerUser = 100;

/** The users file: JSON, so that people can read it, with a version, so that it can change. */
export function formatUsers(users: readonly UserRecord[]): string {
  const entries = users.map(({ name, password, authorizedKeys }) => ({
    name,
    ...(password === undefined ? {} : { password: formatPassword(password) }),
    authorizedKeys,
  }));
  return `${JSON.stringify({ version: 1, users: entries }, undefined, 2)}\n`;
}

function formatPassword({ n, r, p, salt, hash }: PasswordRecord): object {
  return { kdf: 'scrypt', n, r, p, salt: toBase64(salt), hash: toBase64(hash) };
}

/**
 * Reads what {@link formatUsers} wrote, strictly: a file that is not understood as a whole lets nobody in.
 * @throws UsageError `bad-users-file` with the place in the file
 */
export function parseUsers(text: string): UserRecord[] {
  const file = record(parseJson(text), '', ['version', 'users']);
  if (file['version'] !== 1) throw badFile('/version', 'is not 1');
  const users = list(file['users'], '/users', maxUsers).map((user, i) => parseUser(user, `/users/${i}`));
  const names = new Set<string>();
  users.forEach(({ name }, i) => {
    if (names.has(name)) throw badFile(`/users/${i}/name`, 'names a user a second time');
    names.add(name);
  });
  return users;
}

function parseUser(value: unknown, where: string): UserRecord {
  const user = record(value, where, ['name', 'password', 'authorizedKeys']);
  const name = user['name'];
  if (typeof name !== 'string' || !isUserName(name)) throw badFile(`${where}/name`, "is not a user's name");
  const keys = list(user['authorizedKeys'], `${where}/authorizedKeys`, maxKeysPerUser);
  const authorizedKeys = keys.map((key, i) => parseKeyLine(key, `${where}/authorizedKeys/${i}`));
  if (user['password'] === undefined) return { name, authorizedKeys };
  return { name, password: parsePassword(user['password'], `${where}/password`), authorizedKeys };
}

function parseKeyLine(value: unknown, where: string): string {
  if (typeof value !== 'string') throw badFile(where, 'is not a text');
  try {
    parseAuthorizedKey(value);
  } catch (error) {
    throw badFile(where, error instanceof MupError ? error.message : 'is not a public key');
  }
  return value;
}

function parsePassword(value: unknown, where: string): PasswordRecord {
  const stored = record(value, where, ['kdf', 'n', 'r', 'p', 'salt', 'hash']);
  if (stored['kdf'] !== 'scrypt') throw badFile(`${where}/kdf`, 'is not "scrypt"');
  const n = whole(stored['n'], `${where}/n`);
  const r = whole(stored['r'], `${where}/r`);
  const p = whole(stored['p'], `${where}/p`);
  if (n < 2 || (n & (n - 1)) !== 0) throw badFile(`${where}/n`, 'is not a power of two');
  if (128 * n * r > maxScryptBytes || p > 16) throw badFile(where, 'asks for too much memory or time');
  const salt = octets(stored['salt'], `${where}/salt`, 8);
  return { n, r, p, salt, hash: octets(stored['hash'], `${where}/hash`, 16) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badFile('', 'is not JSON');
  }
}

function record(value: unknown, where: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badFile(where, 'is not an object');
  const unknownKey = Object.keys(value).find((key) => !keys.includes(key));
  if (unknownKey !== undefined) throw badFile(`${where}/${unknownKey}`, 'is not known here');
  return { ...value };
}

function list(value: unknown, where: string, most: number): unknown[] {
  if (!Array.isArray(value)) throw badFile(where, 'is not a list');
  if (value.length > most) throw badFile(where, `has over ${most} entries`);
  return value;
}

function whole(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 2 ** 24)
    throw badFile(where, 'is not a whole number from 1 to 16777216');
  return value;
}

function octets(value: unknown, where: string, least: number): Uint8Array {
  const bytes = typeof value === 'string' ? fromBase64(value) : undefined;
  if (bytes === undefined || bytes.length < least || bytes.length > 128)
    throw badFile(where, `is not base64 of ${least} to 128 octets`);
  return bytes;
}

function badFile(where: string, what: string): UsageError {
  return new UsageError('bad-users-file', `the users file is damaged: ${where || 'it'} ${what}`, {
    where: where || '/',
    hint: 'Restore it from a backup, or move it away and add the users again with `mup user add`.',
  });
}
