import { type Statement, substatement, substatements } from './statement.ts';

/** How a part of a module is flagged (RFC 8340 §2.6). */
type Flags = 'rw' | 'ro' | '-w' | '-x' | '-n';

/** What is drawn as a node. */
const drawn = new Set(['leaf', 'leaf-list', 'container', 'list']);

/** Columns between the longest name among siblings and the types: one for `?`, `*`, `!`, and three blanks. */
const typeGap = 4;

/**
 * The tree diagram of a module (RFC 8340), as pyang and yanglint draw it: data, RPCs, notifications. Generated
 * modules have no groupings and no choices.
 */
export function treeDiagram(module: Statement): string[] {
  const rpcs = substatements(module, 'rpc');
  const notifications = substatements(module, 'notification');
  return [
    `module: ${module.argument}`,
    ...childLines(module, 'rw', '  '),
    ...section('rpcs', rpcs, '-x'),
    ...section('notifications', notifications, '-n'),
  ];
}

function section(title: string, members: readonly Statement[], flags: Flags): string[] {
  if (members.length === 0) return [];
  return ['', `  ${title}:`, ...siblingLines(members, flags, '    ')];
}

function childLines(parent: Statement, flags: Flags, indent: string): string[] {
  return siblingLines(
    parent.substatements.filter(({ keyword }) => drawn.has(keyword)),
    flags,
    indent,
    keysOf(parent),
  );
}

function siblingLines(
  siblings: readonly Statement[],
  inherited: Flags,
  indent: string,
  keys: readonly string[] = [],
): string[] {
  const width = Math.max(0, ...siblings.map((one) => (one.argument ?? '').length)) + typeGap;
  return siblings.flatMap((one, i) => {
    const flags = substatement(one, 'config')?.argument === 'false' ? 'ro' : inherited;
    const below = `${indent}${i < siblings.length - 1 ? '|' : ' '}  `;
    return [`${indent}${label(one, flags, keys, width)}`, ...linesBelow(one, flags, below)];
  });
}

function linesBelow(node: Statement, flags: Flags, indent: string): string[] {
  if (node.keyword === 'notification') return childLines(node, 'ro', indent);
  if (node.keyword !== 'rpc') return childLines(node, flags, indent);
  const [input, output] = [substatement(node, 'input'), substatement(node, 'output')];
  return [
    ...(input === undefined
      ? []
      : [
          `${indent}+---w input`,
          ...childLines(input, '-w', `${indent}${output === undefined ? ' ' : '|'}  `),
        ]),
    ...(output === undefined ? [] : [`${indent}+--ro output`, ...childLines(output, 'ro', `${indent}   `)]),
  ];
}

/** `+--<flags> <name><opts> <type>` (RFC 8340 §2.6). */
function label(node: Statement, flags: Flags, keys: readonly string[], width: number): string {
  const name = `${node.argument}${options(node, keys)}`;
  const type = substatement(node, 'type')?.argument;
  return `+--${flags} ${type === undefined ? name : `${name.padEnd(width)}${type}`}`;
}

function options(node: Statement, keys: readonly string[]): string {
  switch (node.keyword) {
    case 'leaf':
      return isMandatory(node) || keys.includes(node.argument ?? '') ? '' : '?';
    case 'leaf-list':
      return '*';
    case 'list':
      return keysOf(node).length === 0 ? '*' : `* [${keysOf(node).join(' ')}]`;
    case 'container':
      return substatement(node, 'presence') === undefined ? '' : '!';
    default:
      return '';
  }
}

function isMandatory(node: Statement): boolean {
  return substatement(node, 'mandatory')?.argument === 'true';
}

function keysOf(list: Statement): string[] {
  const keys = list.keyword === 'list' ? substatement(list, 'key')?.argument : undefined;
  return keys === undefined ? [] : keys.split(/\s+/);
}
