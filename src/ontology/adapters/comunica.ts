import { QueryEngine } from '@comunica/query-sparql-rdfjs-lite';
import { InternalError } from '../../base/errors.ts';
import type { Solution, Term } from '../rdf.ts';
import type { TripleStore } from './n3.ts';

/** An RDF/JS term, as far as we read it. */
interface RdfJsTerm {
  readonly termType: string;
  readonly value: string;
  readonly datatype?: { readonly value: string };
  readonly language?: string;
}

const engine = new QueryEngine();

/** Runs a SELECT query over a store. */
export async function select(query: string, store: TripleStore): Promise<readonly Solution[]> {
  const stream = await engine.queryBindings(query, { sources: [store] });
  const solutions: Solution[] = [];
  for (const binding of await stream.toArray()) {
    const solution = new Map<string, Term>();
    for (const [variable, value] of binding) solution.set(variable.value, term(value));
    solutions.push(solution);
  }
  return solutions;
}

function term({ termType, value, datatype, language }: RdfJsTerm): Term {
  if (termType === 'NamedNode' || termType === 'BlankNode') return { termType, value };
  if (termType === 'Literal')
    return { termType, value, datatype: datatype?.value ?? '', language: language ?? '' };
  throw new InternalError(`a query yielded a ${termType}`);
}
