import type { QueryEngine } from '@comunica/query-sparql-rdfjs-lite';
import { toAlgebra } from '@traqula/algebra-sparql-1-2';
import { Parser } from '@traqula/parser-sparql-1-2';
import { AstFactory } from '@traqula/rules-sparql-1-2';
import { UsageError } from '../../base/errors.ts';
import type { Lookup, Lookups } from '../queries.ts';
import type { Solution, Term, Triple } from '../rdf.ts';
import { type AlgebraTerm, inputsOf, NotOurs, type Operation, termOf } from '../sparql/algebra.ts';
import { type Construct, compileConstruct } from '../sparql/construct.ts';
import { compile, type Plan } from '../sparql/plan.ts';
import { TripleIndex } from '../sparql/triple-index.ts';
import type { TripleStore } from './n3.ts';

type EngineQuery = Parameters<QueryEngine['queryBindings']>[0];

let loading: Promise<QueryEngine> | undefined;

/** The engine, which takes over a second and 37 MiB to load: when the first query needs it. */
function loadEngine(): Promise<QueryEngine> {
  loading ??= import('@comunica/query-sparql-rdfjs-lite').then(({ QueryEngine }) => new QueryEngine());
  return loading;
}

/** What a query is a union of. */
interface Branch {
  readonly operation: Operation;
  /** Undefined where it is left to the engine. */
  readonly plan: Plan | undefined;
}

/**
 * SELECT queries, parsed once. Their branches are answered from the triples where we can, those of one triple
 * pattern, which most are, without looking for anything (SPARQL 1.1 §18.3.1: each triple that fits is a
 * solution). The others are asked of the engine together, because it has a price of about 2 ms a run and 0.5 ms
 * a branch; those whose predicates the graph lacks are left out.
 */
export class PreparedQueries {
  readonly #variables = new Map<string, AlgebraTerm>();
  readonly #lookups = new Map<string, Lookup[]>();
  readonly #branches: readonly Branch[];

