/** The tree of an XPath 1.0 expression, prefixes resolved and functions known. */

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | Negation
  | Chain
  | { readonly kind: 'union'; readonly parts: readonly Expression[] }
  | FunctionCall
  | FilterExpression
  | PathExpression;

/** §3.5: an even number of minus signs still makes a number. */
export interface Negation {
  readonly kind: 'negation';
  readonly odd: boolean;
  readonly operand: Expression;
}

/** Operators of one precedence, from the left; flat, so that a long one is not deep. */
export interface Chain {
  readonly kind: 'chain';
  readonly first: Expression;
  readonly rest: readonly { readonly operator: Operator; readonly operand: Expression }[];
}

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type Operator = 'or' | 'and' | Comparison | '+' | '-' | '*' | 'div' | 'mod';

/** §3.2. */
export interface FunctionCall {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expression[];
}

/** §3.3: a primary expression with predicates. */
export interface FilterExpression {
  readonly kind: 'filter';
  readonly primary: Expression;
  readonly predicates: readonly Predicate[];
}

/** §2. */
export interface PathExpression {
  readonly kind: 'path';
  readonly start: 'root' | 'context' | Expression;
  readonly steps: readonly Step[];
}

/** §2.1. */
export interface Step {
  readonly axis: Axis;
  readonly test: NodeTest;
  readonly predicates: readonly Predicate[];
}

/** §2.4. */
export interface Predicate {
  readonly expression: Expression;
  /** Its truth may depend on which other nodes are there. */
  readonly positional: boolean;
}

/** §2.3. `namespace` is absent where a node of any will do. */
export type NodeTest =
  | { readonly kind: 'name'; readonly namespace?: string; readonly name: string }
  | { readonly kind: 'any'; readonly namespace?: string }
  | { readonly kind: 'type'; readonly type: NodeType };

export type NodeType = 'node' | 'text' | 'comment' | 'processing-instruction';

/** §2.2. */
export const axes = [
  'ancestor',
  'ancestor-or-self',
  'attribute',
  'child',
  'descendant',
  'descendant-or-self',
  'following',
  'following-sibling',
  'namespace',
  'parent',
  'preceding',
  'preceding-sibling',
  'self',
] as const;
export type Axis = (typeof axes)[number];

export const anyNode: NodeTest = { kind: 'type', type: 'node' };
