import { type Solution, type Term, type Triple, termKey } from '../rdf.ts';
import { type AlgebraTerm, inputsOf, NotOurs, type Operation, required, termOf } from './algebra.ts';
import { spread } from './joins.ts';
import type { TripleIndex } from './triple-index.ts';

/** A place in a triple pattern: a term, or the name of a variable. */
type Slot = Term | string;

interface TriplePattern {
  readonly subject: Slot;
  /** One, or those that a path has as alternatives. */
  readonly predicates: readonly Slot[];
  readonly object: Slot;
}

/** A basic graph pattern (SPARQL 1.1 §18.3.1), or a path of alternatives (§18.1.7). */
export class GraphPattern {
  readonly variables: ReadonlySet<string>;
  readonly #patterns: readonly TriplePattern[];

  /** @throws NotOurs */
  constructor(operation: Operation) {
    this.#patterns = (operation.type === 'bgp' ? required(operation.patterns) : [operation]).map(patternOf);
    const slots = this.#patterns.flatMap(({ subject, predicates, object }) => [
      subject,
      ...predicates,
      object,
    ]);
    this.variables = new Set(slots.filter((slot) => typeof slot === 'string'));
  }

  /** Each solution with what the graph has for it. */
  extend(graph: TripleIndex, solutions: readonly Solution[]): readonly Solution[] {
    let found = solutions;
    for (const pattern of inOrder(this.#patterns, new Set(solutions[0]?.keys())))
      found = spread(found, (solution) => matches(pattern, graph, solution));
    return found;
  }
}

/** @throws NotOurs */
function patternOf({ subject, predicate, object, graph }: Operation): TriplePattern {
  if (graph !== undefined && graph.termType !== 'DefaultGraph') throw new NotOurs('a named graph');
  return {
    subject: slotOf(required(subject)),
    predicates: predicatesOf(required(predicate)),
    object: slotOf(required(object)),
  };
}

function slotOf(term: AlgebraTerm): Slot {
  return term.termType === 'Variable' ? term.value : termOf(term);
}

function predicatesOf(predicate: AlgebraTerm | Operation): readonly Slot[] {
  if ('termType' in predicate) return [slotOf(predicate)];
  if (predicate.type === 'link') return [slotOf(required(predicate.iri))];
  if (predicate.type === 'alt') return inputsOf(predicate).flatMap(predicatesOf);
  throw new NotOurs(`a path of the kind ${predicate.type}`);
}

/** Those first that have the most places known, so that few triples are looked at. */
function inOrder(patterns: readonly TriplePattern[], bound: Set<string>): readonly TriplePattern[] {
  const left = [...patterns];
  const ordered: TriplePattern[] = [];
  const known = (slot: Slot): boolean => typeof slot !== 'string' || bound.has(slot);
  const weight = ({ subject, predicates, object }: TriplePattern): number =>
    (known(subject) ? 4 : 0) + (known(object) ? 3 : 0) + (predicates.every(known) ? 2 : 0);
  while (left.length > 0) {
    const [best = left[0]] = left.toSorted((a, b) => weight(b) - weight(a));
    if (best === undefined) break;
    left.splice(left.indexOf(best), 1);
    ordered.push(best);
    for (const slot of [best.subject, ...best.predicates, best.object])
      if (typeof slot === 'string') bound.add(slot);
  }
  return ordered;
}

function matches(pattern: TriplePattern, graph: TripleIndex, solution: Solution): readonly Solution[] {
  const subject = valueAt(pattern.subject, solution);
  const object = valueAt(pattern.object, solution);
  return pattern.predicates.flatMap((slot) =>
    graph.candidates(subject, valueAt(slot, solution), object).flatMap((triple) => {
      const found = bound(pattern, slot, triple, solution);
      return found === undefined ? [] : [found];
    }),
  );
}

function valueAt(slot: Slot, solution: Solution): Term | undefined {
  return typeof slot === 'string' ? solution.get(slot) : slot;
}

/** The solution with the variables of a pattern bound to a triple, or `undefined` where it does not fit. */
function bound(
  { subject, object }: TriplePattern,
  predicate: Slot,
  triple: Triple,
  solution: Solution,
): Solution | undefined {
  const extended = new Map(solution);
  for (const [slot, term] of [
    [subject, triple.subject],
    [predicate, triple.predicate],
    [object, triple.object],
  ] as const) {
    const value = valueAt(slot, extended);
    if (value === undefined) extended.set(slot as string, term);
    else if (termKey(value) !== termKey(term)) return undefined;
  }
  return extended;
}
