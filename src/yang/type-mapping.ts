import type { Datatype, EnumerationType, ScalarType } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { decimalRange, fractionDigitsFor, integerRange } from './bounds.ts';
import { cleanText, hasUnwantedCharacters } from './lexical.ts';
import { compilePattern } from './pattern.ts';
import type { IntegerBase } from './schema.ts';
import { type Statement, statement } from './statement.ts';

/** XSD integers and the YANG types with the same values (XML Schema Part 2 §3.3, RFC 6020 §9.2). */
const integers: Readonly<Partial<Record<Datatype, IntegerBase>>> = {
  byte: 'int8',
  short: 'int16',
  int: 'int32',
  long: 'int64',
  unsignedByte: 'uint8',
  unsignedShort: 'uint16',
  unsignedInt: 'uint32',
  unsignedLong: 'uint64',
};

/** RFC 3339 date and time, as `date-and-time` of RFC 6991 takes it. */
export const dateAndTimePattern =
  '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+\\-][0-9]{2}:[0-9]{2})';

/** Data types that are texts of a form; all patterns of one hold. */
const textForms: Readonly<Partial<Record<Datatype, readonly string[]>>> = {
  string: [],
  hexBinary: ['([0-9a-fA-F]{2})*'],
  anyURI: ['[^\\s]*'],
  dateTime: [dateAndTimePattern],
  date: ['[0-9]{4}-[0-9]{2}-[0-9]{2}(Z|[+\\-][0-9]{2}:[0-9]{2})?'],
  duration: [
    '-?P([0-9]+Y)?([0-9]+M)?([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\\.[0-9]+)?S)?)?',
    '.*[0-9][YMDHS]',
  ],
};

/** Each is matched with every value. */
const maxPatterns = 8;

const maxEnumNameLength = 256;

/**
 * The `type` statement for a type of a description. XSD `decimal` and `double` become decimal64, as NETCONF
 * clients compute with nothing else: six fraction digits unless the description says otherwise. A number
 * that is finer or bigger than that decimal64 holds is not of the type.
 * @throws PeerError `bad-type` when it cannot be said in YANG, `bad-pattern`, `bad-name` of an enumeration
 */
export function typeStatement(type: ScalarType | EnumerationType): Statement {
  if (type.kind === 'enumeration') return enumerationStatement(type);
  const integer = integers[type.datatype];
  const forms = textForms[type.datatype];
  if (integer !== undefined) return numberStatement(type, integer);
  if (forms !== undefined) return textStatement(type, forms);
  switch (type.datatype) {
    case 'base64Binary':
      refuseAll(type, [...boundNames, 'patterns']);
      return statement('type', 'binary', [lengthStatement(type, 1)]);
    case 'boolean':
      refuseAll(type, [...boundNames, ...lengthNames, 'patterns']);
      return statement('type', 'boolean');
    default:
      return decimalStatement(type);
  }
}

const boundNames = ['minInclusive', 'maxInclusive', 'minExclusive', 'maxExclusive'] as const;
const lengthNames = ['minLength', 'maxLength'] as const;

/** A restriction that the datatype does not have would be lost silently. */
function refuseAll(type: ScalarType, names: readonly (keyof ScalarType)[]): void {
  for (const name of names)
    if (type[name] !== undefined && !(name === 'patterns' && type.patterns?.length === 0))
      throw new PeerError('bad-type', `the data type ${type.datatype} cannot have ${name}`);
}

function numberStatement(type: ScalarType, base: IntegerBase): Statement {
  refuseAll(type, [...lengthNames, 'patterns']);
  const range = integerRange(type, base);
  return statement('type', base, [range === undefined ? undefined : statement('range', range)]);
}

function decimalStatement(type: ScalarType): Statement {
  refuseAll(type, [...lengthNames, 'patterns']);
  const digits = type.fractionDigits ?? fractionDigitsFor(type);
  if (!Number.isInteger(digits) || digits < 1 || digits > 18)
    throw new PeerError('bad-type', 'fractionDigits is a number from 1 to 18');
  const range = decimalRange(type, digits);
  return statement('type', 'decimal64', [
    statement('fraction-digits', String(digits)),
    range === undefined ? undefined : statement('range', range),
  ]);
}

/** @param forms patterns that the data type brings; hexBinary counts its length in octets, of two digits */
function textStatement(type: ScalarType, forms: readonly string[]): Statement {
  refuseAll(type, boundNames);
  const patterns = [...forms, ...(type.patterns ?? [])];
  if (patterns.length > maxPatterns)
    throw new PeerError('bad-type', `it has more than ${maxPatterns} patterns`);
  for (const pattern of patterns) {
    if (cleanText(pattern) !== pattern)
      throw new PeerError('bad-pattern', 'a pattern holds control characters; write them as escapes');
    compilePattern(pattern);
  }
  return statement('type', 'string', [
    lengthStatement(type, type.datatype === 'hexBinary' ? 2 : 1),
    ...patterns.map((pattern) => statement('pattern', pattern)),
  ]);
}

function lengthStatement({ minLength, maxLength }: ScalarType, factor: number): Statement | undefined {
  if (minLength === undefined && maxLength === undefined) return undefined;
  const low = minLength ?? 0;
  const high = maxLength ?? Number.MAX_SAFE_INTEGER;
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || low < 0 || high < low)
    throw new PeerError(
      'bad-type',
      `its lengths leave no value (minLength ${minLength}, maxLength ${maxLength})`,
    );
  const [first, last] = [String(BigInt(low) * BigInt(factor)), String(BigInt(high) * BigInt(factor))];
  if (maxLength === undefined) return statement('length', `${first}..max`);
  return statement('length', first === last ? first : `${first}..${last}`);
}

/** RFC 6020 §9.6.4: names are texts without white space at either end; a repeated one counts once. */
function enumerationStatement({ values }: EnumerationType): Statement {
  if (values.length === 0) throw new PeerError('bad-type', 'an enumeration has no value');
  const first = new Map(values.toReversed().map((value) => [value.name, value]));
  return statement(
    'type',
    'enumeration',
    values
      .filter((value) => first.get(value.name) === value)
      .map(({ name, text }) =>
        statement('enum', enumName(name), [
          statement('description', describeText(text, `The value "${name}".`)),
        ]),
      ),
  );
}

function enumName(name: string): string {
  if (
    name !== '' &&
    name === name.trim() &&
    name.length <= maxEnumNameLength &&
    !hasUnwantedCharacters(name) &&
    !/[\t\n]/.test(name)
  )
    return name;
  throw new PeerError(
    'bad-name',
    `${JSON.stringify(name.slice(0, 80))} cannot be a value of an enumeration`,
    {
      hint: `A value has 1 to ${maxEnumNameLength} characters, none of them a control character, and no white space at either end.`,
    },
  );
}

const maxTextLength = 4000;
const textWidth = 66;

/** A text of a description as the argument of `description`: cleaned, cut, in lines of bounded width. */
export function describeText(text: string | undefined, otherwise: string): string {
  const clean = cleanText(text ?? '').trim();
  const chosen = clean === '' ? cleanText(otherwise) : clean;
  const cut = chosen.length > maxTextLength ? `${[...chosen].slice(0, maxTextLength).join('')}…` : chosen;
  return cut.split('\n').flatMap(wrapped).join('\n').trim();
}

function wrapped(line: string): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/ +/).filter((one) => one !== '')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (longer.length > textWidth && current !== '') {
      lines.push(current);
      current = word;
    } else current = longer;
  }
  return [...lines, current];
}
