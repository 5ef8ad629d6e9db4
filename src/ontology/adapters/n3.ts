import { DataFactory, Parser, Store } from 'n3';
import type { Term, Triple } from '../rdf.ts';

/** A set of triples in memory, as the RDF/JS packages take it. */
export type TripleStore = Store;

/** What the RDF/JS packages make their terms with. */
export { DataFactory as termFactory };

/** A store of triples. About 1 MiB for a description: drop it once the description is read. */
export function storeOf(triples: readonly Triple[]): TripleStore {
  const store = new Store();
  for (const { subject, predicate, object } of triples)
    store.addQuad(node(subject), DataFactory.namedNode(predicate.value), term(object));
  return store;
}

/** A store of what a Turtle document says. */
export function parseTurtle(text: string): TripleStore {
  return new Store(new Parser().parse(text));
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
