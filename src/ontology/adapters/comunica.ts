import { QueryEngine } from '@comunica/query-sparql-rdfjs-lite';
import { toAlgebra } from '@traqula/algebra-sparql-1-2';
import { Parser } from '@traqula/parser-sparql-1-2';
import { AstFactory } from '@traqula/rules-sparql-1-2';
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

/** An operation of the SPARQL algebra, as far as we read it. */
interface Operation {
  readonly type: string;
  readonly input?: Operation | readonly Operation[];
  /** Of a basic graph pattern. */
  readonly patterns?: readonly Operation[];
  /** Of a triple pattern. */
  readonly predicate?: RdfJsTerm;
  /** Of a projection. */
  readonly variables?: readonly RdfJsTerm[];
}

type EngineQuery = Parameters<QueryEngine['queryBindings']>[0];

const engine = new QueryEngine();

/**
 * SELECT queries, parsed once and asked together: each run has a price of its own of about 2 ms, and so has
 * each branch of a UNION, so branches that name a predicate which the store does not have are left out.
 */
export class PreparedQueries {
  readonly #variables: readonly RdfJsTerm[];
  readonly #branches: readonly Operation[];

  /** @param texts queries whose variables tell their solutions apart */
  constructor(texts: readonly string[]) {
    const operations = texts.map(parse);
    const variables = new Map<string, RdfJsTerm>();
    for (const operation of operations)
      for (const variable of operation.variables ?? []) variables.set(variable.value, variable);
    this.#variables = [...variables.values()];
    this.#branches = operations.flatMap(branchesOf);
  }

  /** The solutions of all queries over a store. @param predicates those that the store has */
  async solve(store: TripleStore, predicates: ReadonlySet<string>): Promise<readonly Solution[]> {
    const input = this.#branches.filter((branch) => mayMatch(branch, predicates));
    if (input.length === 0) return [];
    const query: Operation = { type: 'project', variables: this.#variables, input: { type: 'union', input } };
    const stream = await engine.queryBindings(query as unknown as EngineQuery, { sources: [store] });
    const solutions: Solution[] = [];
    for (const binding of await stream.toArray()) {
      const solution = new Map<string, Term>();
      for (const [variable, value] of binding) solution.set(variable.value, term(value));
      solutions.push(solution);
    }
    return solutions;
  }
}

const parser = new Parser();

function parse(text: string): Operation {
  const syntax = parser.parse(text, { astFactory: new AstFactory() });
  return toAlgebra(syntax, { quads: true, blankToVariable: true }) as unknown as Operation;
}

/** What a query is a union of; a query that is more than a projection stays whole. */
function branchesOf(query: Operation): readonly Operation[] {
  if (query.type !== 'project' || query.input === undefined) return [query];
  return inputsOf(query).flatMap((body) => (body.type === 'union' ? inputsOf(body) : [body]));
}

function inputsOf({ input }: Operation): readonly Operation[] {
  if (input === undefined) return [];
  return isList(input) ? input : [input];
}

function isList(input: Operation | readonly Operation[]): input is readonly Operation[] {
  return Array.isArray(input);
}

/** Whether an operation can have a solution; errs on the side of yes for what it does not know. */
function mayMatch(operation: Operation, predicates: ReadonlySet<string>): boolean {
  const { type, predicate, patterns } = operation;
  if (type === 'pattern') return predicate?.termType !== 'NamedNode' || predicates.has(predicate.value);
  if (type === 'bgp') return patterns?.every((pattern) => mayMatch(pattern, predicates)) ?? true;
  if (type === 'union') return inputsOf(operation).some((input) => mayMatch(input, predicates));
  const needsAll = ['join', 'extend', 'filter', 'project', 'distinct', 'orderby', 'slice'].includes(type);
  return !needsAll || inputsOf(operation).every((input) => mayMatch(input, predicates));
}

function term({ termType, value, datatype, language }: RdfJsTerm): Term {
  if (termType === 'NamedNode' || termType === 'BlankNode') return { termType, value };
  if (termType === 'Literal')
    return { termType, value, datatype: datatype?.value ?? '', language: language ?? '' };
  throw new InternalError(`a query yielded a ${termType}`);
}
