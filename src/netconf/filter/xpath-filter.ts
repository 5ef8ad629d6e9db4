import type { XmlElement } from '../../xml/element.ts';
import { type AccessPath, type AccessStep, accessPaths } from '../../xml/xpath/access-paths.ts';
import { evaluateXPath } from '../../xml/xpath/evaluator.ts';
import type { Expression } from '../../xml/xpath/expression.ts';
import { type Prefixes, parseXPath } from '../../xml/xpath/parser.ts';
import { staticType } from '../../xml/xpath/static-type.ts';
import { isNodeSet } from '../../xml/xpath/values.ts';
import { XPathError } from '../../xml/xpath/xpath-error.ts';
import { invalidValue } from '../protocol-errors.ts';
import { RpcError } from '../rpc-error.ts';
import type { FindDataNode } from '../schema-nodes.ts';
import type { DataFilter } from './data-filter.ts';
import type { SelectionLimits } from './selection-limits.ts';
import { filterBudget } from './work-budget.ts';
import { selectNodes } from './xpath-selection.ts';

/** Characters of an expression. */
const maxExpressionLength = 4096;

/** An XPath filter (RFC 6241 §8.9). */
export class XPathFilter implements DataFilter {
  readonly #expression: Expression;
  readonly #paths: readonly AccessPath[] | undefined;
  readonly #dataNode: FindDataNode;

  /**
   * @param select the expression
   * @param prefixes in scope at the `<filter>` element
   * @param dataNode says which leaves are list keys
   * @param parameter of the operation, for its errors
   * @throws RpcError `invalid-value` when it is not XPath or selects no nodes, `too-big`
   */
  constructor(
    select: string,
    prefixes: Prefixes,
    dataNode: FindDataNode = () => undefined,
    parameter = 'filter',
  ) {
    this.#expression = filterExpression(select, prefixes, parameter);
    // §8.9.1: the result has to be a node-set.
    if (staticType(this.#expression) !== 'node-set')
      throw invalidValue(parameter, 'the filter is an expression that selects no nodes');
    this.#paths = accessPaths(this.#expression);
    this.#dataNode = dataNode;
  }

  maySelect(namespace: string, name: string): boolean {
    return this.#paths === undefined || this.#paths.some(([top]) => mayBe(top, name, namespace));
  }

  keys(path: readonly string[], key: string): ReadonlySet<string> | undefined {
    if (this.#paths === undefined) return undefined;
    const keys = new Set<string>();
    for (const steps of this.#paths) {
      if (!path.every((name, depth) => mayBe(steps[depth], name))) continue;
      const texts = steps[path.length - 1]?.texts.get(key);
      if (texts === undefined) return undefined;
      for (const text of texts) keys.add(text);
    }
    return keys;
  }

  apply(data: readonly XmlElement[], limits?: SelectionLimits): readonly XmlElement[] {
    const nodes = evaluateXPath(this.#expression, data, filterBudget(data));
    return isNodeSet(nodes) ? selectNodes(nodes, data, this.#dataNode, limits) : [];
  }
}

/**
 * The expression of a filter, whatever its type.
 * @throws RpcError `invalid-value` when it is not XPath, `too-big`
 */
export function filterExpression(select: string, prefixes: Prefixes, parameter = 'filter'): Expression {
  if (select.length > maxExpressionLength)
    throw new RpcError('application', 'too-big', `the filter is over ${maxExpressionLength} characters`);
  try {
    return parseXPath(select, prefixes);
  } catch (error) {
    if (!(error instanceof XPathError)) throw error;
    const where = error.where === undefined ? '' : ` (${error.where})`;
    throw invalidValue(parameter, `the filter is not XPath: ${error.message}${where}`);
  }
}

/** Whether a step can be to a node; where a path has ended, it is to all that is below. */
function mayBe(step: AccessStep | undefined, name: string, namespace?: string): boolean {
  if (step === undefined) return true;
  if (step.name !== undefined && step.name !== name) return false;
  return namespace === undefined || step.namespace === undefined || step.namespace === namespace;
}
