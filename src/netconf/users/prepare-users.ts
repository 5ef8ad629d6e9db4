import { errorMessage, UnavailableError } from '../../base/errors.ts';
import { element, type XmlElement } from '../../xml/element.ts';
import type { ConfigTree } from '../datastore/config-view.ts';
import { bridgeNamespace } from '../namespaces.ts';
import { type ErrorPlace, invalidValue } from '../protocol-errors.ts';
import { RpcError } from '../rpc-error.ts';
import { clearPassword, formatPassword, parsePassword } from './password-text.ts';
import { isUsers, keyFault, leafText, leafTexts, userElements } from './user-config.ts';
import { checkNewPassword, isUserName, type PasswordRecord } from './users.ts';

const maxUsers = 10_000;
const maxKeysPerUser = 100;
/** Clear passwords that one edit may bring: each takes 0.1 s to hash. */
const maxNewPasswords = 32;

/** Hashes a password that `checkNewPassword` has let pass. */
export type HashPassword = (password: string) => Promise<PasswordRecord>;

/**
 * Makes a configuration fit to be kept: passwords that came in the clear (`$0$…`) are hashed, so that none
 * is ever stored or shown; names, passwords and keys are checked.
 * @param before a configuration that was prepared: its users are not looked at again
 * @returns the same tree where there was nothing to hash
 * @throws RpcError `invalid-value` with the leaf's path, `resource-denied`
 */
export async function prepareUsers(
  config: ConfigTree,
  before: ConfigTree,
  hash: HashPassword,
): Promise<ConfigTree> {
  const all = userElements(config);
  if (all.length > maxUsers) throw tooMany(`over ${maxUsers} users`);
  const prepared = new Set(userElements(before));
  const users = all.filter((user) => !prepared.has(user));
  for (const user of users) checkUser(user);
  const clear = users.flatMap((user) => {
    const password = clearPassword(leafText(user, 'password') ?? '');
    return password === undefined ? [] : [{ user, password }];
  });
  if (clear.length === 0) return config;
  if (clear.length > maxNewPasswords) throw tooMany(`over ${maxNewPasswords} passwords to be hashed`);
  const hashes = new Map<XmlElement, XmlElement>();
  for (const { user, password } of clear) hashes.set(user, withPassword(user, await hashed(password, hash)));
  return config.map((top) => (isUsers(top) ? withChildren(top, (child) => hashes.get(child) ?? child) : top));
}

function checkUser(user: XmlElement): void {
  const name = leafText(user, 'name') ?? '';
  if (!isUserName(name))
    throw invalidValue('name', `${JSON.stringify(name.slice(0, 80))} cannot be a user's name`, {
      path: '/mup:users/mup:user/mup:name',
      pathPrefixes,
    });
  const keys = leafTexts(user, 'authorized-key');
  if (keys.length > maxKeysPerUser) throw tooMany(`over ${maxKeysPerUser} keys of user ${name}`);
  for (const line of keys) {
    const fault = keyFault(line);
    if (fault !== undefined) throw invalidValue('authorized-key', fault, place(name, 'authorized-key'));
  }
  const fault = passwordFault(leafText(user, 'password'));
  if (fault !== undefined) throw invalidValue('password', fault, place(name, 'password'));
}

/** Never says the password: the error may be logged. */
function passwordFault(text: string | undefined): string | undefined {
  if (text === undefined || parsePassword(text) !== undefined) return undefined;
  const clear = clearPassword(text);
  if (clear === undefined)
    return 'a password is $0$ and the password, to be hashed, or $scrypt$ln=…,r=…,p=…$SALT$HASH';
  try {
    checkNewPassword(clear);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

async function hashed(password: string, hash: HashPassword): Promise<string> {
  try {
    return formatPassword(await hash(password));
  } catch (error) {
    if (error instanceof UnavailableError)
      throw new RpcError('application', 'resource-denied', error.message);
    throw error;
  }
}

function withPassword(user: XmlElement, text: string): XmlElement {
  return withChildren(user, (child) =>
    child.name === 'password' ? element(child.namespace, child.name, text) : child,
  );
}

function withChildren(parent: XmlElement, change: (child: XmlElement) => XmlElement): XmlElement {
  return {
    ...parent,
    children: parent.children.map((child) => (typeof child === 'string' ? child : change(child))),
  };
}

const pathPrefixes = { mup: bridgeNamespace };

/** Names hold no quotes (`isUserName`). */
function place(user: string, name: string): ErrorPlace {
  return { path: `/mup:users/mup:user[mup:name='${user}']/mup:${name}`, pathPrefixes };
}

function tooMany(what: string): RpcError {
  return new RpcError('application', 'resource-denied', `the configuration would have ${what}`);
}
