import { element, type XmlElement } from '../../xml/element.ts';
import type { ConfigTree } from '../datastore/config-view.ts';
import { baseNamespace, bridgeNamespace, nacmNamespace } from '../namespaces.ts';
import { parseAuthorizedKey } from './authorized-key.ts';
import { formatPassword } from './password-text.ts';
import { groupsOf, usersOf } from './user-config.ts';
import { hasKey, type PasswordRecord } from './users.ts';

/** How a user may log in from now on. A password replaces the old one, a key and groups are added. */
export interface UserAddition {
  readonly name: string;
  readonly password?: PasswordRecord;
  /** A line of a `.pub` file. */
  readonly authorizedKey?: string;
  /** Groups of access control. */
  readonly groups?: readonly string[];
}

/**
 * What an edit-config has to merge to add users, or to add to them.
 * @param config the datastore as it is: a key that a user has, whatever its comment, is not added again
 * @throws UsageError `bad-authorized-key`
 */
export function userAdditions(config: ConfigTree, additions: readonly UserAddition[]): XmlElement[] {
  const present = usersOf(config);
  const users = additions.map(({ name, password, authorizedKey }) => {
    const line = authorizedKey?.trim();
    const isNew = line !== undefined && !hasKey(present.get(name), parseAuthorizedKey(line).blob);
    return element(bridgeNamespace, 'user', [
      element(bridgeNamespace, 'name', name),
      password === undefined ? undefined : element(bridgeNamespace, 'password', formatPassword(password)),
      isNew ? element(bridgeNamespace, 'authorized-key', line) : undefined,
    ]);
  });
  const members = additions.flatMap(({ name, groups = [] }) =>
    groups.map((group) => groupElement(group, element(nacmNamespace, 'user-name', name))),
  );
  return [element(bridgeNamespace, 'users', users), ...inGroups(members)];
}

/** What an edit-config has to hold to remove a user, and to take it out of every group. */
export function userRemoval(config: ConfigTree, name: string): XmlElement[] {
  const user = element(bridgeNamespace, 'user', [element(bridgeNamespace, 'name', name)], removing);
  const members = [...groupsOf(config)]
    .filter(([, users]) => users.includes(name))
    .map(([group]) => groupElement(group, element(nacmNamespace, 'user-name', name, removing)));
  return [element(bridgeNamespace, 'users', [user]), ...inGroups(members)];
}

/** RFC 6241 §7.2: no error where there is nothing to remove. */
const removing = [{ name: 'operation', namespace: baseNamespace, value: 'remove' }];

function groupElement(name: string, member: XmlElement): XmlElement {
  return element(nacmNamespace, 'group', [element(nacmNamespace, 'name', name), member]);
}

function inGroups(groups: readonly XmlElement[]): XmlElement[] {
  return groups.length === 0
    ? []
    : [element(nacmNamespace, 'nacm', [element(nacmNamespace, 'groups', groups)])];
}
