import { XPathError } from './xpath-error.ts';

/** A token of an expression (XPath 1.0 §3.7). `operator` includes the operator names and `*` as one. */
export interface Token {
  readonly kind: 'number' | 'literal' | 'name' | 'operator' | 'symbol' | 'end';
  /** As it is written; a literal without its quotes. */
  readonly text: string;
  /** Where it begins, from 0. */
  readonly at: number;
}

const nameStart = '[A-Za-z_\\u00b7-\\u{effff}]';
const ncName = `${nameStart}[-.A-Za-z0-9_\\u00b7-\\u{effff}]*`;
/** The last alternative takes what is no token, to be refused. */
const pattern = new RegExp(
  [
    '[ \\t\\r\\n]*(?:',
    '(?<number>[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)',
    '|(?<literal>"[^"]*"|\'[^\']*\')',
    `|(?<name>${ncName}(?::(?:${ncName}|\\*))?)`,
    '|(?<operator>!=|<=|>=|//?|[-+=<>|])',
    '|(?<symbol>\\.\\.|::|[()[\\].@,$*])',
    '|(?<other>.)',
    '|(?<end>$))',
  ].join(''),
  'suy',
);

const operatorNames = new Set(['and', 'or', 'mod', 'div']);
/** §3.7: after these, and at the beginning, `*` and a name are no operators. */
const opening = new Set(['@', '::', '(', '[', ',']);

/**
 * The tokens of an expression, one of kind `end` last.
 * @throws XPathError
 */
export function tokensOf(expression: string): readonly Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  for (;;) {
    const token = nextToken(expression, tokens.at(-1));
    tokens.push(token);
    if (token.kind === 'end') return tokens;
  }
}

function nextToken(expression: string, before: Token | undefined): Token {
  const { groups = {} } = pattern.exec(expression) ?? {};
  for (const kind of ['number', 'literal', 'operator'] as const) {
    const text = groups[kind];
    if (text !== undefined)
      return { kind, text: kind === 'literal' ? text.slice(1, -1) : text, at: start(text) };
  }
  const { name, symbol, other } = groups;
  if (name !== undefined)
    return {
      kind: isOperand(before) && operatorNames.has(name) ? 'operator' : 'name',
      text: name,
      at: start(name),
    };
  if (symbol !== undefined)
    return {
      kind: symbol === '*' && isOperand(before) ? 'operator' : 'symbol',
      text: symbol,
      at: start(symbol),
    };
  if (other !== undefined) throw new XPathError(`${JSON.stringify(other)} is not XPath`, start(other));
  return { kind: 'end', text: '', at: expression.length };
}

function start(text: string): number {
  return pattern.lastIndex - text.length;
}

/** §3.7: whether a token ends an operand, so that an operator follows. */
function isOperand(token: Token | undefined): boolean {
  return (
    token !== undefined && token.kind !== 'operator' && !(token.kind === 'symbol' && opening.has(token.text))
  );
}
