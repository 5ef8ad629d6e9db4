import type { Datatype, Operation, ScalarType } from '../base/description.ts';
import { type Leaf, leaves } from '../base/leaves.ts';

/**
 * What is wrong with the inputs of a request, or `undefined`. The bridge has checked them against the
 * module; this is the device's own look at what anybody on the broker may have sent: their number, and
 * each value against its type and bounds. Patterns are left to the bridge: an expression that backtracks
 * would be the peer's way to stop the device.
 */
export function inputFault(operation: Operation, inputs: readonly string[]): string | undefined {
  const expected = leaves(operation.inputs);
  if (inputs.length > expected.length) return `${inputs.length} inputs where ${expected.length} are taken`;
  for (const [i, leaf] of expected.entries()) {
    const value = inputs[i] ?? '';
    // An optional input that was left out is empty on the wire.
    if (value === '' && !leaf.mandatory) continue;
    if (inputs[i] === undefined) return `input ${leaf.name} is missing`;
    if (!valueFits(leaf, value)) return `input ${leaf.name} is not of its type`;
  }
  return undefined;
}

function valueFits({ type }: Leaf, value: string): boolean {
  if (type.kind === 'enumeration') return type.values.some(({ name }) => name === value);
  return lexical(type, value) && inRange(type, value) && inLength(type, value);
}

/** Bounds of XSD's integer types. */
export const integerBounds: Readonly<Partial<Record<Datatype, readonly [bigint, bigint]>>> = {
  byte: [-128n, 127n],
  short: [-32_768n, 32_767n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
  unsignedByte: [0n, 255n],
  unsignedShort: [0n, 65_535n],
  unsignedInt: [0n, 2n ** 32n - 1n],
  unsignedLong: [0n, 2n ** 64n - 1n],
};

const integer = /^-?\d{1,20}$/;

/** Lexical spaces, coarse; expressions without backtracking. Types that are not here are any text. */
const expressions: Readonly<Partial<Record<Datatype, RegExp>>> = {
  boolean: /^(?:true|false|1|0)$/,
  decimal: /^[+-]?(?:\d{1,64}(?:\.\d{0,64})?|\.\d{1,64})$/,
  double: /^(?:[+-]?(?:\d{1,64}(?:\.\d{0,64})?|\.\d{1,64})(?:[eE][+-]?\d{1,3})?|[+-]?INF|NaN)$/,
  hexBinary: /^(?:[0-9a-fA-F]{2})*$/,
  base64Binary: /^[A-Za-z0-9+/]*={0,2}$/,
  dateTime: /^-?\d{4,9}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?$/,
  date: /^-?\d{4,9}-\d\d-\d\d(?:Z|[+-]\d\d:\d\d)?$/,
  duration: /^-?P[\dYMDTHS.]{1,64}$/,
};

function lexical({ datatype }: ScalarType, value: string): boolean {
  const expression = integerBounds[datatype] === undefined ? expressions[datatype] : integer;
  return expression === undefined || expression.test(value);
}

function inRange(type: ScalarType, value: string): boolean {
  const range = integerBounds[type.datatype];
  const { minInclusive, maxInclusive, minExclusive, maxExclusive } = type;
  if (range === undefined && type.datatype !== 'decimal' && type.datatype !== 'double') return true;
  const compare = (bound: string): number =>
    range === undefined ? Number(value) - Number(bound) : sign(BigInt(value) - BigInt(bound));
  return (
    (range === undefined || (BigInt(value) >= range[0] && BigInt(value) <= range[1])) &&
    (minInclusive === undefined || compare(minInclusive) >= 0) &&
    (maxInclusive === undefined || compare(maxInclusive) <= 0) &&
    (minExclusive === undefined || compare(minExclusive) > 0) &&
    (maxExclusive === undefined || compare(maxExclusive) < 0)
  );
}

function sign(difference: bigint): number {
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

function inLength({ datatype, minLength, maxLength }: ScalarType, value: string): boolean {
  const length = octetsOrCharacters(datatype, value);
  return (minLength === undefined || length >= minLength) && (maxLength === undefined || length <= maxLength);
}

function octetsOrCharacters(datatype: Datatype, value: string): number {
  if (datatype === 'hexBinary') return value.length / 2;
  if (datatype === 'base64Binary') return Math.floor((value.replaceAll('=', '').length * 3) / 4);
  return Array.from(value).length;
}
