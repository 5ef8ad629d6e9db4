/**
 * The schema of a module as the server needs it to check RPC input and configuration and to filter data:
 * resolved from its statement tree, typedefs and groupings included.
 */

/** What every node below `input`, `output`, a notification or the module itself may say. */
interface NodeProperties {
  readonly name: string;
  /** RFC 6020 §7.19.1: state data, as everything below it. Absent: configuration, where it is data. */
  readonly config?: false;
  /** `nacm:default-deny-write`, `nacm:default-deny-all` (RFC 8341 §3.2.1), inherited from those above. */
  readonly access?: DefaultAccess;
}

/** What access control refuses where no rule matches. */
export type DefaultAccess = 'deny-write' | 'deny-all';

/** How many entries there have to be, and may be (RFC 6020 §7.7.3, §7.7.4). */
interface EntryProperties {
  readonly minElements?: number;
  readonly maxElements?: number;
  /** RFC 6020 §7.7.5: entries keep the order that the client gives them. */
  readonly orderedBy?: 'user';
}

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

export interface LeafNode extends NodeProperties {
  readonly kind: 'leaf';
  readonly type: YangType;
  readonly mandatory: boolean;
  readonly default?: string;
}

export interface LeafListNode extends NodeProperties, EntryProperties {
  readonly kind: 'leaf-list';
  readonly type: YangType;
}

export interface ContainerNode extends NodeProperties {
  readonly kind: 'container';
  /** RFC 6020 §7.5.5: the container means something by itself; its children are asked for only within it. */
  readonly presence?: true;
  readonly children: readonly SchemaNode[];
}

export interface ListNode extends NodeProperties, EntryProperties {
  readonly kind: 'list';
  readonly keys: readonly string[];
  readonly children: readonly SchemaNode[];
}

export interface ChoiceNode extends NodeProperties {
  readonly kind: 'choice';
  readonly mandatory: boolean;
  /** Name of the default case (RFC 6020 §7.9.3). */
  readonly default?: string;
  /** Names of the cases, where there is a default one. */
  readonly caseNames?: readonly string[];
  readonly cases: readonly (readonly SchemaNode[])[];
}

export type SchemaNode = LeafNode | LeafListNode | ContainerNode | ListNode | ChoiceNode;

/** One `rpc` statement. */
export interface RpcSchema {
  readonly name: string;
  readonly input: readonly SchemaNode[];
  readonly output: readonly SchemaNode[];
  readonly access?: DefaultAccess;
}

/** One `notification` statement. */
export interface NotificationSchema {
  readonly name: string;
  readonly children: readonly SchemaNode[];
  readonly access?: DefaultAccess;
}

/** A module as it is served. */
export interface ModuleSchema {
  readonly name: string;
  readonly namespace: string;
  readonly prefix: string;
  /** `YYYY-MM-DD`, the newest. */
  readonly revision: string;
  /** `yang-version` (RFC 6020 §7.1.2, RFC 7950 §7.1.2). Absent: 1. */
  readonly yangVersion?: '1.1';
  readonly rpcs: ReadonlyMap<string, RpcSchema>;
  readonly notifications?: ReadonlyMap<string, NotificationSchema>;
  /** Top-level data nodes. */
  readonly data: readonly SchemaNode[];
}
