import type { ConfigTree, ConfigView } from '../datastore/config-view.ts';
import { usersOf } from './user-config.ts';
import {
  type Authenticator,
  type ConstantTimeEqual,
  hasKey,
  type Scrypt,
  type UserRecord,
  verifyPassword,
} from './users.ts';

/** What checking passwords takes. Injected: node:crypto lives in an adapter. */
export interface PasswordCrypto {
  readonly scrypt: Scrypt;
  readonly constantTimeEqual: ConstantTimeEqual;
}

/** Checks logins against the users of the running configuration, as it is at the moment of the answer. */
export function createAuthenticator(
  config: Pick<ConfigView, 'running'>,
  { scrypt, constantTimeEqual }: PasswordCrypto,
): Authenticator {
  let tree: ConfigTree | undefined;
  let users: ReadonlyMap<string, UserRecord> = new Map();

  function find(username: string): UserRecord | undefined {
    const running = config.running();
    if (running !== tree) {
      tree = running;
      users = usersOf(running);
    }
    return users.get(username);
  }

  return {
    async checkPassword(username, password) {
      const before = find(username)?.password;
      const right = await verifyPassword(before, password, scrypt, constantTimeEqual);
      if (!right || before === undefined) return false;
      // Whoever was removed, or has got another password, while it was hashed does not get in.
      const now = find(username)?.password;
      return (
        now !== undefined &&
        constantTimeEqual(now.salt, before.salt) &&
        constantTimeEqual(now.hash, before.hash)
      );
    },
    mayUseKey: async (username, blob) => hasKey(find(username), blob),
  };
}
