import type { NamedNode, Term, Triple } from './rdf.ts';

/** `<older> dct:isReplacedBy <newer>`: says in an ontology that a namespace has got another name. */
const isReplacedBy = 'http://purl.org/dc/terms/isReplacedBy';

/** An older name of a namespace and the one that shapes, queries and mappings know. */
export type Renaming = readonly [older: string, newer: string];

/** The namespaces that an ontology says were replaced. */
export function renamings(ontology: readonly Triple[]): readonly Renaming[] {
  return ontology
    .filter(({ predicate, subject, object }) => predicate.value === isReplacedBy && isIri(subject, object))
    .map(({ subject, object }) => [subject.value, object.value] as const);
}

function isIri(...terms: readonly Term[]): boolean {
  return terms.every(({ termType }) => termType === 'NamedNode');
}

/** The same triples with each namespace under its newest name. */
export function renamed(triples: readonly Triple[], names: readonly Renaming[]): readonly Triple[] {
  const changed = new Map<string, NamedNode>();
  const rename = <T extends Term>(term: T): T | NamedNode => {
    if (term.termType !== 'NamedNode') return term;
    const known = changed.get(term.value);
    if (known !== undefined) return known;
    const found = names.find(([older]) => term.value.startsWith(older));
    const node: NamedNode =
      found === undefined
        ? term
        : { termType: 'NamedNode', value: found[1] + term.value.slice(found[0].length) };
    changed.set(term.value, node);
    return node;
  };
  return triples.map(({ subject, predicate, object }) => ({
    subject: rename(subject),
    predicate: rename(predicate) as NamedNode,
    object: rename(object),
  }));
}
