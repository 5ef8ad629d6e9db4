import type { ContainerNode, LeafNode, ListNode, SchemaNode } from '../yang/schema.ts';

const state = { config: false } as const;

const text = { base: 'string', lengths: [], patterns: [] } as const;

function leaf(name: string): LeafNode {
  return { kind: 'leaf', ...state, name, type: text, mandatory: false };
}

function holderOf(list: ListNode): ContainerNode {
  return { kind: 'container', ...state, name: `${list.name}s`, children: [list] };
}

function list(name: string, keys: readonly string[]): ListNode {
  return { kind: 'list', ...state, name, keys, children: keys.map(leaf) };
}

/**
 * The lists of `netconf-state` with their keys (RFC 6022 §5), for subtree filters: the server serves this
 * data itself, whether or not the backend holds the module.
 */
export const monitoringData: readonly SchemaNode[] = [
  {
    kind: 'container',
    ...state,
    name: 'netconf-state',
    children: [
      holderOf(list('datastore', ['name'])),
      holderOf(list('schema', ['identifier', 'version', 'format'])),
      holderOf(list('session', ['session-id'])),
    ],
  },
];
