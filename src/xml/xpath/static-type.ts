import type { Expression, Predicate } from './expression.ts';
import { functionTable, type ValueType } from './function-table.ts';

/** The type of an expression's value: XPath 1.0 tells it by looking. */
export function staticType(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'number':
    case 'negation':
      return 'number';
    case 'string':
      return 'string';
    case 'chain': {
      const [first] = expression.rest;
      return first !== undefined && /^(?:[-+*]|div|mod)$/.test(first.operator) ? 'number' : 'boolean';
    }
    case 'call':
      return functionTable.get(expression.name)?.returns ?? 'node-set';
    default:
      return 'node-set';
  }
}

/** §2.4: a number is compared with the position; anything else is true or false by itself. */
export function predicateOf(expression: Expression): Predicate {
  return { expression, positional: staticType(expression) === 'number' || asksPosition(expression) };
}

/** Whether `position()` or `last()` is called; the predicates inside have positions of their own. */
function asksPosition(expression: Expression): boolean {
  switch (expression.kind) {
    case 'call':
      return ['position', 'last'].includes(expression.name) || expression.args.some(asksPosition);
    case 'negation':
      return asksPosition(expression.operand);
    case 'chain':
      return asksPosition(expression.first) || expression.rest.some(({ operand }) => asksPosition(operand));
    case 'union':
      return expression.parts.some(asksPosition);
    case 'filter':
      return asksPosition(expression.primary);
    case 'path':
      return typeof expression.start !== 'string' && asksPosition(expression.start);
    default:
      return false;
  }
}
