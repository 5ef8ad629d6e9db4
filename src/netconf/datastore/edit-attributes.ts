import type { XmlAttribute, XmlElement } from '../../xml/element.ts';
import { baseNamespace } from '../namespaces.ts';
import { attributeFault } from './edit-errors.ts';

/** The `operation` attribute (RFC 6241 §7.2); `none` is only ever inherited. */
export type EditOperation = 'merge' | 'replace' | 'create' | 'delete' | 'remove' | 'none';

/** `insert` and what it refers to (RFC 6020 §7.7.7, §7.8.6). */
export interface Insert {
  readonly where: 'first' | 'last' | 'before' | 'after';
  /** The attribute `key`: predicates of the neighbour's keys. */
  readonly key?: string;
  /** The attribute `value`: that of the neighbour in a leaf-list. */
  readonly value?: string;
}

/** What the attributes of a node in an edit say. */
export interface EditAttributes {
  readonly operation?: EditOperation;
  readonly insert?: Insert;
  /** RFC 6243 §4.5.2: the node is to have its schema's default, as though it had never been set. */
  readonly isDefault?: true;
}

/** RFC 6020 §5.3.1: attributes for the NETCONF operations. */
const yangNamespace = 'urn:ietf:params:xml:ns:yang:1';

/** RFC 6243 §6: the attribute `default`. */
export const defaultAttributeNamespace = 'urn:ietf:params:xml:ns:netconf:default:1.0';

const operations: readonly EditOperation[] = ['merge', 'replace', 'create', 'delete', 'remove'];
const places: readonly Insert['where'][] = ['first', 'last', 'before', 'after'];
const noAttributes: EditAttributes = {};

/**
 * Attributes without a meaning are refused: `operation="delete"` without the prefix that it needs would
 * otherwise merge what was to be deleted.
 * @throws RpcError `unknown-attribute`, `bad-attribute`, `missing-attribute`
 */
export function editAttributes(node: XmlElement): EditAttributes {
  if (node.attributes.length === 0) return noAttributes;
  let operation: EditOperation | undefined;
  let isDefault = false;
  const ordering = new Map<string, string>();
  for (const attribute of node.attributes) {
    const { name, namespace, value } = attribute;
    if (namespace === baseNamespace && name === 'operation') operation = operationOf(node, value);
    else if (namespace === yangNamespace && ['insert', 'key', 'value'].includes(name))
      ordering.set(name, value);
    else if (namespace === defaultAttributeNamespace && name === 'default') isDefault = flag(node, value);
    else throw unknownAttribute(node, attribute);
  }
  const insert = insertOf(node, ordering);
  return {
    ...(operation === undefined ? {} : { operation }),
    ...(insert === undefined ? {} : { insert }),
    ...(isDefault ? { isDefault } : {}),
  };
}

/**
 * For a whole configuration, in which nothing is edited.
 * @throws RpcError `unknown-attribute`, `bad-attribute`
 */
export function plainAttributes(node: XmlElement): EditAttributes {
  const edit = node.attributes.find(({ namespace }) => namespace !== defaultAttributeNamespace);
  if (edit !== undefined) throw unknownAttribute(node, edit);
  return editAttributes(node);
}

function operationOf({ name }: XmlElement, value: string): EditOperation {
  const operation = operations.find((one) => one === value);
  if (operation !== undefined) return operation;
  throw attributeFault('bad-attribute', 'operation', name, `is one of ${operations.join(', ')}`);
}

function insertOf({ name }: XmlElement, given: ReadonlyMap<string, string>): Insert | undefined {
  const insert = given.get('insert');
  const [other] = given.keys();
  if (insert === undefined && other !== undefined)
    throw attributeFault('missing-attribute', 'insert', name, `has to be there where ${other} is`);
  if (insert === undefined) return undefined;
  const where = places.find((one) => one === insert);
  if (where === undefined)
    throw attributeFault('bad-attribute', 'insert', name, `is one of ${places.join(', ')}`);
  const key = given.get('key');
  const value = given.get('value');
  return { where, ...(key === undefined ? {} : { key }), ...(value === undefined ? {} : { value }) };
}

/** An XSD boolean. */
function flag({ name }: XmlElement, value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw attributeFault('bad-attribute', 'default', name, 'is true or false');
}

function unknownAttribute({ name: holder }: XmlElement, { name, namespace }: XmlAttribute): Error {
  const where = namespace === '' ? 'no namespace' : `the namespace ${JSON.stringify(namespace)}`;
  return attributeFault('unknown-attribute', name, holder, `, of ${where}, means nothing here`);
}
