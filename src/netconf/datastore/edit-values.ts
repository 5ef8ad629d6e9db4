import { childElements, textOf, type XmlElement } from '../../xml/element.ts';
import type { LeafListNode, LeafNode, ListNode } from '../../yang/schema.ts';
import { checkValue, ValueError } from '../../yang/value-check.ts';
import {
  type ErrorPlace,
  invalidValue,
  missingElement,
  unknownElement,
  unknownNamespace,
} from '../protocol-errors.ts';
import { RpcError } from '../rpc-error.ts';
import { findNode } from '../schema-nodes.ts';
import { misplaced } from './edit-errors.ts';

/** Says where an error is, when there is one: paths of thousands of leaves are not written for nothing. */
export type PlaceOf = () => ErrorPlace;

/** Characters of one value: more than any that a module here has a use for, few enough to match with patterns. */
const maxValueLength = 65_536;

/**
 * The canonical value of a leaf or leaf-list entry (RFC 6020 §9.1).
 * @throws RpcError `invalid-value`, `unknown-element`, `too-big`. Errors are logged: they show nothing of what
 *   `nacm:default-deny-all` (RFC 8341 §3.2.1) guards, passwords above all
 */
export function leafValue(node: LeafNode | LeafListNode, given: XmlElement, place: PlaceOf): string {
  const guarded = node.access === 'deny-all';
  const [child] = childElements(given);
  if (child !== undefined && guarded)
    throw invalidValue(node.name, `<${node.name}> holds elements; a "<" in it is written &lt;`, place());
  if (child !== undefined) throw unknownElement(child, given.name, place());
  const text = textOf(given);
  if (text.length > maxValueLength)
    throw new RpcError(
      'application',
      'too-big',
      `<${node.name}> is over ${maxValueLength} characters`,
      place(),
    );
  try {
    return checkValue(node.type, text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw invalidValue(node.name, `<${node.name}>: ${guarded ? error.reason : error.message}`, place());
  }
}

/**
 * A leaf as it is kept: its value, and what the prefixes in it stand for, where it may be a path
 * (RFC 8341 §9, `node-instance-identifier`).
 */
export function leafElement(node: LeafNode | LeafListNode, given: XmlElement, value: string): XmlElement {
  const { name, namespace } = given;
  const leaf = { name, namespace, attributes: [], children: value === '' ? [] : [value] };
  const scope = node.type.base === 'string' ? usedPrefixes(value, given.scope) : undefined;
  return scope === undefined ? leaf : { ...leaf, scope };
}

const prefixUse = /([A-Za-z_\u00b7-\uffff][-.A-Za-z0-9_\u00b7-\uffff]*):/g;

function usedPrefixes(
  value: string,
  scope: ReadonlyMap<string, string> | undefined,
): ReadonlyMap<string, string> | undefined {
  if (scope === undefined || !value.includes(':')) return undefined;
  const used = new Map<string, string>();
  for (const [, prefix = ''] of value.matchAll(prefixUse)) {
    const namespace = scope.get(prefix);
    if (namespace !== undefined) used.set(prefix, namespace);
  }
  return used.size === 0 ? undefined : used;
}

/** Whether two leaves hold the same. */
export function sameLeaf(one: XmlElement, other: XmlElement): boolean {
  if (textOf(one) !== textOf(other)) return false;
  if (one.scope === other.scope) return true;
  const prefixes = new Set([...(one.scope?.keys() ?? []), ...(other.scope?.keys() ?? [])]);
  return [...prefixes].every((prefix) => one.scope?.get(prefix) === other.scope?.get(prefix));
}

/**
 * The key leaves of a list entry, in the order of the keys, canonical (RFC 6020 §7.8.2).
 * @param place of the list
 * @throws RpcError `missing-element`, `bad-element`, `unknown-namespace`, `invalid-value`
 */
export function keyLeaves(list: ListNode, entry: XmlElement, place: PlaceOf): XmlElement[] {
  const children = childElements(entry);
  return list.keys.map((key) => {
    const [given, second] = children.filter(({ name }) => name === key);
    const node = findNode(list.children, key);
    if (given === undefined || node?.kind !== 'leaf') throw missingElement(key, list.name, place());
    if (given.namespace !== entry.namespace) throw unknownNamespace(given, list.name, place());
    if (second !== undefined) throw misplaced(key, `<${key}> is given twice`, place());
    return leafElement(node, given, leafValue(node, given, place));
  });
}
