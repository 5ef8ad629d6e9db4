import { decimal64Limits, integerLimits, lengthLimits, type Units } from './numbers.ts';
import type { YangType } from './schema.ts';
import { Scope } from './scope.ts';
import { spanUnits } from './spans.ts';
import { type Statement, substatement, substatements } from './statement.ts';
import { resolveType } from './types.ts';

/** How a part of a definition changed, and whether RFC 7950 §11 allows that. */
export interface PartChange {
  /** A phrase: `range 5 .. 30 becomes 5 .. 35`. */
  readonly what: string;
  readonly allowed: boolean;
}

/**
 * What differs between the `type` statements of one leaf, as RFC 7950 §11 sees it: what is allowed may grow,
 * and never shrink or become something else.
 * @param isNumbered whether the order of an enumeration counts, which gives its values their numbers
 */
export function typeChanges(before: Statement, after: Statement, isNumbered = true): PartChange[] {
  if (before.argument !== after.argument)
    return [{ what: `type ${before.argument} becomes ${after.argument}`, allowed: false }];
  const [old, now] = [resolved(before), resolved(after)];
  if (old === undefined || now === undefined) return [];
  return [
    ...enumChanges(before, after, isNumbered),
    ...digitChanges(before, after),
    ...restrictionChanges('range', before, after, spansGrow(old, now)),
    ...restrictionChanges('length', before, after, spansGrow(old, now)),
    ...patternChanges(before, after),
  ];
}

/** `undefined` for the typedefs of generated modules, which never change. */
function resolved(type: Statement): YangType | undefined {
  if (!builtInTypes.has(type.argument ?? '')) return undefined;
  return resolveType(type, new Scope(type, () => undefined)).type;
}

const builtInTypes = new Set([
  ...Object.keys(integerLimits),
  'decimal64',
  'string',
  'boolean',
  'binary',
  'enumeration',
]);

/** Enums may be added behind the others, so that these keep their numbers (RFC 7950 §9.6.4.2). */
function enumChanges(before: Statement, after: Statement, isNumbered: boolean): PartChange[] {
  const [old, now] = [names(before), names(after)];
  const removed = old.filter((name) => !now.includes(name));
  const added = now.filter((name) => !old.includes(name));
  const kept = now.filter((name) => old.includes(name));
  const stand = kept.every((name, i) => name === now[i] && name === old[i]);
  return [
    ...(removed.length === 0 ? [] : [{ what: `no longer ${removed.join(', ')}`, allowed: false }]),
    ...(added.length === 0 ? [] : [{ what: `new value ${added.join(', ')}`, allowed: true }]),
    ...(stand || removed.length > 0 || !isNumbered
      ? []
      : [{ what: 'its values stand in another order, and so have other numbers', allowed: false }]),
  ];
}

function names(type: Statement): string[] {
  return substatements(type, 'enum').map(({ argument = '' }) => argument);
}

function digitChanges(before: Statement, after: Statement): PartChange[] {
  const [old, now] = [before, after].map((type) => substatement(type, 'fraction-digits')?.argument);
  return old === now ? [] : [{ what: `${old} fraction digits become ${now}`, allowed: false }];
}

function restrictionChanges(
  keyword: 'range' | 'length',
  before: Statement,
  after: Statement,
  grows: boolean,
): PartChange[] {
  const [old, now] = [before, after].map((type) => substatement(type, keyword)?.argument);
  if (old === now) return [];
  return [
    { what: `${keyword} ${old ?? 'of the type'} becomes ${now ?? 'that of the type'}`, allowed: grows },
  ];
}

/** Whether a pattern allows more than another cannot be told; none at all does. */
function patternChanges(before: Statement, after: Statement): PartChange[] {
  const [old, now] = [before, after].map((type) => substatements(type, 'pattern').map((one) => one.argument));
  const removed = old?.filter((pattern) => !now?.includes(pattern)) ?? [];
  const added = now?.filter((pattern) => !old?.includes(pattern)) ?? [];
  return [
    ...added.map((pattern) => ({ what: `new pattern ${pattern}`, allowed: false })),
    ...removed.map((pattern) => ({ what: `no longer the pattern ${pattern}`, allowed: true })),
  ];
}

/** Whether all that was in a range or length still is. */
function spansGrow(before: YangType, after: YangType): boolean {
  const [old, now] = [unitsOf(before), unitsOf(after)];
  return old.every(({ low, high }) => now.some((span) => span.low <= low && high <= span.high));
}

function unitsOf(type: YangType): readonly Units[] {
  switch (type.base) {
    case 'string':
    case 'binary':
      return spanUnits(type.lengths, lengthLimits, 0);
    case 'decimal64':
      return spanUnits(type.ranges, decimal64Limits, type.fractionDigits);
    case 'boolean':
    case 'empty':
    case 'enumeration':
    case 'bits':
    case 'union':
      return [];
    default:
      return spanUnits(type.ranges, integerLimits[type.base], 0);
  }
}
