import type { Budget } from './budget.ts';
import type { Comparison } from './expression.ts';
import {
  isNodeSet,
  type NodeSet,
  parseNumber,
  stringValue,
  toBoolean,
  toNumber,
  toText,
  type Value,
} from './values.ts';

/** XPath 1.0 §3.4. Takes time in proportion to the sets, not to their product. */
export function compare(operator: Comparison, left: Value, right: Value, budget: Budget): boolean {
  if (isNodeSet(left) && isNodeSet(right)) return compareSets(operator, left, right, budget);
  if (isNodeSet(left)) return compareSet(operator, left, right, budget);
  if (isNodeSet(right)) return compareSet(mirrored[operator], right, left, budget);
  if (operator !== '=' && operator !== '!=')
    return holds(operator, toNumber(left, budget), toNumber(right, budget));
  if (typeof left === 'boolean' || typeof right === 'boolean')
    return holds(operator, toBoolean(left), toBoolean(right));
  if (typeof left === 'number' || typeof right === 'number')
    return holds(operator, toNumber(left, budget), toNumber(right, budget));
  return holds(operator, toText(left, budget), toText(right, budget));
}

const mirrored: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function holds<T extends string | number | boolean>(operator: Comparison, left: T, right: T): boolean {
  switch (operator) {
    case '=':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

/** Whether the comparison is true for some node of the set. */
function compareSet(operator: Comparison, set: NodeSet, value: Value, budget: Budget): boolean {
  if (typeof value === 'boolean') return compare(operator, toBoolean(set), value, budget);
  if (typeof value === 'string' && (operator === '=' || operator === '!='))
    return set.some((node) => holds(operator, stringValue(node, budget), value));
  const number = toNumber(value, budget);
  return set.some((node) => holds(operator, parseNumber(stringValue(node, budget)), number));
}

/** Whether the comparison is true for some node of one set and some node of the other. */
function compareSets(operator: Comparison, left: NodeSet, right: NodeSet, budget: Budget): boolean {
  if (operator === '=' || operator === '!=') {
    const texts = new Set(left.map((node) => stringValue(node, budget)));
    if (operator === '=') return right.some((node) => texts.has(stringValue(node, budget)));
    // Only where one text alone is there does every text equal every other.
    return texts.size > 1
      ? right.length > 0
      : [...texts].some((text) => right.some((node) => stringValue(node, budget) !== text));
  }
  const less = operator === '<' || operator === '<=';
  const leftEnd = extreme(left, less ? Math.min : Math.max, budget);
  const rightEnd = extreme(right, less ? Math.max : Math.min, budget);
  return leftEnd !== undefined && rightEnd !== undefined && holds(operator, leftEnd, rightEnd);
}

/** The least or greatest number of a set: what is no number compares with nothing. */
function extreme(set: NodeSet, pick: (a: number, b: number) => number, budget: Budget): number | undefined {
  let found: number | undefined;
  for (const node of set) {
    const number = parseNumber(stringValue(node, budget));
    if (!Number.isNaN(number)) found = found === undefined ? number : pick(found, number);
  }
  return found;
}
