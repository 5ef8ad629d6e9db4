import { DescriptionError } from '../description-error.ts';
import { type Solution, termKey } from '../rdf.ts';

/**
 * Joins of solutions (SPARQL 1.1 §18.4, §18.5). `shared` are variables that all solutions of both sides bind:
 * by them those are found that can belong together.
 */

/** Solutions of a part of a query: a few thousand triples can be made to have billions. */
const maxSolutions = 100_000;

/** What becomes of each solution. @throws DescriptionError `description-too-big` when there are too many */
export function spread(
  solutions: readonly Solution[],
  into: (solution: Solution) => readonly Solution[],
): readonly Solution[] {
  const all: Solution[] = [];
  for (const solution of solutions) {
    for (const one of into(solution)) all.push(one);
    if (all.length > maxSolutions)
      throw new DescriptionError(
        'description-too-big',
        `a mapping finds over ${maxSolutions} solutions in the description`,
      );
  }
  return all;
}

/** Whether two solutions agree where both bind a variable. */
function compatible(one: Solution, other: Solution): boolean {
  for (const [name, term] of one) {
    const value = other.get(name);
    if (value !== undefined && termKey(value) !== termKey(term)) return false;
  }
  return true;
}

export function joined(
  left: readonly Solution[],
  right: readonly Solution[],
  shared: readonly string[],
): readonly Solution[] {
  const partners = partnersIn(right, shared);
  return spread(left, (one) => partners(one).map((other) => new Map([...one, ...other])));
}

/** Each of the left joined with those of the right that fulfil the condition, or alone. */
export function leftJoined(
  left: readonly Solution[],
  right: readonly Solution[],
  shared: readonly string[],
  condition: (solution: Solution) => boolean,
): readonly Solution[] {
  const partners = partnersIn(right, shared);
  return spread(left, (one) => {
    const both = partners(one).map((other) => new Map([...one, ...other]));
    const kept = both.filter(condition);
    return kept.length === 0 ? [one] : kept;
  });
}

/** Those of the left with which none of the right agrees in a variable that both bind. */
export function withoutThose(
  left: readonly Solution[],
  right: readonly Solution[],
  shared: readonly string[],
): readonly Solution[] {
  const partners = partnersIn(right, shared);
  return left.filter(
    (one) => !partners(one).some((other) => [...one.keys()].some((name) => other.has(name))),
  );
}

function partnersIn(
  solutions: readonly Solution[],
  shared: readonly string[],
): (solution: Solution) => readonly Solution[] {
  const byKey = new Map<string, Solution[]>();
  for (const solution of solutions) {
    const key = keyOf(solution, shared);
    const list = byKey.get(key);
    if (list === undefined) byKey.set(key, [solution]);
    else list.push(solution);
  }
  return (one) => (byKey.get(keyOf(one, shared)) ?? []).filter((other) => compatible(one, other));
}

/** The same for solutions that bind these variables to the same; what is not bound has a key of its own. */
export function keyOf(solution: Solution, names: readonly string[]): string {
  return JSON.stringify(
    names.map((name) => {
      const term = solution.get(name);
      return term === undefined ? null : termKey(term);
    }),
  );
}
