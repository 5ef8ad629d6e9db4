import type { ConfigTree } from '../../src/netconf/datastore/config-view.ts';
import { bridgeNamespace, nacmNamespace } from '../../src/netconf/namespaces.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';

/** One `user` with these leaves, in the order given. */
export function userElement(...leaves: readonly (readonly [name: string, text: string])[]): XmlElement {
  return element(
    bridgeNamespace,
    'user',
    leaves.map(([name, text]) => element(bridgeNamespace, name, text)),
  );
}

/** A configuration with these users. */
export function usersConfig(...users: readonly XmlElement[]): ConfigTree {
  return [element(bridgeNamespace, 'users', users)];
}

/** A configuration with these groups of access control. */
export function groupsConfig(groups: Readonly<Record<string, readonly string[]>>): ConfigTree {
  const nacm = (name: string, children: readonly XmlElement[] | string): XmlElement =>
    element(nacmNamespace, name, children);
  const entries = Object.entries(groups).map(([name, users]) =>
    nacm('group', [nacm('name', name), ...users.map((user) => nacm('user-name', user))]),
  );
  return [nacm('nacm', [nacm('groups', entries)])];
}
