import { PeerError } from '../base/errors.ts';
import { isKeyword, isYangText } from './lexical.ts';
import type { Statement } from './statement.ts';

/** Nesting of statements; the deepest standard module has 20. */
const maxDepth = 64;

const tabWidth = 8;

type Token =
  | { readonly kind: 'open' | 'close' | 'semicolon' | 'plus' | 'end'; readonly line: number }
  | { readonly kind: 'bare' | 'quoted'; readonly text: string; readonly line: number };

/**
 * Reads a YANG module or submodule (RFC 6020 §6). Only the syntax of statements is checked here.
 * @throws PeerError `bad-yang` with the line
 */
export function parseModule(text: string): Statement {
  const reader = new StatementReader(text.replace(/\r\n/g, '\n'));
  const module = reader.statement(0);
  reader.expectEnd();
  if ((module.keyword !== 'module' && module.keyword !== 'submodule') || module.argument === undefined)
    throw syntaxError(1, 'a YANG file holds one module or submodule');
  return module;
}

function syntaxError(line: number, message: string): PeerError {
  return new PeerError('bad-yang', `This is not YANG: ${message}`, { where: `line ${line}` });
}

class StatementReader {
  readonly #tokens: Tokenizer;
  #ahead: Token;

  constructor(text: string) {
    this.#tokens = new Tokenizer(text);
    this.#ahead = this.#tokens.next();
  }

  statement(depth: number): Statement {
    const { line } = this.#ahead;
    if (depth > maxDepth) throw syntaxError(line, `statements are nested more than ${maxDepth} deep`);
    const keyword = this.#keyword();
    const argument = this.#argument();
    const substatements = this.#substatements(depth);
    return argument === undefined ? { keyword, substatements } : { keyword, argument, substatements };
  }

  expectEnd(): void {
    if (this.#ahead.kind !== 'end') throw syntaxError(this.#ahead.line, 'something follows the module');
  }

  #take(): Token {
    const token = this.#ahead;
    this.#ahead = this.#tokens.next();
    return token;
  }

  #isAt(kind: Token['kind']): boolean {
    return this.#ahead.kind === kind;
  }

  #keyword(): string {
    const token = this.#take();
    if (token.kind === 'end') throw syntaxError(token.line, 'it ends within a statement');
    if (token.kind !== 'bare' || !isKeyword(token.text))
      throw syntaxError(token.line, 'a statement starts with a keyword');
    return token.text;
  }

  /** §6.1.3: one unquoted string, or quoted strings joined by `+`. */
  #argument(): string | undefined {
    if (this.#ahead.kind !== 'bare' && this.#ahead.kind !== 'quoted') return undefined;
    const first = this.#ahead;
    this.#take();
    if (first.kind === 'bare') return first.text;
    const parts = [first.text];
    while (this.#isAt('plus')) {
      this.#take();
      const part = this.#take();
      if (part.kind !== 'quoted') throw syntaxError(part.line, 'after + stands a quoted string');
      parts.push(part.text);
    }
    return parts.join('');
  }

  #substatements(depth: number): Statement[] {
    const opening = this.#take();
    if (opening.kind === 'semicolon') return [];
    if (opening.kind !== 'open') throw syntaxError(opening.line, 'a statement ends with ; or a block');
    const substatements: Statement[] = [];
    while (this.#ahead.kind !== 'close') substatements.push(this.statement(depth + 1));
    this.#take();
    return substatements;
  }
}

