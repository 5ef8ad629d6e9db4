import { DescriptionError } from './description-error.ts';
import { rdfNamespace, type Term, type Triple, termKey } from './rdf.ts';

/** A description as triples without RDF collections. */
export interface Graph {
  readonly triples: readonly Triple[];
  /** Where an item of a list stands; `undefined` when its owner does not list it. */
  position(owner: Term, item: Term): number | undefined;
}

const first = `${rdfNamespace}first`;
const rest = `${rdfNamespace}rest`;
const nil = `${rdfNamespace}nil`;

/** A list that many share would multiply when it is unfolded. */
const maxTriples = 100_000;

/**
 * Unfolds RDF collections: each item becomes an object of the property that held the list, and its place is
 * kept beside the triples. Shapes and queries then need not know whether an author has used `@list`.
 * @throws DescriptionError `description-too-big`
 */
export function withoutLists(triples: readonly Triple[]): Graph {
  const cells = new Map<string, { item?: Term; next?: Term }>();
  for (const { subject, predicate, object } of triples) {
    if (predicate.value !== first && predicate.value !== rest) continue;
    const cell = cells.get(termKey(subject)) ?? {};
    cells.set(
      termKey(subject),
      predicate.value === first ? { item: object, ...cell } : { next: object, ...cell },
    );
  }
  const positions = new Map<string, number>();
  const unfolded = new Map<string, Triple>();
  for (const triple of triples) {
    if (triple.predicate.value === first || triple.predicate.value === rest) continue;
    const items = listItems(triple.object, cells);
    for (const [i, object] of (items ?? [triple.object]).entries()) {
      const key = `${termKey(triple.subject)} ${termKey(object)}`;
      if (items !== undefined && !positions.has(key)) positions.set(key, i);
      unfolded.set(`${key} ${triple.predicate.value}`, { ...triple, object });
      if (unfolded.size > maxTriples)
        throw new DescriptionError(
          'description-too-big',
          `the description holds more than ${maxTriples} triples`,
        );
    }
  }
  return {
    triples: [...unfolded.values()],
    position: (owner, item) => positions.get(`${termKey(owner)} ${termKey(item)}`),
  };
}

/** The items of a list, or `undefined` for what is no list. A list that bites its tail ends there. */
function listItems(
  head: Term,
  cells: ReadonlyMap<string, { item?: Term; next?: Term }>,
): readonly Term[] | undefined {
  if (head.termType === 'Literal') return undefined;
  if (head.value === nil) return [];
  if (!cells.has(termKey(head))) return undefined;
  const items: Term[] = [];
  const seen = new Set<string>();
  for (let at = termKey(head); !seen.has(at); ) {
    seen.add(at);
    const cell = cells.get(at);
    if (cell?.item !== undefined) items.push(cell.item);
    if (cell?.next === undefined) break;
    at = termKey(cell.next);
  }
  return items;
}
