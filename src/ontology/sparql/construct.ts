import { type Solution, type Term, type Triple, termKey } from '../rdf.ts';
import { type AlgebraTerm, inputsOf, type Operation, required, termOf } from './algebra.ts';
import { compile } from './plan.ts';
import type { TripleIndex } from './triple-index.ts';

/**
 * What a CONSTRUCT (SPARQL 1.1 §16.2) makes of a graph; nodes that it makes up have labels beginning with
 * `prefix`.
 * @throws NotOurs where values come up that are left to an engine
 */
export type Construct = (graph: TripleIndex, prefix: string) => readonly Triple[];

/** @throws NotOurs for a query of which a part is left to an engine */
export function compileConstruct(query: Operation): Construct {
  const plan = compile(required(inputsOf(query)[0]));
  const template = required(query.template).map(({ subject, predicate, object }) => [
    place(required(subject)),
    place(required(predicate) as AlgebraTerm),
    place(required(object)),
  ]);
  return (graph, prefix) => {
    const made = new Map<string, Triple>();
    for (const [i, solution] of plan.run(graph).entries())
      for (const places of template) {
        const [subject, predicate, object] = places.map((of) => of(solution, `${prefix}${i}-`));
        // What is not bound, or no triple, is left out.
        if (subject === undefined || subject.termType === 'Literal') continue;
        if (predicate?.termType !== 'NamedNode' || object === undefined) continue;
        const key = [subject, predicate, object].map(termKey).join(' ');
        made.set(key, { subject, predicate, object });
      }
    return [...made.values()];
  };
}

type Place = (solution: Solution, prefix: string) => Term | undefined;

function place(term: AlgebraTerm): Place {
  if (term.termType === 'Variable') return (solution) => solution.get(term.value);
  const constant = termOf(term);
  if (constant.termType !== 'BlankNode') return () => constant;
  return (_, prefix) => ({ termType: 'BlankNode', value: `${prefix}${constant.value}` });
}
