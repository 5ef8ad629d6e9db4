import { DataFactory, Parser, Store } from 'n3';
import type { Term, Triple } from '../rdf.ts';

/** A set of triples in memory, as the RDF/JS packages take it. */
export type TripleStore = Store;

/** What the RDF/JS packages make their terms with. */
export { DataFactory as termFactory };

/** A store of triples. About 1 MiB for a description: drop it once the description is read. */
export function storeOf(triples: readonly Triple[]): TripleStore {
  const store = new Store();
  addTriples(store, triples);
  return store;
}

/** A store of what a Turtle document says. */
export function parseTurtle(text: string): TripleStore {
  return new Store(new Parser().parse(text));
}

/** What a Turtle document says, as plain data. */
export function turtleTriples(text: string): readonly Triple[] {
  return new Parser().parse(text).map(({ subject, predicate, object }) => ({
    subject: plainNode(subject),
    predicate: { termType: 'NamedNode', value: predicate.value },
    object:
      object.termType === 'Literal'
        ? {
            termType: 'Literal',
            value: object.value,
            datatype: object.datatype.value,
            language: object.language,
          }
        : plainNode(object),
  }));
}

/** Adds triples to a store. */
export function addTriples(store: TripleStore, triples: readonly Triple[]): void {
  for (const { subject, predicate, object } of triples)
    store.addQuad(node(subject), DataFactory.namedNode(predicate.value), term(object));
}

function plainNode({
  termType,
  value,
}: {
  readonly termType: string;
  readonly value: string;
}): Triple['subject'] {
  return { termType: termType === 'BlankNode' ? 'BlankNode' : 'NamedNode', value };
}

type StoreNode = ReturnType<typeof DataFactory.namedNode> | ReturnType<typeof DataFactory.blankNode>;

function node({ termType, value }: Triple['subject']): StoreNode {
  return termType === 'NamedNode' ? DataFactory.namedNode(value) : DataFactory.blankNode(value);
}

function term(from: Term): StoreNode | ReturnType<typeof DataFactory.literal> {
  if (from.termType !== 'Literal') return node(from);
  return DataFactory.literal(
    from.value,
    from.language === '' ? DataFactory.namedNode(from.datatype) : from.language,
  );
}