  /** @param texts queries whose variables tell their solutions apart */
  constructor(texts: readonly string[]) {
    const branches = texts.map((text) => this.#parsed(text)).flatMap(branchesOf);
    this.#branches = branches
      .filter((branch) => !this.#isLookup(branch))
      .map((operation) => ({ operation, plan: orUndefined(() => compile(operation)) }));
  }

  get lookups(): Lookups {
    return this.#lookups;
  }

  /**
   * The solutions of all queries over a graph.
   * @param store the triples for the engine, where it is needed
   * @param predicates those that the graph has
   */
  async solve(
    triples: readonly Triple[],
    store: () => TripleStore,
    predicates: ReadonlySet<string>,
  ): Promise<readonly Solution[]> {
    const found = triples.flatMap((triple) => this.#lookedUp(triple));
    const wanted = this.#branches.filter(({ operation }) => mayMatch(operation, predicates));
    if (wanted.length === 0) return found;
    const graph = new TripleIndex(triples);
    const rest: Operation[] = [];
    for (const { operation, plan } of wanted) {
      const solutions = orUndefined(() => plan?.run(graph));
      if (solutions === undefined) rest.push(operation);
      else for (const solution of solutions) found.push(this.#projected(solution));
    }
    return rest.length === 0 ? found : [...found, ...(await this.#fromEngine(rest, store()))];
  }

  #projected(solution: Solution): Solution {
    return new Map([...solution].filter(([name]) => this.#variables.has(name)));
  }

  async #fromEngine(input: readonly Operation[], store: TripleStore): Promise<readonly Solution[]> {
    const variables = [...this.#variables.values()];
    const query: Operation = { type: 'project', variables, input: { type: 'union', input } };
    const engine = await loadEngine();
    const stream = await engine.queryBindings(query as unknown as EngineQuery, { sources: [store] });
    return (await stream.toArray()).map(
      (binding) => new Map(Array.from(binding, ([variable, value]) => [variable.value, term(value)])),
    );
  }

  #parsed(text: string): Operation {
    const operation = algebraOf(text);
    for (const variable of operation.variables ?? []) this.#variables.set(variable.value, variable);
    return operation;
  }

  /** Whether a branch is a lookup, which is kept in mind. */
  #isLookup({ type, patterns }: Operation): boolean {
    const [{ subject, predicate, object } = {}, second] = patterns ?? [];
    const plain =
      type === 'bgp' &&
      second === undefined &&
      subject?.termType === 'Variable' &&
      isNamed(predicate) &&
      object?.termType === 'Variable' &&
      subject.value !== object.value;
    if (!plain) return false;
    const lookups = this.#lookups.get(predicate.value) ?? [];
    this.#lookups.set(predicate.value, [...lookups, { subject: subject.value, object: object.value }]);
    return true;
  }

  /** What a triple is to each query that looks up its predicate. */
  #lookedUp({ subject, predicate, object }: Triple): readonly Solution[] {
    const lookups = this.#lookups.get(predicate.value) ?? [];
    return lookups.map(
      (lookup) =>
        new Map<string, Term>([
          [lookup.subject, subject],
          [lookup.object, object],
        ]),
    );
  }
}

/** A CONSTRUCT query, parsed once: answered from the triples where we can, which is much quicker, else by the engine. */
export class PreparedConstruct {
  readonly #query: EngineQuery;
  readonly #ours: Construct | undefined;

  /** @throws Error of the parser, or UsageError `bad-mapping` for any other kind of query */
  constructor(text: string) {
    const query = algebraOf(text);
    if (query.type !== 'construct')
      throw new UsageError('bad-mapping', `a mapping is a CONSTRUCT query, not ${query.type}`);
    this.#query = query as unknown as EngineQuery;
    this.#ours = orUndefined(() => compileConstruct(query));
  }

  /** Whether it is in the part of SPARQL that needs no engine. */
  get isOurs(): boolean {
    return this.#ours !== undefined;
  }

  /**
   * What the query makes of a graph; nodes that it makes up have labels beginning with `prefix`.
   * @param store the same triples, where the engine is needed
   */
  async triples(graph: TripleIndex, store: () => TripleStore, prefix: string): Promise<readonly Triple[]> {
    return orUndefined(() => this.#ours?.(graph, prefix)) ?? (await this.fromEngine(store(), prefix));
  }

  /** The same by the engine. */
  async fromEngine(store: TripleStore, prefix: string): Promise<readonly Triple[]> {
    const own = new Set(store.getSubjects(null, null, null).map(({ value }) => value));
    const engine = await loadEngine();
    const stream = await engine.queryQuads(this.#query, { sources: [store] });
    const label = (node: Term): Term =>
      node.termType === 'BlankNode' && !own.has(node.value)
        ? { termType: 'BlankNode', value: `${prefix}${node.value}` }
        : node;
    const quads = await stream.toArray();
    // SPARQL 1.1 §16.2: what is no triple is left out.
    return quads
      .filter(({ subject }) => (subject.termType as string) !== 'Literal')
      .map(({ subject, predicate, object }) => ({
        subject: label(term(subject)) as Triple['subject'],
        predicate: { termType: 'NamedNode', value: predicate.value },
        object: label(term(object)),
      }));
  }
}

const parser = new Parser();

/** @throws Error of the parser */
function algebraOf(text: string): Operation {
  const tree = parser.parse(text, { astFactory: new AstFactory() });
  return toAlgebra(tree, { quads: true, blankToVariable: true }) as unknown as Operation;
}

function orUndefined<Result>(task: () => Result): Result | undefined {
  try {
    return task();
  } catch (error) {
    if (error instanceof NotOurs) return undefined;
    throw error;
  }
}

/** What a query is a union of; a query that is more than a projection stays whole. */
function branchesOf(query: Operation): readonly Operation[] {
  if (query.type !== 'project' || query.input === undefined) return [query];
  return inputsOf(query).flatMap((body) => (body.type === 'union' ? inputsOf(body) : [body]));
}

function isNamed(predicate: Operation['predicate']): predicate is AlgebraTerm {
  return predicate !== undefined && 'termType' in predicate && predicate.termType === 'NamedNode';
}

/** Whether an operation can have a solution; errs on the side of yes for what it does not know. */
function mayMatch(operation: Operation, predicates: ReadonlySet<string>): boolean {
  const { type, predicate, patterns } = operation;
  if (type === 'pattern') return !isNamed(predicate) || predicates.has(predicate.value);
  if (type === 'bgp') return patterns?.every((pattern) => mayMatch(pattern, predicates)) ?? true;
  if (type === 'union') return inputsOf(operation).some((input) => mayMatch(input, predicates));
  const needsAll = ['join', 'extend', 'filter', 'project', 'distinct', 'orderby', 'slice'].includes(type);
  return !needsAll || inputsOf(operation).every((input) => mayMatch(input, predicates));
}

/** Comunica puts the number of the source, of which we have one, before the labels of its nodes. */
const sourceLabel = /^bc_0_/;

function term({ termType, value, datatype, language }: AlgebraTerm): Term {
  const label = termType === 'BlankNode' ? value.replace(sourceLabel, '') : value;
  return termOf({ termType, value: label, ...(datatype && { datatype }), ...(language && { language }) });
}
