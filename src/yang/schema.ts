/**
 * The schema of a module as the server needs it to check RPC input: resolved from its statement tree,
 * typedefs and groupings included.
 */

/**
 * A resolved type (RFC 6020 §9). Ranges and lengths are lists of inclusive parts in ascending order, as
 * canonical decimal texts; an empty list allows all that the built-in type allows.
 */
export type YangType =
  | { readonly base: 'string'; readonly lengths: readonly Span[]; readonly patterns: readonly string[] }
  | { readonly base: IntegerBase; readonly ranges: readonly Span[] }
  | { readonly base: 'decimal64'; readonly fractionDigits: number; readonly ranges: readonly Span[] }
  | { readonly base: 'boolean' | 'empty' }
  | { readonly base: 'binary'; readonly lengths: readonly Span[] }
  | { readonly base: 'enumeration'; readonly names: readonly string[] }
  | { readonly base: 'bits'; readonly names: readonly string[] }
  | { readonly base: 'union'; readonly members: readonly YangType[] };

export type IntegerBase = 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64';

/** One part of a range or length, both ends included. */
export interface Span {
  readonly low: string;
  readonly high: string;
}

export interface LeafNode {
  readonly kind: 'leaf';
  readonly name: string;
  readonly type: YangType;
  readonly mandatory: boolean;
  readonly default?: string;
}

export interface LeafListNode {
  readonly kind: 'leaf-list';
  readonly name: string;
  readonly type: YangType;
}

export interface ContainerNode {
  readonly kind: 'container';
  readonly name: string;
  /** RFC 6020 §7.5.5: the container means something by itself; its children are asked for only within it. */
  readonly presence?: true;
  readonly children: readonly SchemaNode[];
}

export interface ListNode {
  readonly kind: 'list';
  readonly name: string;
  readonly keys: readonly string[];
  readonly children: readonly SchemaNode[];
}

export interface ChoiceNode {
  readonly kind: 'choice';
  readonly name: string;
  readonly mandatory: boolean;
  readonly cases: readonly (readonly SchemaNode[])[];
}

export type SchemaNode = LeafNode | LeafListNode | ContainerNode | ListNode | ChoiceNode;

/** One `rpc` statement. */
export interface RpcSchema {
  readonly name: string;
  readonly input: readonly SchemaNode[];
  readonly output: readonly SchemaNode[];
}

/** A module as it is served. */
export interface ModuleSchema {
  readonly name: string;
  readonly namespace: string;
  readonly prefix: string;
  /** `YYYY-MM-DD`, the newest. */
  readonly revision: string;
  readonly rpcs: ReadonlyMap<string, RpcSchema>;
  /** Top-level data nodes. */
  readonly data: readonly SchemaNode[];
}
