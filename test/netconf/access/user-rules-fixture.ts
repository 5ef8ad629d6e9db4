import { readAccessRules } from '../../../src/netconf/access/access-rules.ts';
import { UserRules } from '../../../src/netconf/access/user-rules.ts';
import { baseNamespace, monitoringNamespace } from '../../../src/netconf/namespaces.ts';
import type { XmlElement } from '../../../src/xml/element.ts';
import type { ModuleSchema } from '../../../src/yang/schema.ts';
import { acme, acmeSchema, nacm } from '../access-fixture.ts';
import { parse } from '../protocol-fixture.ts';

const module = (name: string, namespace: string): ModuleSchema => ({
  ...acmeSchema,
  name,
  namespace,
  rpcs: new Map(),
  notifications: new Map(),
  data: [],
});

const modules = new Map(
  [
    acmeSchema,
    module('ietf-netconf', baseNamespace),
    module('ietf-netconf-monitoring', monitoringNamespace),
  ].map((schema) => [schema.namespace, schema]),
);

/** What a user may do where this stands in `<nacm>`. */
export function user(name: string, content: string): UserRules {
  return new UserRules(readAccessRules(nacm(content)), name, (namespace) => modules.get(namespace));
}

const data = (content: string): XmlElement => parse(`<data xmlns="${acme}">${content}</data>`);
export const tops = (content: string): readonly XmlElement[] =>
  data(content).children as readonly XmlElement[];

export const path = (text: string): string => `<path xmlns:acme="${acme}">${text}</path>`;

export const interfaces = tops(
  '<interfaces><interface><name>dummy</name><mtu>1500</mtu></interface>' +
    '<interface><name>eth0</name><mtu>9000</mtu></interface></interfaces>',
);

/** Names of the interfaces that are left. */
export function names(elements: readonly XmlElement[]): (string | undefined)[] {
  const found: string[] = [];
  const visit = (node: XmlElement): void => {
    for (const child of node.children)
      if (typeof child !== 'string') {
        if (child.name === 'name') found.push(child.children.join(''));
        visit(child);
      }
  };
  elements.forEach(visit);
  return found;
}
