import type { IntegerBase, Span } from './schema.ts';

/**
 * Exact numbers for YANG: a value is a count of units of 10^-fractionDigits in a bigint, so that neither
 * 64-bit integers nor decimal64 lose a digit. Integers have no fraction digits.
 */

/** Both ends included, in units. */
export interface Units {
  readonly low: bigint;
  readonly high: bigint;
}

/** RFC 6020 §9.2: the values of each integer type. */
export const integerLimits: Readonly<Record<IntegerBase, Units>> = {
  int8: signed(8n),
  int16: signed(16n),
  int32: signed(32n),
  int64: signed(64n),
  uint8: unsigned(8n),
  uint16: unsigned(16n),
  uint32: unsigned(32n),
  uint64: unsigned(64n),
};

/** RFC 6020 §9.3.4: decimal64 is a signed 64-bit integer of units, whatever the fraction digits. */
export const decimal64Limits: Units = integerLimits.int64;

/** RFC 6020 §9.4.4: a length is a uint64. */
export const lengthLimits: Units = integerLimits.uint64;

/** Longer texts are not numbers that any type holds; keeps conversion cheap. */
const maxNumberLength = 64;

const numberExpression = /^([+-]?)([0-9]+)(?:\.([0-9]+))?$/;

function signed(bits: bigint): Units {
  return { low: -(1n << (bits - 1n)), high: (1n << (bits - 1n)) - 1n };
}

function unsigned(bits: bigint): Units {
  return { low: 0n, high: (1n << bits) - 1n };
}

/**
 * Units of a decimal text (RFC 6020 §9.2.1, §9.3.1), or `undefined` when it is none or has more fraction
 * digits than asked for; zeros at the end of the fraction do not count.
 */
export function unitsOf(text: string, fractionDigits: number): bigint | undefined {
  const match = text.length > maxNumberLength ? null : numberExpression.exec(text);
  if (match === null) return undefined;
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > fractionDigits) return undefined;
  const units = BigInt((match[2] ?? '') + fraction.padEnd(fractionDigits, '0'));
  return match[1] === '-' ? -units : units;
}

/** Canonical text of units: RFC 6020 §9.2.2 without fraction digits, else §9.3.2. */
export function textOfUnits(units: bigint, fractionDigits: number): string {
  if (fractionDigits === 0) return units.toString();
  const digits = (units < 0n ? -units : units).toString().padStart(fractionDigits + 1, '0');
  const point = digits.length - fractionDigits;
  const fraction = digits.slice(point).replace(/0+$/, '').padEnd(1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, point)}.${fraction}`;
}

/** Whether units lie in one of the spans; no spans: in any. Span texts are canonical. */
export function withinSpans(units: bigint, spans: readonly Span[], fractionDigits: number): boolean {
  return spans.length === 0 || spans.some((span) => within(units, unitSpan(span, fractionDigits)));
}

/** Whether units lie between both ends. */
export function within(units: bigint, { low, high }: Units): boolean {
  return low <= units && units <= high;
}

/** A span in units; its texts are canonical numbers. */
function unitSpan(span: Span, fractionDigits: number): Units {
  return { low: unitsOf(span.low, fractionDigits) ?? 0n, high: unitsOf(span.high, fractionDigits) ?? -1n };
}
