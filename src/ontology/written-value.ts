import { formatDecimal, parseDecimal } from './decimal.ts';
import { type Term, xsdNamespace } from './rdf.ts';

/** A value as its author wrote it: JSON-LD makes `2.5E0` of the JSON number `2.5` (JSON-LD 1.1 API, section 8.2.2). */
export function writtenValue(term: Term): string {
  const isDouble = term.termType === 'Literal' && term.datatype === `${xsdNamespace}double`;
  const number = isDouble ? parseDecimal(term.value) : undefined;
  return number === undefined ? term.value : formatDecimal(number);
}
