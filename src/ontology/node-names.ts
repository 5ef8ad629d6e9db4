import { isIdentifier, sortBy } from './names.ts';
import { localName, type NamedNode, rdfNamespace, type Term, type Triple, termKey } from './rdf.ts';

const first = `${rdfNamespace}first`;

/** Nodes of a document nest so far; what is deeper got a name by a cycle. */
const maxDepth = 64;

/** An edge to a node without a name. */
interface Edge {
  readonly from: Term;
  readonly property: string;
}

/**
 * Gives nodes without an `@id` one that says where they hang: `<owner>/<property>/<name>`, the name taken from
 * the first of the given properties that they have (`td:name`). Other vocabularies name things by the keys of
 * JSON objects, and the end of an IRI is what names RPCs and leaves here. Cells of lists stay as they are.
 */
export function nameNodes(triples: readonly Triple[], nameProperties: readonly string[]): readonly Triple[] {
  const edges = new Map<string, Edge>();
  const given = new Map<string, string>();
  const nodes = new Map<string, Term>();
  const cells = new Set<string>();
  for (const { subject, predicate, object } of triples) {
    if (subject.termType === 'BlankNode') nodes.set(termKey(subject), subject);
    if (predicate.value === first) cells.add(termKey(subject));
    if (object.termType === 'BlankNode' && !edges.has(termKey(object)))
      edges.set(termKey(object), { from: subject, property: predicate.value });
    if (nameProperties.includes(predicate.value) && object.termType === 'Literal')
      given.set(termKey(subject), object.value);
  }
  const names = new Names(edges, given);
  // Of two that would have one name, the order of names decides, not that of triples.
  const ordered = sortBy([...nodes], ([key]) => [given.get(key) ?? '', key]);
  for (const [key, node] of ordered) if (!cells.has(key)) names.of(node);
  return triples.map(({ subject, predicate, object }) => ({
    subject: names.known(subject) ?? subject,
    predicate,
    object: names.known(object) ?? object,
  }));
}

class Names {
  readonly #edges: ReadonlyMap<string, Edge>;
  readonly #given: ReadonlyMap<string, string>;
  readonly #names = new Map<string, NamedNode>();
  readonly #taken = new Set<string>();

  constructor(edges: ReadonlyMap<string, Edge>, given: ReadonlyMap<string, string>) {
    this.#edges = edges;
    this.#given = given;
  }

  known(node: Term): NamedNode | undefined {
    return node.termType === 'BlankNode' ? this.#names.get(termKey(node)) : undefined;
  }

  of(node: Term, depth = 0): string {
    if (node.termType !== 'BlankNode') return node.value;
    const key = termKey(node);
    const known = this.#names.get(key);
    if (known !== undefined) return known.value;
    const edge = depth < maxDepth ? this.#edges.get(key) : undefined;
    const name = this.#given.get(key);
    const place =
      edge === undefined ? 'urn:thing' : `${this.of(edge.from, depth + 1)}/${localName(edge.property)}`;
    // A cycle may have named it meanwhile.
    const meanwhile = this.#names.get(key);
    if (meanwhile !== undefined) return meanwhile.value;
    return this.#take(key, name === undefined ? place : `${place}/${identifierOf(name)}`);
  }

  #take(key: string, iri: string): string {
    let free = iri;
    for (let n = 2; this.#taken.has(free); n += 1) free = `${iri}-${n}`;
    this.#taken.add(free);
    this.#names.set(key, { termType: 'NamedNode', value: free });
    return free;
  }
}

/** A name as YANG takes it (RFC 6020 §6.2): other characters become hyphens. */
function identifierOf(name: string): string {
  const plain = name.slice(0, 64).replace(/[^A-Za-z0-9_.-]/g, '-');
  return isIdentifier(plain) ? plain : `_${plain}`.slice(0, 64);
}
