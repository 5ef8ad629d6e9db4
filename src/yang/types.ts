import { PeerError } from '../base/errors.ts';
import { decimal64Limits, integerLimits, lengthLimits } from './numbers.ts';
import type { IntegerBase, Span, YangType } from './schema.ts';
import type { Scope } from './scope.ts';
import { narrow, spanUnits } from './spans.ts';
import { type Statement, substatement, substatements } from './statement.ts';

/** A type with the default that its typedefs give it (RFC 6020 §7.3.4). */
export interface ResolvedType {
  readonly type: YangType;
  readonly default?: string;
  /** It is, or a member of it is, a reference whose target is not checked. */
  readonly refers?: true;
}

/** Typedefs that refer to one another, unions in unions: more is a cycle. */
const maxDepth = 32;

/** Types whose values are taken as they come: they point at what another part of the server knows. */
const references = new Set(['leafref', 'identityref', 'instance-identifier']);

/**
 * Resolves a `type` statement (RFC 6020 §7.4, §9) down to its built-in type with all restrictions.
 * References (`leafref`, `identityref`, `instance-identifier`) become strings.
 * @throws PeerError `bad-yang`
 */
export function resolveType(type: Statement, scope: Scope, depth = 0): ResolvedType {
  const name = type.argument ?? '';
  if (depth > maxDepth) throw wrong(name, 'it is defined by itself, or nested too deeply');
  const builtIn = builtInType(type, name, scope, depth);
  if (builtIn !== undefined) return { ...builtIn, type: restrict(builtIn.type, type) };
  const { statement: typedef, scope: home } = scope.definition('typedef', name);
  const inner = substatement(typedef, 'type');
  if (inner === undefined) throw wrong(name, 'its typedef has no type');
  const base = resolveType(inner, home, depth + 1);
  const defaultValue = substatement(typedef, 'default')?.argument ?? base.default;
  const restricted = { ...base, type: restrict(base.type, type) };
  return defaultValue === undefined ? restricted : { ...restricted, default: defaultValue };
}

function builtInType(type: Statement, name: string, scope: Scope, depth: number): ResolvedType | undefined {
  if (Object.hasOwn(integerLimits, name)) return { type: { base: name as IntegerBase, ranges: [] } };
  if (references.has(name)) return { type: { base: 'string', lengths: [], patterns: [] }, refers: true };
  switch (name) {
    case 'string':
      return { type: { base: name, lengths: [], patterns: [] } };
    case 'boolean':
    case 'empty':
      return { type: { base: name } };
    case 'binary':
      return { type: { base: name, lengths: [] } };
    case 'decimal64':
      return { type: { base: name, fractionDigits: fractionDigits(type), ranges: [] } };
    case 'enumeration':
      return { type: { base: name, names: uniqueNames(substatements(type, 'enum'), name) } };
    case 'bits':
      return { type: { base: name, names: uniqueNames(byPosition(substatements(type, 'bit')), name) } };
    case 'union':
      return unionType(type, scope, depth);
    default:
      return undefined;
  }
}

function unionType(type: Statement, scope: Scope, depth: number): ResolvedType {
  const resolved = substatements(type, 'type').map((member) => resolveType(member, scope, depth + 1));
  if (resolved.length === 0) throw wrong('union', 'it has no member');
  const union: ResolvedType = { type: { base: 'union', members: resolved.map((member) => member.type) } };
  return resolved.some(({ refers }) => refers) ? { ...union, refers: true } : union;
}

function fractionDigits(type: Statement): number {
  const digits = Number(substatement(type, 'fraction-digits')?.argument);
  if (!Number.isInteger(digits) || digits < 1 || digits > 18)
    throw wrong('decimal64', 'fraction-digits is a number from 1 to 18');
  return digits;
}

function uniqueNames(items: readonly Statement[], type: string): string[] {
  const names = items.map((item) => item.argument ?? '');
  if (names.length === 0) throw wrong(type, 'it has no value');
  if (new Set(names).size < names.length) throw wrong(type, 'a value occurs twice');
  return names;
}

/** §9.7.4.2: a bit without a position follows the highest so far. */
function byPosition(bits: readonly Statement[]): Statement[] {
  let next = 0;
  const placed = bits.map((bit) => {
    const position = Number(substatement(bit, 'position')?.argument ?? next);
    next = Math.max(next, position + 1);
    return { bit, position };
  });
  return placed.sort((a, b) => a.position - b.position).map(({ bit }) => bit);
}

/** Applies the `range`, `length` and `pattern` substatements of a `type` statement. */
function restrict(base: YangType, type: Statement): YangType {
  const range = substatement(type, 'range')?.argument;
  const length = substatement(type, 'length')?.argument;
  const patterns = substatements(type, 'pattern').map((pattern) => pattern.argument ?? '');
  switch (base.base) {
    case 'string':
      return { ...base, lengths: lengths(length, base.lengths), patterns: [...base.patterns, ...patterns] };
    case 'binary':
      return { ...base, lengths: lengths(length, base.lengths) };
    case 'decimal64':
      return range === undefined
        ? base
        : {
            ...base,
            ranges: narrow(
              range,
              spanUnits(base.ranges, decimal64Limits, base.fractionDigits),
              base.fractionDigits,
            ),
          };
    case 'boolean':
    case 'empty':
    case 'enumeration':
    case 'bits':
    case 'union':
      return base;
    default:
      return range === undefined
        ? base
        : { ...base, ranges: narrow(range, spanUnits(base.ranges, integerLimits[base.base], 0), 0) };
  }
}

function lengths(expression: string | undefined, base: readonly Span[]): readonly Span[] {
  return expression === undefined ? base : narrow(expression, spanUnits(base, lengthLimits, 0), 0);
}

function wrong(name: string, reason: string): PeerError {
  return new PeerError('bad-yang', `The type "${name}" is wrong: ${reason}`);
}
