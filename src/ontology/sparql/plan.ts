import type { Solution } from '../rdf.ts';
import { inputsOf, NotOurs, type Operation, required, termOf } from './algebra.ts';
import { compileExpression } from './expression.ts';
import { GraphPattern } from './graph-pattern.ts';
import { compileGroup } from './group.ts';
import { joined, leftJoined, withoutThose } from './joins.ts';
import type { TripleIndex } from './triple-index.ts';
import { isTrue } from './values.ts';

/** A part of a query that can be asked. */
export interface Plan {
  /** Variables that every solution binds. */
  readonly certain: ReadonlySet<string>;
  /** Variables that a solution may bind. */
  readonly possible: ReadonlySet<string>;
  /** @throws NotOurs where values come up that are left to an engine */
  run(graph: TripleIndex): readonly Solution[];
  /** Of a pattern of triples: the same as a join of these solutions with it, and much quicker. */
  extend?(graph: TripleIndex, solutions: readonly Solution[]): readonly Solution[];
}

const none: ReadonlySet<string> = new Set();
const once: readonly Solution[] = [new Map()];

/** @throws NotOurs */
export function compile(operation: Operation): Plan {
  switch (operation.type) {
    case 'bgp':
    case 'path':
      return compilePattern(operation);
    case 'values':
      return compileValues(operation);
    case 'join':
      return inputsOf(operation).map(compile).reduce(join);
    case 'union':
      return union(inputsOf(operation).map(compile));
    case 'minus':
      return minus(operation);
    case 'leftjoin':
      return leftJoin(operation);
    case 'extend':
      return extend(operation);
    case 'filter':
      return filter(operation);
    case 'project':
      return project(operation);
    case 'group':
      return compileGroup(operation, compile(required(inputsOf(operation)[0])));
    default:
      throw new NotOurs(`the operation ${operation.type}`);
  }
}

function compilePattern(operation: Operation): Plan {
  const pattern = new GraphPattern(operation);
  const extendAll = (graph: TripleIndex, solutions: readonly Solution[]): readonly Solution[] =>
    pattern.extend(graph, solutions);
  const { variables } = pattern;
  return {
    certain: variables,
    possible: variables,
    run: (graph) => extendAll(graph, once),
    extend: extendAll,
  };
}

function compileValues({ variables = [], bindings = [] }: Operation): Plan {
  const solutions = bindings.map(
    (binding) =>
      new Map(Object.entries(binding).map(([name, term]) => [name.replace(/^\?/, ''), termOf(term)])),
  );
  const possible = new Set(variables.map(({ value }) => value));
  const certain = new Set([...possible].filter((name) => solutions.every((solution) => solution.has(name))));
  return { certain, possible, run: () => solutions };
}

function join(left: Plan, right: Plan): Plan {
  const [first, second] =
    left.extend !== undefined && right.extend === undefined ? [right, left] : [left, right];
  const { extend: extendBy } = second;
  // What binds a variable perhaps would take part in the pattern as if it were free.
  const safe = [...first.possible].every((name) => first.certain.has(name) || !second.possible.has(name));
  const shared = common(first.certain, second.certain);
  return {
    certain: merged(first.certain, second.certain),
    possible: merged(first.possible, second.possible),
    run:
      extendBy !== undefined && safe
        ? (graph) => extendBy(graph, first.run(graph))
        : (graph) => joined(first.run(graph), second.run(graph), shared),
  };
}

function union(parts: readonly Plan[]): Plan {
  const certain = parts.map((part) => part.certain).reduce((all, one) => new Set(common(all, one)));
  const possible = parts.reduce((all, one) => merged(all, one.possible), none);
  return { certain, possible, run: (graph) => parts.flatMap((part) => part.run(graph)) };
}

function minus(operation: Operation): Plan {
  const [left, right] = inputsOf(operation).map(compile);
  const [from, those] = [required(left), required(right)];
  const shared = common(from.certain, those.certain);
  return {
    certain: from.certain,
    possible: from.possible,
    run: (graph) => withoutThose(from.run(graph), those.run(graph), shared),
  };
}

function leftJoin(operation: Operation): Plan {
  const [first, second] = inputsOf(operation).map(compile);
  const [left, right] = [required(first), required(second)];
  const shared = common(left.certain, right.certain);
  const condition = operation.expression === undefined ? undefined : compileExpression(operation.expression);
  return {
    certain: left.certain,
    possible: merged(left.possible, right.possible),
    run: (graph) =>
      leftJoined(left.run(graph), right.run(graph), shared, (solution) =>
        condition === undefined ? true : isTrue(condition(solution, graph)) === true,
      ),
  };
}

function extend(operation: Operation): Plan {
  const input = compile(required(inputsOf(operation)[0]));
  const name = required(operation.variable).value;
  const expression = compileExpression(required(operation.expression));
  return {
    certain: input.certain,
    possible: new Set([...input.possible, name]),
    run: (graph) =>
      input.run(graph).map((solution) => {
        const value = expression(solution, graph);
        return value === undefined ? solution : new Map(solution).set(name, value);
      }),
  };
}

function filter(operation: Operation): Plan {
  const { certain, possible, run } = compile(required(inputsOf(operation)[0]));
  const condition = compileExpression(required(operation.expression));
  return {
    certain,
    possible,
    run: (graph) => run(graph).filter((solution) => isTrue(condition(solution, graph)) === true),
  };
}

function project(operation: Operation): Plan {
  const input = compile(required(inputsOf(operation)[0]));
  const names = new Set(required(operation.variables).map(({ value }) => value));
  return {
    certain: new Set(common(input.certain, names)),
    possible: new Set(common(input.possible, names)),
    run: (graph) =>
      input.run(graph).map((solution) => new Map([...solution].filter(([name]) => names.has(name)))),
  };
}

function common(one: ReadonlySet<string>, other: ReadonlySet<string>): readonly string[] {
  return [...one].filter((name) => other.has(name));
}

function merged(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...one, ...other]);
}
