import {
  type Axis,
  anyNode,
  axes,
  type Expression,
  type NodeTest,
  type NodeType,
  type Operator,
  type Predicate,
  type Step,
} from './expression.ts';
import { functionTable } from './function-table.ts';
import { predicateOf, staticType } from './static-type.ts';
import { type Token, tokensOf } from './tokens.ts';
import { XPathError } from './xpath-error.ts';

/** Namespaces by prefix. */
export type Prefixes = ReadonlyMap<string, string>;

/** Parentheses, predicates and arguments within one another. */
const maxNesting = 32;

/**
 * Parses an XPath 1.0 expression. Departs from it in one place: a name without a prefix is of any
 * namespace, where the standard has it in none (§2.3).
 * @param prefixes what the prefixes mean; the default namespace is not used (§2.3)
 * @throws XPathError
 */
export function parseXPath(expression: string, prefixes: Prefixes): Expression {
  return new Parser(tokensOf(expression), prefixes).parse();
}

/** Operators by precedence, the weakest first (§3.4, §3.5). */
const levels: readonly ReadonlySet<string>[] = [
  new Set(['or']),
  new Set(['and']),
  new Set(['=', '!=']),
  new Set(['<', '<=', '>', '>=']),
  new Set(['+', '-']),
  new Set(['*', 'div', 'mod']),
];

const nodeTypes: ReadonlySet<string> = new Set<NodeType>([
  'node',
  'text',
  'comment',
  'processing-instruction',
]);
const axisNames: ReadonlySet<string> = new Set(axes);

