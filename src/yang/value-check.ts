import { clipped } from '../base/clipped.ts';
import { PeerError } from '../base/errors.ts';
import { decimal64Limits, integerLimits, textOfUnits, unitsOf, within, withinSpans } from './numbers.ts';
import { compilePattern } from './pattern.ts';
import type { IntegerBase, Span, YangType } from './schema.ts';

/** A value outside its type; the message says what the type allows. Code `invalid-value`. */
export class ValueError extends PeerError {
  /** What the type allows, without the value. */
  readonly reason: string;

  constructor(text: string, reason: string) {
    super('invalid-value', `${JSON.stringify(clipped(text, 60))} is not valid: ${reason}`);
    this.reason = reason;
  }
}

type TypeOf<Base extends YangType['base']> = Extract<YangType, { base: Base }>;

/** Names of an enumeration or bits type that an error message lists. */
const maxListedNames = 20;

/** RFC 6020 §9.4: what a string may hold, which is what XML can carry. */
const illegalCharacter = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/**
 * Checks the lexical form of a value (RFC 6020 §9) against a resolved type.
 * @returns the value in its canonical form; base64 without white space
 * @throws ValueError `invalid-value`, whose message says what is allowed
 */
export function checkValue(type: YangType, text: string): string {
  switch (type.base) {
    case 'string':
      return checkString(type, text);
    case 'decimal64':
      return checkDecimal(type, text);
    case 'boolean':
      if (text === 'true' || text === 'false') return text;
      throw new ValueError(text, 'expected true or false');
    case 'empty':
      if (text === '') return text;
      throw new ValueError(text, 'expected an empty element');
    case 'binary':
      return checkBinary(type, text);
    case 'enumeration':
      if (type.names.includes(text)) return text;
      throw new ValueError(text, `expected one of ${listed(type.names)}`);
    case 'bits':
      return checkBits(type, text);
    case 'union':
      return checkUnion(type, text);
    default:
      return checkInteger(type, text);
  }
}

/** §9.4: length in characters, then every pattern. */
function checkString(type: TypeOf<'string'>, text: string): string {
  if (illegalCharacter.test(text)) throw new ValueError(text, 'it holds a character that XML cannot carry');
  checkLength(type.lengths, text, countCharacters, 'characters');
  for (const pattern of type.patterns) {
    const matches = compilePattern(pattern).matches(text);
    if (matches === undefined) throw new ValueError(text, 'it is too long to be matched with its pattern');
    if (!matches) throw new ValueError(text, `expected a text that matches the pattern ${pattern}`);
  }
  return text;
}

function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function checkLength(
  lengths: readonly Span[],
  text: string,
  measure: (text: string) => number,
  unit: string,
): void {
  if (lengths.length === 0) return;
  const length = measure(text);
  if (lengths.some(({ low, high }) => Number(low) <= length && length <= Number(high))) return;
  throw new ValueError(text, `expected ${spansText(lengths)} ${unit}, not ${length}`);
}

/** §9.2.1; hexadecimal and octal forms are for defaults in modules only. */
function checkInteger(type: TypeOf<IntegerBase>, text: string): string {
  const units = text.includes('.') ? undefined : unitsOf(text, 0);
  if (units !== undefined && within(units, integerLimits[type.base]) && withinSpans(units, type.ranges, 0))
    return textOfUnits(units, 0);
  const { low, high } = integerLimits[type.base];
  const allowed = type.ranges.length > 0 ? type.ranges : [{ low: low.toString(), high: high.toString() }];
  throw new ValueError(text, `expected a whole number ${spansText(allowed)}`);
}

/** §9.3.1 */
function checkDecimal(type: TypeOf<'decimal64'>, text: string): string {
  const units = unitsOf(text, type.fractionDigits);
  if (
    units !== undefined &&
    within(units, decimal64Limits) &&
    withinSpans(units, type.ranges, type.fractionDigits)
  )
    return textOfUnits(units, type.fractionDigits);
  const limits = {
    low: textOfUnits(decimal64Limits.low, type.fractionDigits),
    high: textOfUnits(decimal64Limits.high, type.fractionDigits),
  };
  const allowed = spansText(type.ranges.length > 0 ? type.ranges : [limits]);
  throw new ValueError(
    text,
    `expected a number ${allowed} with at most ${type.fractionDigits} fraction digits`,
  );
}

/** §9.8.2: base64 of RFC 4648 §4; white space comes from clients that fold lines. */
function checkBinary(type: TypeOf<'binary'>, text: string): string {
  const base64 = text.replace(/[\t\n\r ]/g, '');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || !paddingIsZero(base64))
    throw new ValueError(text, 'expected base64 (RFC 4648 section 4) with padding');
  checkLength(type.lengths, base64, octetsOfBase64, 'octets');
  return base64;
}

function octetsOfBase64(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

/** RFC 4648 §3.5: bits behind the last octet are zero, so that every value has one form. */
function paddingIsZero(base64: string): boolean {
  if (base64.endsWith('==')) return /[AQgw]==$/.test(base64.slice(-4));
  return !base64.endsWith('=') || /[AEIMQUYcgkosw048]=$/.test(base64.slice(-4));
}

/** §9.7.2: names in the order of their positions, once each. */
function checkBits(type: TypeOf<'bits'>, text: string): string {
  const given = text.split(/[\t\n\r ]+/).filter((name) => name !== '');
  const set = new Set(given);
  if (set.size !== given.length || given.some((name) => !type.names.includes(name)))
    throw new ValueError(text, `expected any of ${listed(type.names)}, once each, separated by blanks`);
  return type.names.filter((name) => set.has(name)).join(' ');
}

/** §9.12: the first member that takes the value. */
function checkUnion(type: TypeOf<'union'>, text: string): string {
  const reasons: string[] = [];
  for (const member of type.members) {
    try {
      return checkValue(member, text);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      reasons.push(error.reason);
    }
  }
  throw new ValueError(text, [...new Set(reasons)].join(', or '));
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, maxListedNames).map((name) => JSON.stringify(name));
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

function spansText(spans: readonly Span[]): string {
  return spans.map(({ low, high }) => (low === high ? low : `${low} to ${high}`)).join(' or ');
}
