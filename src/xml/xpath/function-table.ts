/** What a function returns; an expression of no known function returns a node-set. */
export type ValueType = 'node-set' | 'string' | 'number' | 'boolean';

export interface FunctionSignature {
  readonly min: number;
  readonly max: number;
  readonly returns: ValueType;
  /** Without an argument it takes the context node. */
  readonly ofContext?: true;
}

/** The core function library (XPath 1.0 §4), and `current()`, which here is the root. */
export const functionTable: ReadonlyMap<string, FunctionSignature> = new Map<string, FunctionSignature>([
  ['last', { min: 0, max: 0, returns: 'number' }],
  ['position', { min: 0, max: 0, returns: 'number' }],
  ['count', { min: 1, max: 1, returns: 'number' }],
  ['id', { min: 1, max: 1, returns: 'node-set' }],
  ['current', { min: 0, max: 0, returns: 'node-set' }],
  ['local-name', { min: 0, max: 1, returns: 'string', ofContext: true }],
  ['namespace-uri', { min: 0, max: 1, returns: 'string', ofContext: true }],
  ['name', { min: 0, max: 1, returns: 'string', ofContext: true }],
  ['string', { min: 0, max: 1, returns: 'string', ofContext: true }],
  ['concat', { min: 2, max: Number.POSITIVE_INFINITY, returns: 'string' }],
  ['starts-with', { min: 2, max: 2, returns: 'boolean' }],
  ['contains', { min: 2, max: 2, returns: 'boolean' }],
  ['substring-before', { min: 2, max: 2, returns: 'string' }],
  ['substring-after', { min: 2, max: 2, returns: 'string' }],
  ['substring', { min: 2, max: 3, returns: 'string' }],
  ['string-length', { min: 0, max: 1, returns: 'number', ofContext: true }],
  ['normalize-space', { min: 0, max: 1, returns: 'string', ofContext: true }],
  ['translate', { min: 3, max: 3, returns: 'string' }],
  ['boolean', { min: 1, max: 1, returns: 'boolean' }],
  ['not', { min: 1, max: 1, returns: 'boolean' }],
  ['true', { min: 0, max: 0, returns: 'boolean' }],
  ['false', { min: 0, max: 0, returns: 'boolean' }],
  ['lang', { min: 1, max: 1, returns: 'boolean' }],
  ['number', { min: 0, max: 1, returns: 'number', ofContext: true }],
  ['sum', { min: 1, max: 1, returns: 'number' }],
  ['floor', { min: 1, max: 1, returns: 'number' }],
  ['ceiling', { min: 1, max: 1, returns: 'number' }],
  ['round', { min: 1, max: 1, returns: 'number' }],
]);