/** What ends an unquoted string, and a quote, which must not stand in one (§6.1.3). */
const bareEnd = /[ \t\n;{}"']|\/[/*]/g;

/** What ends a string in double quotes, and the backslash that takes the next character along. */
const quoteOrEscape = /["\\]/g;

class Tokenizer {
  readonly #text: string;
  /** Whether all of the text may stand in a module: then no part of it need be looked at. */
  readonly #legal: boolean;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text.startsWith('\uFEFF') ? text.slice(1) : text;
    this.#legal = isYangText(this.#text);
  }

  next(): Token {
    this.#skipSeparators();
    const line = this.#line;
    const char = this.#text[this.#at];
    if (char === undefined) return { kind: 'end', line };
    if (char === '"') return { kind: 'quoted', text: this.#doubleQuoted(), line };
    if (char === "'") return { kind: 'quoted', text: this.#singleQuoted(), line };
    const kind = char === '{' ? 'open' : char === '}' ? 'close' : char === ';' ? 'semicolon' : undefined;
    if (kind !== undefined) {
      this.#at += 1;
      return { kind, line };
    }
    return this.#bare(line);
  }

  /** §6.1.1, §6.1.2: white space and comments. */
  #skipSeparators(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === ' ' || char === '\t') this.#at += 1;
      else if (char === '\n') this.#advanceTo(this.#at + 1);
      else if (this.#text.startsWith('//', this.#at)) this.#advanceTo(this.#find('\n', this.#text.length));
      else if (this.#text.startsWith('/*', this.#at)) this.#blockComment();
      else return;
    }
  }

  #blockComment(): void {
    const end = this.#text.indexOf('*/', this.#at + 2);
    if (end < 0) throw syntaxError(this.#line, 'a comment has no end');
    this.#advanceTo(end + 2);
  }

  #find(wanted: string, otherwise: number): number {
    const found = this.#text.indexOf(wanted, this.#at);
    return found < 0 ? otherwise : found;
  }

  /** Moves on, counting lines. */
  #advanceTo(end: number): void {
    for (let i = this.#text.indexOf('\n', this.#at); i >= 0 && i < end; i = this.#text.indexOf('\n', i + 1)) {
      this.#line += 1;
      this.#lineStart = i + 1;
    }
    this.#at = end;
  }

  /** §6.1.3: up to white space, a quote, a brace, a semicolon or a comment. */
  #bare(line: number): Token {
    bareEnd.lastIndex = this.#at;
    const end = bareEnd.exec(this.#text);
    if (end?.[0] === '"' || end?.[0] === "'")
      throw syntaxError(line, 'a quote stands within an unquoted string');
    const text = this.#text.slice(this.#at, end?.index);
    this.#at += text.length;
    this.#checkCharacters(text, line);
    return text === '+' ? { kind: 'plus', line } : { kind: 'bare', text, line };
  }

  #singleQuoted(): string {
    const start = this.#at + 1;
    const end = this.#text.indexOf("'", start);
    return this.#quotedText(start, end);
  }

  #doubleQuoted(): string {
    const column = this.#column();
    const start = this.#at + 1;
    quoteOrEscape.lastIndex = start;
    let end = quoteOrEscape.exec(this.#text);
    while (end?.[0] === '\\') {
      quoteOrEscape.lastIndex += 1;
      end = quoteOrEscape.exec(this.#text);
    }
    return unescapeText(trimLines(this.#quotedText(start, end?.index ?? -1), column));
  }

  #quotedText(start: number, end: number): string {
    if (end < 0) throw syntaxError(this.#line, 'a quoted string has no end');
    const text = this.#text.slice(start, end);
    this.#checkCharacters(text, this.#line);
    this.#advanceTo(end + 1);
    return text;
  }

  /** Columns before the current character, a tab taken as eight (§6.1.3). */
  #column(): number {
    return width(this.#text.slice(this.#lineStart, this.#at));
  }

  #checkCharacters(text: string, line: number): void {
    if (!this.#legal && !isYangText(text))
      throw syntaxError(line, 'it holds a character that YANG does not allow');
  }
}

function width(text: string): number {
  let columns = 0;
  for (const char of text) columns += char === '\t' ? tabWidth : 1;
  return columns;
}

/**
 * §6.1.3: within double quotes, blanks before a line end go, and so does the indentation of following
 * lines up to and with the column of the opening quote.
 */
function trimLines(text: string, quoteColumn: number): string {
  const lines = text.split('\n');
  return lines
    .map((line, i) => (i === 0 ? line : withoutIndentation(line, quoteColumn + 1)))
    .map((line, i) => (i === lines.length - 1 ? line : withoutTrailingBlanks(line)))
    .join('\n');
}

function withoutIndentation(line: string, columns: number): string {
  let skipped = 0;
  let at = 0;
  while (skipped < columns && (line[at] === ' ' || line[at] === '\t')) {
    skipped += line[at] === '\t' ? tabWidth : 1;
    at += 1;
  }
  return ' '.repeat(Math.max(0, skipped - columns)) + line.slice(at);
}

function withoutTrailingBlanks(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end -= 1;
  return line.slice(0, end);
}

/** §6.1.3; YANG 1 says nothing of other escapes, and files that have them mean both characters. */
function unescapeText(text: string): string {
  return text.replace(/\\([nt"\\])/g, (_, char: string) =>
    char === 'n' ? '\n' : char === 't' ? '\t' : char,
  );
}
