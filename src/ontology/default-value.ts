import { fromBase64 } from '../base/base64.ts';
import { fromHex } from '../base/bytes.ts';
import type { ScalarType, ValueType } from '../base/description.ts';
import { compareDecimals, type Decimal, parseDecimal } from './decimal.ts';
import { familyOf, integerRange, isInteger } from './facets.ts';

/**
 * Whether a default is a value of its field's type. Dates and durations have no defaults: `other` types
 * besides boolean are refused.
 */
export function acceptsDefault(type: ValueType, text: string): boolean {
  switch (type.kind) {
    case 'structure':
      return false;
    case 'enumeration':
      return type.values.some(({ name }) => name === text);
    case 'scalar':
      return acceptsScalar(type, text);
  }
}

function acceptsScalar(type: ScalarType, text: string): boolean {
  switch (familyOf(type.datatype)) {
    case 'number':
      return acceptsNumber(type, text);
    case 'string':
      return (
        acceptsLength(type, [...text].length) &&
        (type.patterns ?? []).every((pattern) => new RegExp(`^(?:${pattern})$`, 'u').test(text))
      );
    case 'binary': {
      const bytes = type.datatype === 'hexBinary' ? fromHex(text) : fromBase64(text);
      return bytes !== undefined && acceptsLength(type, bytes.length);
    }
    case 'other':
      return type.datatype === 'boolean' && (text === 'true' || text === 'false');
  }
}

function acceptsNumber(type: ScalarType, text: string): boolean {
  const value = parseDecimal(text);
  if (value === undefined || /e/i.test(text) || (isInteger(type.datatype) && value.scale > 0)) return false;
  if (type.fractionDigits !== undefined && value.scale > type.fractionDigits) return false;
  const range = integerRange(type.datatype);
  if (range !== undefined && (compareDecimals(value, range[0]) < 0 || compareDecimals(value, range[1]) > 0))
    return false;
  const against = (bound: string | undefined, holds: (order: number) => boolean): boolean => {
    const limit: Decimal | undefined = bound === undefined ? undefined : parseDecimal(bound);
    return limit === undefined || holds(compareDecimals(value, limit));
  };
  return (
    against(type.minInclusive, (order) => order >= 0) &&
    against(type.maxInclusive, (order) => order <= 0) &&
    against(type.minExclusive, (order) => order > 0) &&
    against(type.maxExclusive, (order) => order < 0)
  );
}

function acceptsLength(
  { minLength = 0, maxLength = Number.POSITIVE_INFINITY }: ScalarType,
  length: number,
): boolean {
  return length >= minLength && length <= maxLength;
}
