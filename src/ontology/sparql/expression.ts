import type { Solution } from '../rdf.ts';
import { NotOurs, type Operation, required, termOf } from './algebra.ts';
import { functions } from './functions.ts';
import { GraphPattern } from './graph-pattern.ts';
import type { TripleIndex } from './triple-index.ts';
import { isTrue, truth, type Value } from './values.ts';

/** What an expression is for a solution. @throws NotOurs */
export type Evaluate = (solution: Solution, graph: TripleIndex) => Value;

/** @throws NotOurs */
export function compileExpression(expression: Operation): Evaluate {
  const { subType, term, args = [] } = expression;
  if (subType === 'term') {
    const given = required(term);
    if (given.termType === 'Variable') return (solution) => solution.get(given.value);
    const constant = termOf(given);
    return () => constant;
  }
  if (subType === 'existence') return existence(expression);
  if (subType === 'operator') return operator(required(expression.operator), args);
  if (subType === 'named') return call(required(expression.name).value, args.map(compileExpression));
  throw new NotOurs(`an expression of the kind ${subType}`);
}

/** SPARQL 1.1 §8.1: only a pattern of triples, for which what the solution has bound holds. */
function existence({ input, not = false }: Operation): Evaluate {
  if (input === undefined || !('type' in input) || input.type !== 'bgp') throw new NotOurs('EXISTS of more');
  const pattern = new GraphPattern(input);
  return (solution, graph) => truth(pattern.extend(graph, [solution]).length > 0 !== not);
}

function operator(name: string, args: readonly Operation[]): Evaluate {
  const compiled = args.map(compileExpression);
  const [first, second, third] = compiled;
  switch (name) {
    case 'bound': {
      const variable = required(args[0]?.term);
      return (solution) => truth(solution.has(variable.value));
    }
    case 'coalesce':
      return (solution, graph) => {
        for (const one of compiled) {
          const value = one(solution, graph);
          if (value !== undefined) return value;
        }
        return undefined;
      };
    case 'if':
      return (solution, graph) => {
        const condition = isTrue(first?.(solution, graph));
        return condition === undefined ? undefined : (condition ? second : third)?.(solution, graph);
      };
    case '&&':
      return connective(compiled, false);
    case '||':
      return connective(compiled, true);
    default:
      return call(name, compiled);
  }
}

/** SPARQL 1.1 §17.2: what decides does so, whatever is wrong with the others. */
function connective(operands: readonly Evaluate[], decisive: boolean): Evaluate {
  return (solution, graph) => {
    const values = operands.map((operand) => isTrue(operand(solution, graph)));
    if (values.includes(decisive)) return truth(decisive);
    return values.includes(undefined) ? undefined : truth(!decisive);
  };
}

function call(name: string, args: readonly Evaluate[]): Evaluate {
  const task = functions.get(name);
  if (task === undefined) throw new NotOurs(`the function ${name}`);
  return (solution, graph) => {
    const values = args.map((arg) => arg(solution, graph)).filter((value) => value !== undefined);
    return values.length === args.length ? task(...values) : undefined;
  };
}
