import type { ScalarType } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { decimal64Limits, integerLimits, textOfUnits, type Units, within } from './numbers.ts';
import type { IntegerBase } from './schema.ts';

/** An exact number: unscaled · 10^-scale. */
interface Exact {
  readonly unscaled: bigint;
  readonly scale: number;
}

/** Fraction digits of a decimal64 where neither the description nor its bounds ask for others. */
const defaultFractionDigits = 6;
const maxFractionDigits = 18;

const maxBoundLength = 64;
const maxExponent = 400;
const numberExpression = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?$/;

type Bounds = Pick<ScalarType, 'minInclusive' | 'maxInclusive' | 'minExclusive' | 'maxExclusive'>;

/**
 * The argument of `range` for the bounds of an integer, or `undefined` when they leave the type whole.
 * @throws PeerError `bad-type` when a bound is no number, or no value is left
 */
export function integerRange(bounds: Bounds, base: IntegerBase): string | undefined {
  return rangeText(bounds, integerLimits[base], 0);
}

/** As {@link integerRange}, of a decimal64. */
export function decimalRange(bounds: Bounds, fractionDigits: number): string | undefined {
  return rangeText(bounds, decimal64Limits, fractionDigits);
}

/**
 * Fraction digits of the decimal64 for a type without any: six, more where its bounds have more, fewer
 * where its bounds would not fit into 64 bits otherwise.
 */
export function fractionDigitsFor(bounds: Bounds): number {
  const values = [bounds.minInclusive, bounds.maxInclusive, bounds.minExclusive, bounds.maxExclusive]
    .map((text) => (text === undefined ? undefined : exact(text)))
    .filter((value) => value !== undefined);
  const wanted = Math.max(defaultFractionDigits, ...values.map((value) => value.scale));
  for (let digits = Math.min(wanted, maxFractionDigits); digits > 1; digits--)
    if (values.every((value) => within(floor(value, digits), decimal64Limits))) return digits;
  return 1;
}

function rangeText(bounds: Bounds, limits: Units, fractionDigits: number): string | undefined {
  const low = highest([
    limits.low,
    bounds.minInclusive === undefined ? undefined : unitsAbove(bounds.minInclusive, fractionDigits, 0n),
    bounds.minExclusive === undefined ? undefined : unitsAbove(bounds.minExclusive, fractionDigits, 1n),
  ]);
  const high = -highest([
    -limits.high,
    bounds.maxInclusive === undefined
      ? undefined
      : unitsAbove(negated(bounds.maxInclusive), fractionDigits, 0n),
    bounds.maxExclusive === undefined
      ? undefined
      : unitsAbove(negated(bounds.maxExclusive), fractionDigits, 1n),
  ]);
  if (low > high) throw new PeerError('bad-type', `its bounds leave no value (${describe(bounds)})`);
  if (low === limits.low && high === limits.high) return undefined;
  const text = (units: bigint): string => textOfUnits(units, fractionDigits);
  if (low === high) return text(low);
  // yangdump 2.13 does not find the end of a decimal that `..` follows without a blank.
  return `${low === limits.low ? 'min' : text(low)} .. ${high === limits.high ? 'max' : text(high)}`;
}

/**
 * The smallest count of units not below a bound (`beyond` 0), or above it (`beyond` 1); `undefined` for an
 * infinite bound that excludes nothing. Upper bounds are handed in negated.
 */
function unitsAbove(bound: string, fractionDigits: number, beyond: 0n | 1n): bigint | undefined {
  if (bound === '-INF') return undefined;
  const value = exact(bound);
  if (value === undefined)
    throw new PeerError('bad-type', `its bound ${JSON.stringify(bound.slice(0, 80))} is no number`);
  return beyond === 0n
    ? -floor({ ...value, unscaled: -value.unscaled }, fractionDigits)
    : floor(value, fractionDigits) + 1n;
}

function negated(bound: string): string {
  if (bound.startsWith('-')) return bound.slice(1);
  return `-${bound.replace(/^\+/, '')}`;
}

function highest(values: readonly (bigint | undefined)[]): bigint {
  let best: bigint | undefined;
  for (const value of values) if (value !== undefined && (best === undefined || value > best)) best = value;
  return best ?? 0n;
}

/** Units of 10^-fractionDigits, rounded down. */
function floor({ unscaled, scale }: Exact, fractionDigits: number): bigint {
  if (scale <= fractionDigits) return unscaled * 10n ** BigInt(fractionDigits - scale);
  const divisor = 10n ** BigInt(scale - fractionDigits);
  const quotient = unscaled / divisor;
  return unscaled % divisor < 0n ? quotient - 1n : quotient;
}

/** XSD decimal and double (XML Schema Part 2 §3.2.3, §3.2.5), without INF and NaN. */
function exact(text: string): Exact | undefined {
  const match = text.length > maxBoundLength ? null : numberExpression.exec(text);
  const digits = (match?.[2] ?? '') + (match?.[3] ?? '');
  const exponent = Number(match?.[4] ?? '0');
  if (match === null || digits === '' || Math.abs(exponent) > maxExponent) return undefined;
  return reduced(BigInt(digits) * (match[1] === '-' ? -1n : 1n), (match[3] ?? '').length - exponent);
}

/** Without zeros at the end of the fraction, and with a scale of 0 or more. */
function reduced(unscaled: bigint, scale: number): Exact {
  if (scale <= 0) return { unscaled: unscaled * 10n ** BigInt(-scale), scale: 0 };
  let [value, digits] = [unscaled, scale];
  while (digits > 0 && value % 10n === 0n) [value, digits] = [value / 10n, digits - 1];
  return { unscaled: value, scale: digits };
}

function describe(bounds: Bounds): string {
  const names = ['minInclusive', 'minExclusive', 'maxInclusive', 'maxExclusive'] as const;
  return names.flatMap((name) => (bounds[name] === undefined ? [] : [`${name} ${bounds[name]}`])).join(', ');
}
