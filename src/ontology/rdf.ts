/**
 * RDF terms and triples as plain data, so that everything between the adapters is free of their classes.
 * A description is one graph: named graphs are refused before they become triples.
 */

export interface NamedNode {
  readonly termType: 'NamedNode';
  readonly value: string;
}

export interface BlankNode {
  readonly termType: 'BlankNode';
  /** Label without `_:`. */
  readonly value: string;
}

export interface Literal {
  readonly termType: 'Literal';
  readonly value: string;
  /** IRI. */
  readonly datatype: string;
  /** Language tag, or empty. */
  readonly language: string;
}

export type Term = NamedNode | BlankNode | Literal;

export interface Triple {
  readonly subject: NamedNode | BlankNode;
  readonly predicate: NamedNode;
  readonly object: Term;
}

/** One solution of a SELECT query: variable → term; unbound variables are absent. */
export type Solution = ReadonlyMap<string, Term>;

export const rdfNamespace = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
export const rdfsNamespace = 'http://www.w3.org/2000/01/rdf-schema#';
export const owlNamespace = 'http://www.w3.org/2002/07/owl#';
export const shaclNamespace = 'http://www.w3.org/ns/shacl#';
export const xsdNamespace = 'http://www.w3.org/2001/XMLSchema#';

export const mynoNamespace = 'https://www.cs.uni-potsdam.de/bs/research/myno#';
export const mupNamespace = 'urn:mup:ontology#';

/** Namespaces that messages to authors abbreviate, and that packed descriptions do. */
export const knownPrefixes: readonly (readonly [prefix: string, namespace: string])[] = [
  ['onem2m', 'http://www.onem2m.org/ontology/Base_Ontology/base_ontology#'],
  ['myno', mynoNamespace],
  ['mup', mupNamespace],
  ['om-2', 'http://www.ontology-of-units-of-measure.org/resource/om-2/'],
  ['rdf', rdfNamespace],
  ['rdfs', rdfsNamespace],
  ['owl', owlNamespace],
  ['xsd', xsdNamespace],
];

/** A text by which a term is told from all others in one graph. */
export function termKey(term: Term): string {
  switch (term.termType) {
    case 'NamedNode':
      return term.value;
    case 'BlankNode':
      return `_:${term.value}`;
    case 'Literal':
      return `"${term.value}"^^${term.datatype}@${term.language}`;
  }
}

/** Order of code units, the same on every machine. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What stands behind the last `#`, `/` or `:` of an IRI. */
export function localName(iri: string): string {
  return iri.slice(Math.max(iri.lastIndexOf('#'), iri.lastIndexOf('/'), iri.lastIndexOf(':')) + 1);
}

/** A term as an author writes it: `myno:relayOn`, or in full. */
export function show(term: Term): string {
  if (term.termType === 'BlankNode') return 'a node without @id';
  if (term.termType === 'Literal') return JSON.stringify(term.value);
  const known = knownPrefixes.find(([, namespace]) => term.value.startsWith(namespace));
  return known === undefined ? term.value : `${known[0]}:${term.value.slice(known[1].length)}`;
}