class Parser {
  readonly #tokens: readonly Token[];
  readonly #prefixes: Prefixes;
  #next = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[], prefixes: Prefixes) {
    this.#tokens = tokens;
    this.#prefixes = prefixes;
  }

  parse(): Expression {
    const expression = this.#expression();
    if (this.#peek().kind !== 'end') throw this.#unexpected();
    return expression;
  }

  #expression(): Expression {
    this.#nesting += 1;
    if (this.#nesting > maxNesting)
      throw new XPathError(`the expression is nested over ${maxNesting} deep`, this.#peek().at);
    const expression = this.#chain(0);
    this.#nesting -= 1;
    return expression;
  }

  #chain(level: number): Expression {
    const operators = levels[level];
    if (operators === undefined) return this.#negation();
    const first = this.#chain(level + 1);
    const rest: { operator: Operator; operand: Expression }[] = [];
    for (
      let token = this.#peek();
      token.kind === 'operator' && operators.has(token.text);
      token = this.#peek()
    ) {
      this.#next += 1;
      rest.push({ operator: token.text as Operator, operand: this.#chain(level + 1) });
    }
    return rest.length === 0 ? first : { kind: 'chain', first, rest };
  }

  #negation(): Expression {
    let signs = 0;
    while (this.#accept('-')) signs += 1;
    const operand = this.#union();
    return signs === 0 ? operand : { kind: 'negation', odd: signs % 2 === 1, operand };
  }

  #union(): Expression {
    const parts = [this.#path()];
    while (this.#accept('|')) parts.push(this.#path());
    const [first] = parts;
    if (first !== undefined && parts.length === 1) return first;
    for (const part of parts) this.#needNodes(part);
    return { kind: 'union', parts };
  }

  /** PathExpr (§3.3), LocationPath (§2). */
  #path(): Expression {
    if (this.#accept('/'))
      return { kind: 'path', start: 'root', steps: this.#startsStep() ? this.#steps() : [] };
    if (this.#accept('//')) return { kind: 'path', start: 'root', steps: this.#steps([descendants]) };
    if (this.#startsStep()) return { kind: 'path', start: 'context', steps: this.#steps() };
    return this.#filter();
  }

  /** FilterExpr, with the relative path behind it (§3.3). */
  #filter(): Expression {
    const primary = this.#primary();
    const predicates = this.#predicates();
    const start: Expression = predicates.length === 0 ? primary : { kind: 'filter', primary, predicates };
    const slashes = this.#peek();
    if (predicates.length > 0 || slashes.text === '/' || slashes.text === '//') this.#needNodes(primary);
    if (this.#accept('/')) return { kind: 'path', start, steps: this.#steps() };
    if (this.#accept('//')) return { kind: 'path', start, steps: this.#steps([descendants]) };
    return start;
  }

  #primary(): Expression {
    const token = this.#take();
    if (token.kind === 'literal') return { kind: 'string', value: token.text };
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) };
    if (token.kind === 'name' && this.#peek().text === '(') return this.#call(token);
    if (token.kind === 'symbol' && token.text === '(') {
      const inner = this.#expression();
      this.#expect(')');
      return inner;
    }
    if (token.text === '$') throw new XPathError('there are no variables', token.at);
    this.#next -= 1;
    throw this.#unexpected();
  }

  #call({ text: name, at }: Token): Expression {
    const signature = functionTable.get(name);
    if (signature === undefined) throw new XPathError(`there is no function ${name}()`, at);
    this.#expect('(');
    const args: Expression[] = [];
    if (!this.#accept(')')) {
      do args.push(this.#expression());
      while (this.#accept(','));
      this.#expect(')');
    }
    const { min, max } = signature;
    if (args.length < min || args.length > max)
      throw new XPathError(`${name}() has not the arguments it takes`, at);
    const [first] = args;
    if (takesNodes.has(name) && first !== undefined) this.#needNodes(first);
    return { kind: 'call', name, args };
  }

  /** RelativeLocationPath (§2). */
  #steps(before: readonly Step[] = []): readonly Step[] {
    const steps = [...before];
    for (;;) {
      addStep(steps, this.#step());
      if (this.#accept('//')) steps.push(descendants);
      else if (!this.#accept('/')) return steps;
    }
  }

  #startsStep(): boolean {
    const { kind, text } = this.#peek();
    if (kind === 'symbol') return ['.', '..', '@', '*'].includes(text);
    if (kind !== 'name') return false;
    return nodeTypes.has(text) || this.#tokens[this.#next + 1]?.text !== '(';
  }

  /** §2.1, §2.5. */
  #step(): Step {
    if (this.#accept('.')) return { axis: 'self', test: anyNode, predicates: [] };
    if (this.#accept('..')) return { axis: 'parent', test: anyNode, predicates: [] };
    const axis = this.#axis();
    return { axis, test: this.#nodeTest(axis), predicates: this.#predicates() };
  }

  #axis(): Axis {
    if (this.#accept('@')) return 'attribute';
    const { text, at } = this.#peek();
    if (this.#tokens[this.#next + 1]?.text !== '::') return 'child';
    if (!axisNames.has(text)) throw new XPathError(`there is no axis ${text}`, at);
    this.#next += 2;
    return text as Axis;
  }

  #nodeTest(axis: Axis): NodeTest {
    const token = this.#take();
    if (token.kind === 'symbol' && token.text === '*') return { kind: 'any' };
    if (token.kind !== 'name') {
      this.#next -= 1;
      throw this.#unexpected();
    }
    if (nodeTypes.has(token.text) && this.#accept('(')) return this.#nodeType(token.text as NodeType);
    const [local = '', prefix] = token.text.split(':').reverse();
    if (prefix === undefined)
      return { kind: 'name', name: local, ...(axis === 'attribute' ? { namespace: '' } : {}) };
    const namespace = this.#prefixes.get(prefix);
    if (namespace === undefined || namespace === '')
      throw new XPathError(`the prefix ${prefix} is bound to no namespace`, token.at);
    return local === '*' ? { kind: 'any', namespace } : { kind: 'name', namespace, name: local };
  }

  #nodeType(type: NodeType): NodeTest {
    if (type === 'processing-instruction' && this.#peek().kind === 'literal') this.#next += 1;
    this.#expect(')');
    return { kind: 'type', type };
  }

  #predicates(): Predicate[] {
    const predicates: Predicate[] = [];
    while (this.#accept('[')) {
      predicates.push(predicateOf(this.#expression()));
      this.#expect(']');
    }
    return predicates;
  }

  #needNodes(expression: Expression): void {
    if (staticType(expression) !== 'node-set')
      throw new XPathError('there is a value where a node-set has to be', this.#peek().at);
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: 0 };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #accept(text: string): boolean {
    const token = this.#peek();
    const found = (token.kind === 'operator' || token.kind === 'symbol') && token.text === text;
    if (found) this.#next += 1;
    return found;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw this.#unexpected(` where ${text} has to be`);
  }

  #unexpected(where = ''): XPathError {
    const { kind, text, at } = this.#peek();
    const found = kind === 'end' ? 'it ends' : `there is ${JSON.stringify(text)}`;
    return new XPathError(`${found}${where === '' ? ' where it may not' : where}`, at);
  }
}

const takesNodes = new Set(['count', 'sum', 'local-name', 'namespace-uri', 'name']);

/** `//` (§2.5). */
const descendants: Step = { axis: 'descendant-or-self', test: anyNode, predicates: [] };

/** `//x` is `/descendant::x` where no predicate asks for a position: one walk instead of two. */
function addStep(steps: Step[], step: Step): void {
  const merges = steps.at(-1) === descendants && step.axis === 'child';
  if (!merges || step.predicates.some(({ positional }) => positional)) {
    steps.push(step);
    return;
  }
  steps[steps.length - 1] = { ...step, axis: 'descendant' };
}
