import { type Literal, type Term, termKey, xsdNamespace } from '../rdf.ts';
import { NotOurs } from './algebra.ts';

/** Values of expressions. `undefined` is SPARQL's error (SPARQL 1.1 §17.2), which an unbound variable is too. */
export type Value = Term | undefined;

const string = `${xsdNamespace}string`;
const boolean = `${xsdNamespace}boolean`;
const integer = `${xsdNamespace}integer`;
export const decimal = `${xsdNamespace}decimal`;
const numeric = new Set(
  [
    ...['integer', 'decimal', 'double', 'float', 'long', 'int', 'short', 'byte'],
    ...['nonNegativeInteger', 'positiveInteger', 'nonPositiveInteger', 'negativeInteger'],
    ...['unsignedLong', 'unsignedInt', 'unsignedShort', 'unsignedByte'],
  ].map((name) => xsdNamespace + name),
);

export function literal(value: string, datatype: string): Literal {
  return { termType: 'Literal', value, datatype, language: '' };
}

export function text(value: string): Literal {
  return literal(value, string);
}

export function truth(value: boolean): Literal {
  return literal(String(value), boolean);
}

export function whole(value: number): Literal {
  return literal(String(value), integer);
}

/** The number that a literal is, or `undefined` for anything else. @throws NotOurs where it is not written as one */
export function numberOf(value: Value): number | undefined {
  if (value?.termType !== 'Literal' || !numeric.has(value.datatype)) return undefined;
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value.value))
    throw new NotOurs('a number that is not written as one');
  return Number(value.value);
}

/** The text of a plain string; `undefined`: an error. @throws NotOurs for a text with a language */
export function textOf(value: Value): string | undefined {
  if (value?.termType !== 'Literal') return undefined;
  if (value.language !== '') throw new NotOurs('a text with a language');
  return value.datatype === string ? value.value : undefined;
}

/** The effective boolean value (SPARQL 1.1 §17.2.2); `undefined`: an error. @throws NotOurs */
export function isTrue(value: Value): boolean | undefined {
  if (value?.termType !== 'Literal') return undefined;
  if (value.datatype === boolean) return truthOf(value);
  if (value.datatype === string) return value.value !== '';
  const number = numberOf(value);
  if (number === undefined) throw new NotOurs('a condition that is no boolean, text or number');
  return number !== 0;
}

function truthOf({ value }: Literal): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new NotOurs('a boolean that is neither true nor false');
}

/** `=` (SPARQL 1.1 §17.3). @throws NotOurs for literals of different kinds */
export function areEqual(a: Term, b: Term): boolean {
  if (a.termType !== 'Literal' || b.termType !== 'Literal') return termKey(a) === termKey(b);
  const [one, other] = [numberOf(a), numberOf(b)];
  if (one !== undefined && other !== undefined) return one === other;
  const comparable = a.datatype === b.datatype && (a.datatype === string || a.datatype === boolean);
  if (!comparable) throw new NotOurs('literals of different kinds are compared');
  return a.datatype === string ? a.value === b.value : truthOf(a) === truthOf(b);
}
