import type { Term } from '../rdf.ts';
import { NotOurs } from './algebra.ts';
import {
  areEqual,
  decimal,
  isTrue,
  literal,
  numberOf,
  text,
  textOf,
  truth,
  type Value,
  whole,
} from './values.ts';

/** A function of values, none of which is an error. */
type Simple = (...values: readonly Term[]) => Value;

/** One of texts. */
function ofTexts(task: (...texts: readonly string[]) => Value): Simple {
  return (...values) => {
    const texts = values.map(textOf).filter((one) => one !== undefined);
    return texts.length === values.length ? task(...texts) : undefined;
  };
}

/** One of numbers. */
function ofNumbers(task: (a: number, b: number) => Value): Simple {
  return (...values) => {
    const [a, b] = values.map(numberOf);
    if (a === undefined || b === undefined) throw new NotOurs('an order of what are no numbers');
    return task(a, b);
  };
}

/** Functions by their names in the algebra, as Comunica has them (SPARQL 1.1 §17.4). */
export const functions: ReadonlyMap<string, Simple> = new Map<string, Simple>([
  ['=', (a, b) => equality(a, b, true)],
  ['!=', (a, b) => equality(a, b, false)],
  ['<', ofNumbers((a, b) => truth(a < b))],
  ['<=', ofNumbers((a, b) => truth(a <= b))],
  ['>', ofNumbers((a, b) => truth(a > b))],
  ['>=', ofNumbers((a, b) => truth(a >= b))],
  ['-', ofNumbers(difference)],
  ['!', (value) => negated(isTrue(value))],
  ['str', stringOf],
  ['iri', iriOf],
  ['datatype', datatypeOf],
  ['isliteral', (value) => truth(value?.termType === 'Literal')],
  ['concat', ofTexts((...texts) => text(texts.join('')))],
  ['contains', ofTexts((a = '', b = '') => truth(a.includes(b)))],
  ['strstarts', ofTexts((a = '', b = '') => truth(a.startsWith(b)))],
  ['strends', ofTexts((a = '', b = '') => truth(a.endsWith(b)))],
  ['strafter', ofTexts((a = '', b = '') => text(a.includes(b) ? a.slice(a.indexOf(b) + b.length) : ''))],
  ['lcase', ofTexts((a = '') => text(a.toLowerCase()))],
  ['ucase', ofTexts((a = '') => text(a.toUpperCase()))],
  ['strlen', ofTexts((a = '') => whole([...a].length))],
  ['encode_for_uri', ofTexts((a = '') => text(encoded(a)))],
  ['substr', part],
  ['regex', ofTexts((a = '', pattern = '', flags = '') => truth(expression(pattern, flags).test(a)))],
  [
    'replace',
    ofTexts((a = '', pattern = '', by = '', flags = '') =>
      text(a.replace(expression(pattern, `g${flags}`), by.replaceAll('$0', '$$&'))),
    ),
  ],
  ['http://www.w3.org/2001/XMLSchema#decimal', decimalOf],
]);

function equality(a: Term | undefined, b: Term | undefined, wanted: boolean): Value {
  return a === undefined || b === undefined ? undefined : truth(areEqual(a, b) === wanted);
}

function negated(value: boolean | undefined): Value {
  return value === undefined ? undefined : truth(!value);
}

function difference(a: number, b: number): Value {
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) throw new NotOurs('a difference of fractions');
  return whole(a - b);
}

function stringOf(value: Value): Value {
  return value === undefined || value.termType === 'BlankNode' ? undefined : text(value.value);
}

/** Absolute, without what resolving it would change: segments that are dots or empty. */
const resolved = /^[a-z][a-z0-9+.-]*:(?!.*\/\.)(?:\/\/)?(?!.*\/\/)/is;

function iriOf(value: Value): Value {
  const iri = value?.termType === 'NamedNode' ? value.value : textOf(value);
  if (iri === undefined) return undefined;
  if (!resolved.test(iri)) throw new NotOurs('an IRI that is resolved');
  return { termType: 'NamedNode', value: iri };
}

function encoded(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new NotOurs('half a character');
  return encodeURI(text);
}

function datatypeOf(value: Value): Value {
  if (value?.termType !== 'Literal') return undefined;
  if (value.language !== '') throw new NotOurs('a text with a language');
  return { termType: 'NamedNode', value: value.datatype };
}

function part(source: Value, start: Value, length?: Value): Value {
  const characters = [...(textOf(source) ?? '')];
  const [from, count] = [numberOf(start), length === undefined ? characters.length : numberOf(length)];
  if (textOf(source) === undefined || from === undefined || count === undefined) return undefined;
  if (!Number.isInteger(from) || from < 1 || !Number.isInteger(count) || count < 0)
    throw new NotOurs('a part that begins before its text');
  return text(characters.slice(from - 1, from - 1 + count).join(''));
}

/** Patterns are those of mappings; few, and asked for each node. */
const expressions = new Map<string, RegExp>();
const maxExpressions = 256;

function expression(pattern: string, flags: string): RegExp {
  if (!/^g?[ims]*$/.test(flags)) throw new NotOurs('flags of a regular expression');
  const key = `${flags}/${pattern}`;
  const known = expressions.get(key);
  if (known !== undefined) return known;
  try {
    const made = new RegExp(pattern, flags);
    if (expressions.size < maxExpressions) expressions.set(key, made);
    return made;
  } catch {
    throw new NotOurs('no regular expression');
  }
}

function decimalOf(value: Value): Value {
  const number = numberOf(value);
  if (number === undefined || String(number).includes('e')) throw new NotOurs('a decimal of what is none');
  return literal(String(number), decimal);
}
