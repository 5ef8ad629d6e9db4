import type { Solution } from '../rdf.ts';
import { NotOurs, type Operation, required } from './algebra.ts';
import { compileExpression, type Evaluate } from './expression.ts';
import { keyOf } from './joins.ts';
import type { Plan } from './plan.ts';
import type { TripleIndex } from './triple-index.ts';
import { text, textOf, type Value } from './values.ts';

/** GROUP BY variables with the first text of each group (SPARQL 1.1 §18.5.1). @throws NotOurs for more */
export function compileGroup({ variables = [], aggregates = [] }: Operation, input: Plan): Plan {
  const names = variables.map(({ value }) => value);
  if (names.length === 0) throw new NotOurs('one group of all');
  const minima = aggregates.map(minimum);
  return {
    certain: new Set(names.filter((name) => input.certain.has(name))),
    possible: new Set([...names, ...minima.map(({ name }) => name)]),
    run: (graph) => {
      const groups = new Map<string, Solution[]>();
      for (const solution of input.run(graph)) {
        const key = keyOf(solution, names);
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [solution]);
        else group.push(solution);
      }
      return [...groups.values()].map((group) => aggregated(group, names, minima, graph));
    },
  };
}

interface Minimum {
  readonly name: string;
  readonly of: Evaluate;
}

function minimum({ aggregator, distinct, expression, variable }: Operation): Minimum {
  if (aggregator !== 'min' || distinct === true) throw new NotOurs(`the aggregate ${aggregator}`);
  return { name: required(variable).value, of: compileExpression(required(expression)) };
}

function aggregated(
  group: readonly Solution[],
  names: readonly string[],
  minima: readonly Minimum[],
  graph: TripleIndex,
): Solution {
  const result = new Map([...(group[0] ?? [])].filter(([name]) => names.includes(name)));
  for (const { name, of } of minima) {
    const least = leastText(group.map((solution) => of(solution, graph)));
    if (least !== undefined) result.set(name, text(least));
  }
  return result;
}

/** @throws NotOurs where some are no texts */
function leastText(values: readonly Value[]): string | undefined {
  const texts = values.map(textOf).filter((one) => one !== undefined);
  if (texts.length > 0 && texts.length < values.length) throw new NotOurs('a minimum of more than texts');
  if (texts.length === 0 && values.some((value) => value !== undefined))
    throw new NotOurs('a minimum of what are no texts');
  return texts.length === 0 ? undefined : texts.reduce((least, one) => (one < least ? one : least));
}
