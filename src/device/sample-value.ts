import { toHex } from '../base/bytes.ts';
import { dateAndTime } from '../base/clock.ts';
import type { Datatype, ScalarType } from '../base/description.ts';
import type { Leaf } from '../base/leaves.ts';
import { integerBounds } from './input-check.ts';

/** Where a description gives no bounds: a range that reads well for most measurements. */
const plainRange = [0, 100] as const;

/**
 * A plausible value of a type.
 * @param position where in the type's range, from 0 (the lowest value) up to but without 1
 * @param now milliseconds since the epoch, for the types of time
 */
export function sampleValue(
  { type, default: initial }: Omit<Leaf, 'name' | 'mandatory'>,
  position: number,
  now: number,
): string {
  if (type.kind === 'enumeration') return type.values[Math.floor(position * type.values.length)]?.name ?? '';
  if (integerBounds[type.datatype] !== undefined) return sampleInteger(type, position);
  if (type.datatype === 'decimal' || type.datatype === 'double') return sampleDecimal(type, position);
  if (type.datatype === 'boolean') return position < 0.5 ? 'false' : 'true';
  return initial ?? sampleText(type, now);
}

function sampleInteger(type: ScalarType, position: number): string {
  const [lowest, highest] = integerBounds[type.datatype] ?? [0n, 0n];
  const min = lowerBound(type) ?? largest(lowest, BigInt(plainRange[0]));
  const max = upperBound(type) ?? smallest(highest, BigInt(plainRange[1]));
  if (max <= min) return String(lowerBound(type) === undefined ? max : min);
  const parts = 1_000_000;
  const steps = max - min + 1n;
  return String(min + (steps * BigInt(Math.floor(position * parts))) / BigInt(parts));
}

function lowerBound({ minInclusive, minExclusive }: ScalarType): bigint | undefined {
  if (minInclusive !== undefined) return BigInt(minInclusive);
  return minExclusive === undefined ? undefined : BigInt(minExclusive) + 1n;
}

function upperBound({ maxInclusive, maxExclusive }: ScalarType): bigint | undefined {
  if (maxInclusive !== undefined) return BigInt(maxInclusive);
  return maxExclusive === undefined ? undefined : BigInt(maxExclusive) - 1n;
}

function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smallest(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function sampleDecimal(type: ScalarType, position: number): string {
  const digits = Math.min(type.fractionDigits ?? digitsBetween(type), 15);
  const step = 10 ** -digits;
  const given = decimalBounds(type, step);
  const min = given.min ?? Math.min(plainRange[0], given.max ?? plainRange[0]);
  const max = given.max ?? Math.max(plainRange[1], min);
  const value = min + position * (max - min);
  return Math.min(Math.max(Math.round(value / step) * step, min), max).toFixed(digits);
}

/** Fraction digits with which values lie between the bounds: one more than theirs where a bound is no value itself. */
function digitsBetween({ minInclusive, minExclusive, maxInclusive, maxExclusive }: ScalarType): number {
  const digits = (bound = ''): number => bound.split('.')[1]?.length ?? 0;
  return Math.max(
    2,
    ...[minInclusive, maxInclusive].map((bound) => digits(bound)),
    ...[minExclusive, maxExclusive].map((bound) => digits(bound) + 1),
  );
}

function decimalBounds(type: ScalarType, step: number): { min?: number; max?: number } {
  const { minInclusive, minExclusive, maxInclusive, maxExclusive } = type;
  const min = minInclusive ?? minExclusive;
  const max = maxInclusive ?? maxExclusive;
  return {
    ...(min !== undefined && { min: Number(min) + (minInclusive === undefined ? step : 0) }),
    ...(max !== undefined && { max: Number(max) - (maxInclusive === undefined ? step : 0) }),
  };
}

/** Octets of sample text and binary at most, whatever length a description asks for. */
const maxSampleLength = 256;

const texts: Readonly<Partial<Record<Datatype, (now: number) => string>>> = {
  anyURI: () => 'urn:mup:device',
  dateTime: dateAndTime,
  date: (now) => dateAndTime(now).slice(0, 10),
  duration: () => 'PT1S',
};

function sampleText(type: ScalarType, now: number): string {
  const fixed = texts[type.datatype];
  if (fixed !== undefined) return fixed(now);
  const length = Math.min(Math.max(type.minLength ?? 0, Math.min(type.maxLength ?? 4, 4)), maxSampleLength);
  if (type.datatype === 'hexBinary') return toHex(new Uint8Array(length));
  if (type.datatype === 'base64Binary') return btoa('\0'.repeat(length));
  return 'text'.padEnd(length, '.').slice(0, length);
}
