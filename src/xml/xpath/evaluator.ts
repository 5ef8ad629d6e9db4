import { InternalError } from '../../base/errors.ts';
import type { XmlElement } from '../element.ts';
import { reverseAxes, walk } from './axes.ts';
import type { Budget } from './budget.ts';
import { compare } from './comparisons.ts';
import type {
  Chain,
  Expression,
  FilterExpression,
  FunctionCall,
  Operator,
  PathExpression,
  Predicate,
  Step,
} from './expression.ts';
import { functionTable } from './function-table.ts';
import { callFunction, type EvaluationContext } from './functions.ts';
import { TreeNode } from './tree-node.ts';
import { isNodeSet, type NodeSet, nodeSetOf, toBoolean, toNumber, type Value } from './values.ts';

/**
 * Evaluates an XPath 1.0 expression at the root of a tree.
 * @param data the children of the root
 * @throws what the budget throws
 */
export function evaluateXPath(expression: Expression, data: readonly XmlElement[], budget: Budget): Value {
  const root = TreeNode.root(data);
  return new Evaluator(root, budget).evaluate(expression, { node: root, position: 1, size: 1 });
}

/** What a predicate costs for one node, besides what it looks at. */
const stepsPerPredicate = 4;

class Evaluator {
  readonly #root: TreeNode;
  readonly #budget: Budget;
  /** What paths from the root select: always the same, so that one in a predicate costs but once. */
  readonly #fromRoot = new Map<PathExpression, NodeSet>();

  constructor(root: TreeNode, budget: Budget) {
    this.#root = root;
    this.#budget = budget;
  }

  evaluate(expression: Expression, context: EvaluationContext): Value {
    switch (expression.kind) {
      case 'number':
      case 'string':
        return expression.value;
      case 'negation': {
        const number = toNumber(this.evaluate(expression.operand, context), this.#budget);
        return expression.odd ? -number : number;
      }
      case 'chain':
        return this.#chain(expression, context);
      case 'union': {
        const parts = expression.parts.map((part) => this.#nodes(part, context));
        return nodeSetOf(parts.flat(), this.#budget);
      }
      case 'call':
        return this.#call(expression, context);
      case 'filter':
        return this.#filter(expression, context);
      case 'path':
        return this.#path(expression, context);
    }
  }

  #nodes(expression: Expression, context: EvaluationContext): NodeSet {
    const value = this.evaluate(expression, context);
    if (isNodeSet(value)) return value;
    throw new InternalError('a value came where the parser asked for a node-set');
  }

  #chain({ first, rest }: Chain, context: EvaluationContext): Value {
    let value = this.evaluate(first, context);
    for (const { operator, operand } of rest) {
      this.#budget.spend(1);
      if (operator === 'or' || operator === 'and') {
        // §3.4: the right operand is not evaluated when the left one decides.
        const decided = toBoolean(value) === (operator === 'or');
        value = decided ? operator === 'or' : toBoolean(this.evaluate(operand, context));
      } else value = this.#operate(operator, value, this.evaluate(operand, context));
    }
    return value;
  }

  #operate(operator: Exclude<Operator, 'or' | 'and'>, left: Value, right: Value): Value {
    const number = (value: Value): number => toNumber(value, this.#budget);
    switch (operator) {
      case '+':
        return number(left) + number(right);
      case '-':
        return number(left) - number(right);
      case '*':
        return number(left) * number(right);
      case 'div':
        return number(left) / number(right);
      case 'mod':
        return number(left) % number(right);
      default:
        return compare(operator, left, right, this.#budget);
    }
  }

  #call({ name, args }: FunctionCall, context: EvaluationContext): Value {
    if (name === 'current') return [this.#root];
    const ofContext = args.length === 0 && functionTable.get(name)?.ofContext === true;
    const values = ofContext ? [[context.node]] : args.map((arg) => this.evaluate(arg, context));
    return callFunction(name, values, context, this.#budget);
  }

  #filter({ primary, predicates }: FilterExpression, context: EvaluationContext): NodeSet {
    return this.#keep(this.#nodes(primary, context), predicates);
  }

  #path(path: PathExpression, context: EvaluationContext): NodeSet {
    if (path.start !== 'root') {
      const start = path.start === 'context' ? [context.node] : this.#nodes(path.start, context);
      return this.#steps(path.steps, start);
    }
    const known = this.#fromRoot.get(path);
    if (known !== undefined) return known;
    const found = this.#steps(path.steps, [this.#root]);
    this.#fromRoot.set(path, found);
    return found;
  }

  #steps(steps: readonly Step[], start: NodeSet): NodeSet {
    return steps.reduce((nodes, step) => this.#step(step, nodes), start);
  }

  /** §2.1: the nodes of the axis of each context node that pass the test and the predicates. */
  #step({ axis, test, predicates }: Step, start: NodeSet): NodeSet {
    const found: TreeNode[] = [];
    for (const node of start) {
      const kept = this.#keep(walk(node, axis, test, this.#budget), predicates);
      for (const one of reverseAxes.has(axis) ? [...kept].reverse() : kept) found.push(one);
    }
    return nodeSetOf(found, this.#budget);
  }

  /** §2.4. @param nodes in the order in which positions count */
  #keep(nodes: readonly TreeNode[], predicates: readonly Predicate[]): readonly TreeNode[] {
    return predicates.reduce((left, { expression }) => {
      const size = left.length;
      this.#budget.spend(size * stepsPerPredicate);
      return left.filter((node, index) => {
        const value = this.evaluate(expression, { node, position: index + 1, size });
        return typeof value === 'number' ? value === index + 1 : toBoolean(value);
      });
    }, nodes);
  }
}
