import type { XmlElement } from '../../xml/element.ts';
import { evaluateXPath } from '../../xml/xpath/evaluator.ts';
import type { Expression } from '../../xml/xpath/expression.ts';
import { toBoolean } from '../../xml/xpath/values.ts';
import { filterKind } from '../filter/filter-parameter.ts';
import { SubtreeFilter } from '../filter/subtree-filter.ts';
import { WorkBudget } from '../filter/work-budget.ts';
import { filterExpression } from '../filter/xpath-filter.ts';

/** Steps that an XPath may take on one event, about a millisecond: events are small, but there are many. */
const maxSteps = 50_000;

/** Decides about whole notifications (RFC 5277 §3.6). */
export interface EventFilter {
  /**
   * @param content the notification's own element
   * @throws RpcError, XPathError when it cannot decide, or not within bounds
   */
  matches(content: XmlElement): boolean;
}

/**
 * The `<filter>` of `<create-subscription>`: a subtree that selects something, or an XPath whose result is
 * true, whatever its type.
 * @throws RpcError
 */
export function eventFilter(filter: XmlElement): EventFilter {
  const { select } = filterKind(filter);
  if (select !== undefined) return new Condition(filterExpression(select, filter.scope ?? new Map()));
  const subtree = new SubtreeFilter(filter);
  return { matches: (content) => subtree.apply([content]).length > 0 };
}

class Condition implements EventFilter {
  readonly #expression: Expression;

  constructor(expression: Expression) {
    this.#expression = expression;
  }

  matches(content: XmlElement): boolean {
    const budget = new WorkBudget('the filter', maxSteps);
    return toBoolean(evaluateXPath(this.#expression, [content], budget));
  }
}
