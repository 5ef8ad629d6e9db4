import { childElement, childElements, textOf, type XmlElement } from '../../xml/element.ts';
import { instanceIdentifier } from '../data-path.ts';
import type { ConfigTree } from '../datastore/config-view.ts';
import { nacmNamespace } from '../namespaces.ts';
import { invalidValue } from '../protocol-errors.ts';
import type { RpcError } from '../rpc-error.ts';
import { type AccessPath, parseAccessPath } from './access-path.ts';

/** RFC 8341 §9, access-operations-type. */
export type AccessOperation = 'create' | 'read' | 'update' | 'delete' | 'exec';

/** What a rule is about (RFC 8341 §9, choice rule-type); `any`: everything of its module. */
export type RuleTarget =
  | { readonly kind: 'any' }
  | { readonly kind: 'rpc' | 'notification'; readonly name: string }
  | { readonly kind: 'data'; readonly path: AccessPath };

/** One rule (RFC 8341 §3.3.4). */
export interface AccessRule {
  /** Name of a module, or `*`. */
  readonly module: string;
  readonly target: RuleTarget;
  readonly operations: ReadonlySet<string>;
  readonly permit: boolean;
}

/** Rules for the users of some groups, in order (RFC 8341 §3.3.3); the group `*` stands for all groups. */
export interface RuleList {
  readonly groups: ReadonlySet<string>;
  readonly rules: readonly AccessRule[];
}

/** The container `nacm` of a configuration (RFC 8341 §9), its defaults filled in. */
export interface AccessRules {
  readonly enabled: boolean;
  readonly permitRead: boolean;
  readonly permitWrite: boolean;
  readonly permitExec: boolean;
  /** Groups by user. There are no external ones: SSH reports none. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  readonly ruleLists: readonly RuleList[];
}

/** @param config a datastore; what it leaves out has the module's defaults */
export function readAccessRules(config: ConfigTree): AccessRules {
  const nacm = nacmOf(config);
  return {
    enabled: leaf(nacm, 'enable-nacm') !== 'false',
    permitRead: leaf(nacm, 'read-default') !== 'deny',
    permitWrite: leaf(nacm, 'write-default') === 'permit',
    permitExec: leaf(nacm, 'exec-default') !== 'deny',
    groups: groupsByUser(nacm),
    ruleLists: all(nacm, 'rule-list').map((list) => ({
      groups: new Set(all(list, 'group').map(textOf)),
      rules: all(list, 'rule').flatMap((rule) => readRule(rule) ?? []),
    })),
  };
}

/** The element `nacm` of a datastore. */
export function nacmOf(config: ConfigTree): XmlElement | undefined {
  return config.find(({ name, namespace }) => name === 'nacm' && namespace === nacmNamespace);
}

/**
 * Refuses rules whose paths could match nothing.
 * @throws RpcError `invalid-value` with the leaf's path
 */
export function checkAccessRules(config: ConfigTree): void {
  for (const list of all(nacmOf(config), 'rule-list'))
    for (const rule of all(list, 'rule')) {
      const path = all(rule, 'path')[0];
      if (path !== undefined && readPath(path) === undefined) throw unusablePath(list, rule);
    }
}

function readRule(rule: XmlElement): AccessRule | undefined {
  const permit = leaf(rule, 'action') === 'permit';
  const target = targetOf(rule, permit);
  if (target === undefined) return undefined;
  return {
    module: leaf(rule, 'module-name') ?? '*',
    target,
    operations: new Set((leaf(rule, 'access-operations') ?? '*').split(/\s+/)),
    permit,
  };
}

/** A path that cannot be read permits nothing and denies everything. */
function targetOf(rule: XmlElement, permit: boolean): RuleTarget | undefined {
  const rpc = leaf(rule, 'rpc-name');
  if (rpc !== undefined) return { kind: 'rpc', name: rpc };
  const notification = leaf(rule, 'notification-name');
  if (notification !== undefined) return { kind: 'notification', name: notification };
  const given = all(rule, 'path')[0];
  if (given === undefined) return { kind: 'any' };
  const path = readPath(given);
  if (path !== undefined) return { kind: 'data', path };
  return permit ? undefined : { kind: 'data', path: [] };
}

function readPath(path: XmlElement): AccessPath | undefined {
  return parseAccessPath(textOf(path).trim(), path.scope ?? new Map());
}

function groupsByUser(nacm: XmlElement | undefined): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const container of all(nacm, 'groups'))
    for (const group of all(container, 'group'))
      for (const user of all(group, 'user-name').map(textOf)) {
        const known = groups.get(user) ?? new Set();
        groups.set(user, known.add(leaf(group, 'name') ?? ''));
      }
  return groups;
}

function all(parent: XmlElement | undefined, name: string): XmlElement[] {
  return parent === undefined
    ? []
    : childElements(parent).filter((child) => child.name === name && child.namespace === nacmNamespace);
}

function leaf(parent: XmlElement | undefined, name: string): string | undefined {
  const found = parent === undefined ? undefined : childElement(parent, nacmNamespace, name);
  // Rules may come from a file that people write.
  return found === undefined ? undefined : textOf(found).trim();
}

function unusablePath(list: XmlElement, rule: XmlElement): RpcError {
  const named = (node: XmlElement) => ({
    namespace: nacmNamespace,
    name: node.name,
    keys: { name: leaf(node, 'name') ?? '' },
  });
  const step = (name: string) => ({ namespace: nacmNamespace, name });
  const place = instanceIdentifier([step('nacm'), named(list), named(rule), step('path')], () => 'nacm');
  const message =
    "<path> is no node-instance-identifier: /prefix:node[prefix:key='value']/…, its prefixes declared";
  return invalidValue('path', message, place);
}
