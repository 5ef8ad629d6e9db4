import type { Datatype } from '../base/description.ts';
import { type Decimal, parseDecimal } from './decimal.ts';

/** What each data type is, and which restrictions apply to it (XSD 1.1 part 2 §4.3, RFC 6020 §9). */
export type Family = 'number' | 'string' | 'binary' | 'other';

const integers: Readonly<Partial<Record<Datatype, readonly [low: string, high: string]>>> = {
  byte: ['-128', '127'],
  short: ['-32768', '32767'],
  int: ['-2147483648', '2147483647'],
  long: ['-9223372036854775808', '9223372036854775807'],
  unsignedByte: ['0', '255'],
  unsignedShort: ['0', '65535'],
  unsignedInt: ['0', '4294967295'],
  unsignedLong: ['0', '18446744073709551615'],
};

/** XSD types that are read as one of ours. */
const synonyms: Readonly<Record<string, Datatype>> = {
  float: 'double',
  integer: 'long',
  nonNegativeInteger: 'unsignedLong',
  normalizedString: 'string',
  token: 'string',
  dateTimeStamp: 'dateTime',
};

/** Our name of an XSD type, or `undefined` for one that no field may have. */
export function knownDatatype(name: string, datatypes: readonly Datatype[]): Datatype | undefined {
  return (
    datatypes.find((one) => one === name) ?? (Object.hasOwn(synonyms, name) ? synonyms[name] : undefined)
  );
}

export function familyOf(datatype: Datatype): Family {
  if (datatype === 'decimal' || datatype === 'double' || isInteger(datatype)) return 'number';
  if (datatype === 'hexBinary' || datatype === 'base64Binary') return 'binary';
  return datatype === 'string' || datatype === 'anyURI' ? 'string' : 'other';
}

export function isInteger(datatype: Datatype): boolean {
  return integers[datatype] !== undefined;
}

/** The smallest and largest value of an integer type. */
export function integerRange(datatype: Datatype): readonly [low: Decimal, high: Decimal] | undefined {
  const [low, high] = (integers[datatype] ?? []).map((text) => parseDecimal(text));
  return low === undefined || high === undefined ? undefined : [low, high];
}

const maxPatternLength = 200;

/**
 * Whether a pattern is one that the bridge can check values with: a regular expression in the dialect
 * that XSD and JavaScript share, of bounded length, and without a repetition inside a repetition
 * (`(a+)+`), with which a peer could make a check take forever.
 */
export function isSafePattern(pattern: string): boolean {
  if (pattern === '' || pattern.length > maxPatternLength || /\(\?|\\[1-9]/.test(pattern)) return false;
  try {
    new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return false;
  }
  return !nestsRepetition(pattern);
}

/** Whether a group that repeats without bound holds another such repetition, or alternatives. */
function nestsRepetition(pattern: string): boolean {
  const bare = pattern.replace(/\\./gs, 'x').replace(/\[[^\]]*\]/g, 'x');
  const groups: boolean[] = [false];
  for (let i = 0; i < bare.length; i += 1) {
    const character = bare[i] ?? '';
    if (character === '(') groups.push(false);
    if (character === '|') groups[groups.length - 1] = true;
    const inner = character === ')' && (groups.pop() ?? false);
    const repeats = /^(?:[*+]|\{[0-9]+,\}|\{[0-9]*,?[0-9]{3,}\})/.test(bare.slice(i + 1));
    if (inner && repeats) return true;
    if ((inner || repeats) && groups.length > 0) groups[groups.length - 1] = true;
  }
  return false;
}
