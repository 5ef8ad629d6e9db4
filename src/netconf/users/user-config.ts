import { MupError } from '../../base/errors.ts';
import { childElement, childElements, textOf, type XmlElement } from '../../xml/element.ts';
import type { ConfigTree } from '../datastore/config-view.ts';
import { bridgeNamespace, nacmNamespace } from '../namespaces.ts';
import { parseAuthorizedKey } from './authorized-key.ts';
import { parsePassword } from './password-text.ts';
import type { UserRecord } from './users.ts';

/**
 * The users of a configuration, by name: `/mup:users/user`. What of a user cannot be understood does not
 * let that user in.
 */
export function usersOf(config: ConfigTree): ReadonlyMap<string, UserRecord> {
  const users = userElements(config).map((user): UserRecord => {
    const password = parsePassword(leafText(user, 'password') ?? '');
    return {
      name: leafText(user, 'name') ?? '',
      ...(password === undefined ? {} : { password }),
      authorizedKeys: leafTexts(user, 'authorized-key').filter((line) => keyFault(line) === undefined),
    };
  });
  return new Map(users.map((user) => [user.name, user]));
}

/** Names of the users that `after` no longer has. */
export function removedUsers(after: ConfigTree, before: ConfigTree): readonly string[] {
  const left = new Set(userElements(after).map((user) => leafText(user, 'name')));
  return userElements(before)
    .map((user) => leafText(user, 'name') ?? '')
    .filter((name) => !left.has(name));
}

/** The groups of access control, with the users in them (RFC 8341 §3.2.1): `/nacm:nacm/groups/group`. */
export function groupsOf(config: ConfigTree): ReadonlyMap<string, readonly string[]> {
  const groups = config
    .filter(({ name, namespace }) => name === 'nacm' && namespace === nacmNamespace)
    .flatMap((nacm) => {
      const container = childElement(nacm, nacmNamespace, 'groups');
      return container === undefined ? [] : childElements(container);
    });
  return new Map(groups.map((group) => [leafText(group, 'name') ?? '', leafTexts(group, 'user-name')]));
}

/** The entries of `/mup:users/user`. */
export function userElements(config: ConfigTree): XmlElement[] {
  return config
    .filter(isUsers)
    .flatMap((users) => childElements(users).filter(({ name }) => name === 'user'));
}

/** Whether a top-level element is `/mup:users`. */
export function isUsers({ name, namespace }: XmlElement): boolean {
  return name === 'users' && namespace === bridgeNamespace;
}

/** Why a line is no key to log in with, or `undefined`. */
export function keyFault(line: string): string | undefined {
  try {
    parseAuthorizedKey(line);
    return undefined;
  } catch (error) {
    if (error instanceof MupError) return error.message;
    throw error;
  }
}

/** The text of a leaf. */
export function leafText(parent: XmlElement, name: string): string | undefined {
  return leafTexts(parent, name)[0];
}

/** The texts of a leaf-list. */
export function leafTexts(parent: XmlElement, name: string): string[] {
  return childElements(parent)
    .filter((child) => child.name === name)
    .map(textOf);
}
