import { InternalError } from '../base/errors.ts';
import { isKeyword, isYangText } from './lexical.ts';
import type { Statement } from './statement.ts';

const indentStep = 2;
const lineWidth = 80;

/** Arguments that stand without quotes: identifiers, with prefix or not, integers and dates. */
const bareExpression = /^(?:[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?|-?[0-9]+(?:-[0-9]+)*)$/;

/** Keywords whose argument is prose or a URI: quoted even when it is one word. */
const prose = new Set([
  'contact',
  'description',
  'error-message',
  'namespace',
  'organization',
  'presence',
  'reference',
  'units',
]);

/**
 * YANG text of a module (RFC 6020 §6). Whatever an argument holds, it stays one argument:
 * `parseModule(printModule(m))` equals `m`.
 * @throws InternalError when a keyword is none, or an argument holds what YANG text cannot
 */
export function printModule(module: Statement): string {
  return `${statementLines(module, 0).join('\n')}\n`;
}

function statementLines(statement: Statement, indent: number): string[] {
  const { keyword, argument, substatements } = statement;
  if (!isKeyword(keyword)) throw new InternalError(`${JSON.stringify(keyword)} is no YANG keyword`);
  const head = [`${' '.repeat(indent)}${keyword}`, ...argumentText(keyword, argument, indent)].join('');
  if (substatements.length === 0) return [`${head};`];
  const blocks = substatements.map((sub) => statementLines(sub, indent + indentStep));
  return [
    `${head} {`,
    ...blocks.flatMap((block, i) => (isApart(blocks, i, indent) ? ['', ...block] : block)),
    `${' '.repeat(indent)}}`,
  ];
}

/** Top-level statements with a block stand apart, for the reader. */
function isApart(blocks: readonly (readonly string[])[], i: number, indent: number): boolean {
  const before = blocks[i - 1];
  return indent === 0 && before !== undefined && (before.length > 1 || (blocks[i]?.length ?? 0) > 1);
}

/** The argument, on the keyword's line where it fits, else on lines of its own. */
function argumentText(keyword: string, argument: string | undefined, indent: number): string[] {
  if (argument === undefined) return [];
  if (!isYangText(argument)) throw new InternalError(`the argument of ${keyword} holds an illegal character`);
  if (!prose.has(keyword) && bareExpression.test(argument)) return [' ', argument];
  const quoted = keyword === 'pattern' ? singleQuoted(argument) : doubleQuoted(argument, 0);
  if (!quoted.includes('\n') && indent + keyword.length + quoted.length + 3 <= lineWidth)
    return [' ', quoted];
  const margin = indent + indentStep;
  const text = keyword === 'pattern' ? quoted : doubleQuoted(argument, margin);
  return ['\n', ' '.repeat(margin), text];
}

/** §6.1.3: nothing is special within single quotes, so a pattern keeps its backslashes readable. */
function singleQuoted(text: string): string {
  return /['\n\t]/.test(text) ? doubleQuoted(text, 0) : `'${text}'`;
}

/**
 * §6.1.3: lines are written as lines, indented to the quote's column. Blanks around a line end would be
 * trimmed by a reader, so such texts are cut there into concatenated parts.
 * @param column of the opening quote
 */
function doubleQuoted(text: string, column: number): string {
  let end = text.length;
  while (text[end - 1] === '\\') end -= 1;
  const [head, tail] = [text.slice(0, end), text.slice(end)];
  const parts = /[ \t]\n|\n[ \t]/.test(head) ? lineParts(head) : [linesWithin(head, column)];
  // yangdump 2.13 takes the quote of `\\"` for an escaped one, so backslashes at the end stand apart.
  if (tail !== '') parts.push(`'${tail}'`);
  return parts.join(`\n${' '.repeat(column)}+ `);
}

function linesWithin(text: string, column: number): string {
  const margin = ' '.repeat(column + 1);
  const [first = '', ...rest] = text.split('\n').map(escapeLine);
  return `"${[first, ...rest.map((line) => (line === '' ? '' : margin + line))].join('\n')}"`;
}

function lineParts(text: string): string[] {
  const lines = text.split('\n').map(escapeLine);
  return lines.map((line, i) => (i < lines.length - 1 ? `"${line}\\n"` : `"${line}"`));
}

function escapeLine(line: string): string {
  return line.replace(/[\\"]/g, '\\$&').replace(/\t/g, '\\t');
}
