import type { XmlElement } from '../../xml/element.ts';
import type { LeafListNode, ListNode, YangType } from '../../yang/schema.ts';
import { checkValue, ValueError } from '../../yang/value-check.ts';
import type { ErrorPlace } from '../protocol-errors.ts';
import type { RpcError } from '../rpc-error.ts';
import { findNode } from '../schema-nodes.ts';
import { keyIdentity } from './config-schema.ts';
import type { Insert } from './edit-attributes.ts';
import type { Entries, Place } from './edit-entries.ts';
import { attributeFault } from './edit-errors.ts';
import type { PlaceOf } from './edit-values.ts';

/**
 * Where `insert` puts an entry (RFC 6020 §7.7.7, §7.8.6).
 * @param identity of the entry itself
 * @param entries those that are there
 * @throws RpcError `missing-attribute`, `bad-attribute` (app-tag `missing-instance`, RFC 6020 §13.8)
 */
export function insertPlace(
  node: ListNode | LeafListNode,
  {
    insert,
    given,
    identity,
  }: { readonly insert: Insert; readonly given: XmlElement; readonly identity: string },
  entries: Entries,
  placeOf: PlaceOf,
): Place {
  const { where } = insert;
  if (node.orderedBy !== 'user')
    throw attributeFault(
      'bad-attribute',
      'insert',
      node.name,
      'is for what is ordered by the user',
      placeOf(),
    );
  if (where === 'first' || where === 'last') return where;
  const attribute = node.kind === 'list' ? 'key' : 'value';
  const text = insert[attribute];
  if (text === undefined)
    throw attributeFault('missing-attribute', attribute, node.name, `goes with insert="${where}"`, placeOf());
  const neighbour = node.kind === 'list' ? keyedIdentity(node, given, text) : canonical(node.type, text);
  if (neighbour === undefined || neighbour === identity || entries.get(neighbour) === undefined)
    throw missingInstance(attribute, node.name, placeOf());
  return where === 'before' ? { before: neighbour } : { after: neighbour };
}

function missingInstance(attribute: string, name: string, place: ErrorPlace): RpcError {
  return attributeFault('bad-attribute', attribute, name, 'names no other entry that is there', {
    ...place,
    appTag: 'missing-instance',
  });
}

const predicate = /\[\s*(?:([^\s:=[\]'"]+):)?([^\s:=[\]'"]+)\s*=\s*(?:'([^']*)'|"([^"]*)")\s*\]/y;

/** Reads `[prefix:key='value']…`, one for each key in any order; its prefixes are those of the element. */
function keyedIdentity(list: ListNode, given: XmlElement, text: string): string | undefined {
  const values = new Map<string, string>();
  const trimmed = text.trim();
  for (predicate.lastIndex = 0; predicate.lastIndex < trimmed.length; ) {
    const found = predicate.exec(trimmed);
    if (found === null) return undefined;
    const [, prefix, key = '', single, double = ''] = found;
    if (prefix !== undefined && given.scope?.get(prefix) !== given.namespace) return undefined;
    const node = findNode(list.children, key);
    const value = node?.kind === 'leaf' ? canonical(node.type, single ?? double) : undefined;
    if (value === undefined || values.has(key)) return undefined;
    values.set(key, value);
  }
  const keys = list.keys.map((key) => values.get(key));
  return values.size === keys.length && keys.every((key) => key !== undefined)
    ? keyIdentity(keys)
    : undefined;
}

function canonical(type: YangType, text: string): string | undefined {
  try {
    return checkValue(type, text);
  } catch (error) {
    if (error instanceof ValueError) return undefined;
    throw error;
  }
}
