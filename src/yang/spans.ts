import { PeerError } from '../base/errors.ts';
import { textOfUnits, type Units, unitsOf } from './numbers.ts';
import type { Span } from './schema.ts';

/**
 * Reads the argument of `range` or `length` (RFC 6020 §9.2.4, §9.4.4).
 * @param base what the restriction narrows, ascending: the type's limits, or the spans of its base type
 * @returns spans in ascending order, with canonical texts
 * @throws PeerError `bad-yang` when it is malformed, not ascending, or allows what the base does not
 */
export function narrow(expression: string, base: readonly Units[], fractionDigits: number): Span[] {
  const spans = expression.split('|').map((part) => readPart(part.trim(), expression, base, fractionDigits));
  spans.forEach((span, i) => {
    const before = spans[i - 1];
    if (span.high < span.low || (before !== undefined && span.low <= before.high))
      throw badRange(expression, 'its parts are not in ascending order');
    if (!base.some((allowed) => allowed.low <= span.low && span.high <= allowed.high))
      throw badRange(expression, 'it allows what its base type does not');
  });
  return spans.map(({ low, high }) => ({
    low: textOfUnits(low, fractionDigits),
    high: textOfUnits(high, fractionDigits),
  }));
}

/** Spans as units; `limits` where there are none. */
export function spanUnits(spans: readonly Span[], limits: Units, fractionDigits: number): readonly Units[] {
  if (spans.length === 0) return [limits];
  return spans.map(({ low, high }) => ({
    low: unitsOf(low, fractionDigits) ?? limits.low,
    high: unitsOf(high, fractionDigits) ?? limits.high,
  }));
}

function readPart(part: string, expression: string, base: readonly Units[], fractionDigits: number): Units {
  const [first = '', last = first, ...more] = part.split('..').map((bound) => bound.trim());
  if (more.length > 0) throw badRange(expression, `"${part}" has more than two bounds`);
  const bound = (text: string): bigint => {
    const units =
      text === 'min' ? base[0]?.low : text === 'max' ? base.at(-1)?.high : unitsOf(text, fractionDigits);
    if (units === undefined) throw badRange(expression, `${JSON.stringify(text)} is no bound`);
    return units;
  };
  return { low: bound(first), high: bound(last) };
}

function badRange(expression: string, reason: string): PeerError {
  return new PeerError('bad-yang', `The range or length ${JSON.stringify(expression)} is wrong: ${reason}`);
}
