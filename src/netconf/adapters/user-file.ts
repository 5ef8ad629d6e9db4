import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { systemRandom } from '../../base/adapters/node-runtime.ts';
import { errorCode, errorMessage, MupError, UsageError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { parseAuthorizedKey } from '../authorized-key.ts';
import {
  type Authenticator,
  checkNewPassword,
  checkUserName,
  defaultCost,
  hashBytes,
  hasKey,
  saltBytes,
  type UserRecord,
  verifyPassword,
} from '../users.ts';
import { formatUsers, parseUsers } from '../users-file.ts';
import { fingerprintOf } from './host-key-files.ts';
import { constantTimeEqual, createScrypt } from './scrypt.ts';

/** How a user may log in from now on. A password replaces the old one, a key is added to the others. */
export interface Credentials {
  readonly password?: string;
  /** A line of a `.pub` file. */
  readonly authorizedKey?: string;
}

/** A user as people may see it. */
export interface UserSummary {
  readonly name: string;
  readonly hasPassword: boolean;
  readonly authorizedKeys: readonly {
    readonly type: string;
    readonly sha256: string;
    readonly comment: string;
  }[];
}

const scrypt = createScrypt();

/**
 * Adds a user, or adds to one. A running bridge notices.
 * @throws UsageError `bad-user-name`, `bad-password`, `bad-authorized-key`, `no-credentials`, or what
 *   {@link listUsers} throws
 */
export async function addUser(path: string, name: string, credentials: Credentials): Promise<void> {
  checkUserName(name);
  if (credentials.password === undefined && credentials.authorizedKey === undefined)
    throw new UsageError('no-credentials', `user ${name} was given neither a password nor a key`);
  const users = (await readUsers(path)) ?? [];
  const before = users.find((user) => user.name === name) ?? { name, authorizedKeys: [] };
  const after = await withCredentials(before, credentials);
  await writeUsers(path, [...users.filter((user) => user.name !== name), after]);
}

/** @throws UsageError `no-such-user`, or what {@link listUsers} throws */
export async function removeUser(path: string, name: string): Promise<void> {
  const users = (await readUsers(path)) ?? [];
  if (!users.some((user) => user.name === name))
    throw new UsageError('no-such-user', `there is no user ${JSON.stringify(name.slice(0, 80))}`, {
      where: path,
      hint: `There are: ${users.map((user) => user.name).join(', ') || 'none'}.`,
    });
  await writeUsers(
    path,
    users.filter((user) => user.name !== name),
  );
}

/**
 * All users, by name. None when there is no file.
 * @throws UsageError `bad-users-file`, `users-file-permissions`, `users-file-unreadable`
 */
export async function listUsers(path: string): Promise<UserSummary[]> {
  const users = (await readUsers(path)) ?? [];
  return users
    .map(({ name, password, authorizedKeys }) => ({
      name,
      hasPassword: password !== undefined,
      authorizedKeys: authorizedKeys.map((line) => {
        const { type, blob, comment } = parseAuthorizedKey(line);
        return { type, sha256: fingerprintOf(blob), comment };
      }),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Makes a first user with a generated password when there is no users file yet.
 * @returns the password, to be shown once, or `undefined` when there is a file
 * @throws what {@link listUsers} throws
 */
export async function ensureFirstUser(
  path: string,
  name = 'admin',
): Promise<{ readonly password: string } | undefined> {
  if ((await readUsers(path)) !== undefined) return undefined;
  const password = generatePassword();
  await addUser(path, name, { password });
  return { password };
}

/**
 * Checks logins against a users file, which it reads again whenever it has changed. While the file cannot
 * be read or understood, nobody gets in, and the log says why.
 */
export function createAuthenticator(path: string, deps: { readonly logger: Logger }): Authenticator {
  let seen = { version: '', users: new Map<string, UserRecord>() };

  async function find(username: string): Promise<UserRecord | undefined> {
    try {
      const version = await versionOf(path);
      if (version !== seen.version) {
        const users = (await readUsers(path)) ?? [];
        seen = { version, users: new Map(users.map((user) => [user.name, user])) };
        deps.logger.debug('users file read', { path, users: users.length });
      }
      return seen.users.get(username);
    } catch (error) {
      const { code, where } = error instanceof MupError ? error : { code: errorCode(error), where: path };
      deps.logger.error('nobody can log in: the users file cannot be used', {
        path,
        where,
        code,
        reason: errorMessage(error),
      });
      return undefined;
    }
  }

  return {
    checkPassword: async (username, password) =>
      verifyPassword((await find(username))?.password, password, scrypt, constantTimeEqual),
    mayUseKey: async (username, blob) => hasKey(await find(username), blob),
  };
}

/** Changes whenever the file is replaced or written to. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent';
    throw error;
  }
}

async function withCredentials(user: UserRecord, credentials: Credentials): Promise<UserRecord> {
  const { password, authorizedKey } = credentials;
  const hashed = password === undefined ? user.password : await hashPassword(password);
  return {
    name: user.name,
    ...(hashed === undefined ? {} : { password: hashed }),
    authorizedKeys: authorizedKey === undefined ? user.authorizedKeys : withKey(user, authorizedKey),
  };
}

function withKey(user: UserRecord, line: string): readonly string[] {
  const { blob } = parseAuthorizedKey(line);
  return hasKey(user, blob) ? user.authorizedKeys : [...user.authorizedKeys, line.trim()];
}

async function hashPassword(password: string): Promise<UserRecord['password']> {
  checkNewPassword(password);
  const salt = systemRandom(saltBytes);
  return { ...defaultCost, salt, hash: await scrypt(password, salt, defaultCost, hashBytes) };
}

/** 100 random bits, in 32 letters and digits of which the look-alikes l, o, 0 and 1 are left out. */
function generatePassword(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  const letters = Array.from(systemRandom(20), (byte) => alphabet[byte % alphabet.length]).join('');
  return letters.replace(/(.{5})(?=.)/g, '$1-');
}

async function readUsers(path: string): Promise<UserRecord[] | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      throw new UsageError('users-file-permissions', 'others may read or change the users file', {
        where: path,
        hint: `Run: chmod 600 ${path}`,
      });
    return parseUsers(await readFile(path, 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (error instanceof MupError) throw error;
    throw new UsageError('users-file-unreadable', `the users file cannot be read: ${errorMessage(error)}`, {
      where: path,
    });
  }
}

async function writeUsers(path: string, users: readonly UserRecord[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileAtomically(path, formatUsers(users), 0o600);
}
