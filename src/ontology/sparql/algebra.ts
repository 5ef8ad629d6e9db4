import { InternalError } from '../../base/errors.ts';
import type { Term } from '../rdf.ts';

/** A term or variable of the SPARQL algebra, as RDF/JS has it. */
export interface AlgebraTerm {
  /** `Variable`, `NamedNode`, `BlankNode`, `Literal`, `DefaultGraph`, or `Quad`, which we do not read. */
  readonly termType: string;
  readonly value: string;
  readonly datatype?: { readonly value: string };
  readonly language?: string;
}

/** An operation of the SPARQL algebra (SPARQL 1.1 §18.2), as far as we read it. */
export interface Operation {
  readonly type: string;
  readonly input?: Operation | readonly Operation[];
  /** Of a basic graph pattern. */
  readonly patterns?: readonly Operation[];
  /** Of a triple pattern and, with `predicate` as an operation, of a property path. */
  readonly subject?: AlgebraTerm;
  readonly predicate?: AlgebraTerm | Operation;
  readonly object?: AlgebraTerm;
  readonly graph?: AlgebraTerm;
  /** Of a link of a property path. */
  readonly iri?: AlgebraTerm;
  /** Of a projection, VALUES or a group. */
  readonly variables?: readonly AlgebraTerm[];
  /** Of VALUES: terms by the names of variables; what is absent is UNDEF. */
  readonly bindings?: readonly Readonly<Record<string, AlgebraTerm>>[];
  /** Of BIND and of an aggregate. */
  readonly variable?: AlgebraTerm;
  readonly expression?: Operation;
  readonly aggregates?: readonly Operation[];
  /** Of CONSTRUCT. */
  readonly template?: readonly Operation[];
  /** What kind of expression it is. */
  readonly subType?: string;
  readonly operator?: string;
  readonly aggregator?: string;
  readonly distinct?: boolean;
  readonly not?: boolean;
  readonly args?: readonly Operation[];
  readonly term?: AlgebraTerm;
  /** Of a function that has an IRI. */
  readonly name?: AlgebraTerm;
}

/** A part of SPARQL, or a value, that we leave to an engine. */
export class NotOurs extends InternalError {}

export function inputsOf({ input }: Operation): readonly Operation[] {
  if (input === undefined) return [];
  return isList(input) ? input : [input];
}

function isList(input: Operation | readonly Operation[]): input is readonly Operation[] {
  return Array.isArray(input);
}

/** @throws NotOurs where an operation does not have what its kind has */
export function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new NotOurs('an operation lacks a part');
  return value;
}

/** @throws NotOurs for what is no term of a graph */
export function termOf({ termType, value, datatype, language }: AlgebraTerm): Term {
  if (termType === 'NamedNode' || termType === 'BlankNode') return { termType, value };
  if (termType === 'Literal')
    return { termType, value, datatype: datatype?.value ?? '', language: language ?? '' };
  throw new NotOurs(`a ${termType} is no term of a graph`);
}
