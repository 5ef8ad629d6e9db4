import { nacmNamespace } from '../netconf/namespaces.ts';
import { element, type XmlElement } from '../xml/element.ts';

/** The rules of the first start: the group `admin`, which may do everything (RFC 8341). */
export function adminRules(users: readonly string[]): XmlElement {
  const nacm = (name: string, children: readonly XmlElement[] | string): XmlElement =>
    element(nacmNamespace, name, children);
  return nacm('nacm', [
    nacm('groups', [nacm('group', [nacm('name', 'admin'), ...users.map((user) => nacm('user-name', user))])]),
    nacm('rule-list', [
      nacm('name', 'admin'),
      nacm('group', 'admin'),
      nacm('rule', [
        nacm('name', 'everything'),
        nacm('module-name', '*'),
        nacm('access-operations', '*'),
        nacm('action', 'permit'),
      ]),
    ]),
  ]);
}
