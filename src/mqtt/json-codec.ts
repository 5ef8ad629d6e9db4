import type { Constant, Datatype, EnumerationType, Field, ScalarType } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { memberPointer, valueAt, withValueAt } from '../base/json-pointer.ts';
import { readJson } from '../base/json-reader.ts';
import { isJsonArray, isJsonObject, JsonNumber, type JsonValue } from '../base/json-value.ts';
import { type Leaf, leaves } from '../base/leaves.ts';

/** Nesting of a JSON payload: more than any device needs. */
const maxDepth = 32;

/** @throws PeerError `bad-json` */
export function parsePayload(text: string): JsonValue {
  return readJson(text, maxDepth);
}

/**
 * A request as one JSON value: constants first, then each input at its pointer. An optional input that is
 * empty is left out, and a sub-structure of which nothing is given.
 * @param values in wire order: those of sub-structures follow one another
 * @throws PeerError `bad-value` for a value that the JSON of its type cannot hold
 */
export function encodeJson(
  fields: readonly Field[],
  constants: readonly Constant[],
  values: readonly string[],
): JsonValue {
  let root: JsonValue | undefined;
  for (const { pointer, value } of constants) root = withValueAt(root, pointer, parsePayload(value));
  return withFields(root, fields, [...values]) ?? new Map();
}

function withFields(
  before: JsonValue | undefined,
  fields: readonly Field[],
  values: string[],
): JsonValue | undefined {
  let root = before;
  for (const field of fields) {
    const value = fieldValue(field, values.splice(0, leaves([field]).length));
    if (value !== undefined) root = withValueAt(root, pointerOf(field), value);
  }
  return root;
}

/** A field without a pointer is the member that has its name. */
function pointerOf({ name, pointer }: Field): string {
  return pointer ?? memberPointer(name);
}

function fieldValue(field: Field, values: string[]): JsonValue | undefined {
  const { type, mandatory } = field;
  if (type.kind !== 'structure') return scalarValue({ ...field, type }, values[0] ?? '');
  if (!mandatory && values.every((value) => value === '')) return undefined;
  return withFields(undefined, type.fields, values) ?? new Map();
}

function scalarValue({ name, type, mandatory }: Leaf, text: string): JsonValue | undefined {
  switch (jsonKind(type.datatype ?? 'string')) {
    case 'string':
      return text === '' && !mandatory ? undefined : text;
    case 'boolean':
      return text === '' ? undefined : text === 'true' || text === '1';
    default:
      if (text === '') return undefined;
      if (/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(text)) return new JsonNumber(text);
      throw new PeerError('bad-value', `${JSON.stringify(text.slice(0, 80))}, of ${name}, is no number`);
  }
}

function jsonKind(datatype: Datatype): 'string' | 'number' | 'boolean' {
  if (datatype === 'boolean') return 'boolean';
  return /^(?:decimal|double|(?:unsigned)?(?:byte|short|int|long))$/i.test(datatype) ? 'number' : 'string';
}

/**
 * The values of fields in a JSON payload, in wire order; empty for an optional one that is missing or null.
 * What their types allow is checked by whoever knows the module.
 * @returns undefined when none of them is there: the message is about something else
 * @throws PeerError `bad-response` when a mandatory one is missing, or a value is an object or array
 */
export function decodeJson(fields: readonly Field[], root: JsonValue): string[] | undefined {
  const texts = fields.flatMap((field) => fieldTexts(field, root));
  if (texts.length > 0 && texts.every((text) => text === undefined)) return undefined;
  const described = leaves(fields);
  return texts.map((text, i) => {
    const { name = '', mandatory = false } = described[i] ?? {};
    if (text === undefined && mandatory) throw new PeerError('bad-response', `the message has no ${name}`);
    return text ?? '';
  });
}

function fieldTexts(field: Field, root: JsonValue): (string | undefined)[] {
  const { name, type } = field;
  const value = valueAt(root, pointerOf(field)) ?? undefined;
  if (type.kind !== 'structure') return [value === undefined ? undefined : scalarText(name, type, value)];
  return type.fields.flatMap((part) => fieldTexts(part, value ?? null));
}

function scalarText(name: string, type: ScalarType | EnumerationType, value: JsonValue): string {
  if (value instanceof JsonNumber) return rounded(plainDecimal(value.text), type);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value;
  const found = isJsonArray(value) ? 'an array' : isJsonObject(value) ? 'an object' : 'null';
  throw new PeerError('bad-response', `${name} is ${found}, not one value`);
}

/** Digits that an exponent may move the point by; more is in no type of YANG. */
const maxExponent = 40;

/** A JSON number without exponent and without a fraction of zeros alone: YANG's integers have neither. */
function plainDecimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text) ?? [];
  const shift = Number(exponent);
  if (Math.abs(shift) > maxExponent) return text;
  const digits = '0'.repeat(Math.max(0, -shift)) + whole + fraction + '0'.repeat(Math.max(0, shift));
  const point = Math.max(0, -shift) + whole.length + shift;
  const before = digits.slice(0, point).replace(/^0+(?=[0-9])/, '');
  const after = digits.slice(point);
  return `${sign}${before === '' ? '0' : before}${/[1-9]/.test(after) ? `.${after}` : ''}`;
}

/** Fraction digits of a decimal of YANG, unless the description says otherwise (`yang/type-mapping`). */
const fractionDigits = 6;

/** Devices compute with doubles: 21.400000000000002 is meant to be 21.4. */
function rounded(text: string, type: ScalarType | EnumerationType): string {
  if (type.kind === 'enumeration' || !['decimal', 'double'].includes(type.datatype)) return text;
  const bounds = [type.minInclusive, type.maxInclusive, type.minExclusive, type.maxExclusive];
  const scales = bounds.map((bound = '') => bound.split('.')[1]?.length ?? 0);
  const digits = type.fractionDigits ?? Math.max(fractionDigits, ...scales);
  const [, sign = '', whole = '', fraction = ''] = /^(-?)([0-9]+)\.([0-9]+)$/.exec(text) ?? [];
  if (fraction.length <= digits) return text;
  const units = BigInt(whole + fraction.slice(0, digits)) + (fraction.charAt(digits) < '5' ? 0n : 1n);
  const shown = String(units).padStart(digits + 1, '0');
  return units === 0n ? '0' : `${sign}${shown.slice(0, -digits)}.${shown.slice(-digits)}`;
}
