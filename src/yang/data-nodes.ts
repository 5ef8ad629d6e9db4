import { refuseConstraints, refuseUnknowable } from './config-constraints.ts';
import { defaultAccess } from './default-access.ts';
import { entryProperties, keysOf } from './entries.ts';
import { isMandatory, leafParts, typeOf } from './leaf-type.ts';
import type { DefaultAccess, SchemaNode } from './schema.ts';
import type { Scope } from './scope.ts';
import { type Statement, substatement, substatements } from './statement.ts';
import { wrongStatement } from './wrong-statement.ts';

/** Containers in containers, groupings in groupings: more is a cycle. */
const maxDepth = 64;

/** What a node inherits from those around it. */
interface Surroundings {
  readonly depth: number;
  /** Within a datastore, configuration or state; elsewhere (input, output, notification) neither. */
  readonly kind: 'config' | 'state' | 'message';
  readonly access: DefaultAccess | undefined;
}

/**
 * The top-level data of a module (RFC 6020 §7.1): configuration, or state where it says so.
 * @throws PeerError `bad-yang`
 */
export function dataNodes(module: Statement, scope: Scope): SchemaNode[] {
  return childNodes(module, scope, { depth: 0, kind: 'config', access: undefined });
}

/**
 * What stands in an `input`, an `output` or a `notification`.
 * @throws PeerError `bad-yang`
 */
export function messageNodes(holder: Statement, scope: Scope): SchemaNode[] {
  return childNodes(holder, scope, { depth: 0, kind: 'message', access: undefined });
}

/** The data nodes below a statement, `uses` put in their place. */
function childNodes(parent: Statement, scope: Scope, around: Surroundings): SchemaNode[] {
  if (around.depth > maxDepth) throw wrongStatement(parent, 'it is nested too deeply, or uses itself');
  return parent.substatements.flatMap((sub) => {
    if (sub.keyword === 'uses') return usedNodes(sub, scope, around);
    const node = schemaNode(sub, scope.within(sub), around);
    return node === undefined ? [] : [node];
  });
}

function usedNodes(uses: Statement, scope: Scope, around: Surroundings): SchemaNode[] {
  for (const refine of substatements(uses, 'refine'))
    for (const { keyword } of refine.substatements)
      if (keyword !== 'description' && keyword !== 'reference')
        throw wrongStatement(uses, `refining ${keyword} is not supported`);
  if (around.kind === 'config') refuseConstraints(uses);
  const { statement: grouping, scope: home } = scope.definition('grouping', uses.argument ?? '');
  return childNodes(grouping, home.within(grouping), deeper(around));
}

function deeper(around: Surroundings): Surroundings {
  return { ...around, depth: around.depth + 1 };
}

/** What a node passes on to those below it (RFC 6020 §7.19.1, RFC 8341 §3.4.5). */
function surroundingsBelow(statement: Statement, scope: Scope, around: Surroundings): Surroundings {
  const isState = around.kind === 'config' && substatement(statement, 'config')?.argument === 'false';
  const own = defaultAccess(statement, scope);
  return {
    depth: around.depth + 1,
    kind: isState ? 'state' : around.kind,
    access: around.access === 'deny-all' ? 'deny-all' : (own ?? around.access),
  };
}

function schemaNode(statement: Statement, scope: Scope, around: Surroundings): SchemaNode | undefined {
  if (around.kind === 'config') refuseUnknowable(statement);
  if (!dataKeywords.has(statement.keyword)) return undefined;
  const below = surroundingsBelow(statement, scope, around);
  if (below.kind === 'config') refuseConstraints(statement);
  const name = statement.argument ?? '';
  const properties = {
    name,
    ...(below.kind === 'state' ? ({ config: false } as const) : {}),
    ...(below.access === undefined ? {} : { access: below.access }),
  };
  switch (statement.keyword) {
    case 'leaf':
      return { ...properties, ...leafParts(statement, scope, below.kind === 'config') };
    case 'leaf-list':
      return {
        kind: 'leaf-list',
        ...properties,
        type: typeOf(statement, scope, below.kind === 'config').type,
        ...entryProperties(statement),
      };
    case 'container':
      return {
        kind: 'container',
        ...properties,
        children: childNodes(statement, scope, below),
        ...(substatement(statement, 'presence') === undefined ? {} : { presence: true }),
      };
    case 'list':
      return {
        kind: 'list',
        ...properties,
        keys: keysOf(statement),
        children: childNodes(statement, scope, below),
        ...entryProperties(statement),
      };
    default:
      return { kind: 'choice', ...properties, ...choiceParts(statement, scope, below) };
  }
}

const dataKeywords = new Set(['leaf', 'leaf-list', 'container', 'list', 'choice']);

function choiceParts(choice: Statement, scope: Scope, around: Surroundings) {
  const defaultCase = substatement(choice, 'default')?.argument;
  const named = choice.substatements.flatMap((sub) => caseOf(sub, scope.within(sub), around));
  if (defaultCase !== undefined && !named.some(({ name }) => name === defaultCase))
    throw wrongStatement(choice, `there is no case "${defaultCase}"`);
  return {
    mandatory: isMandatory(choice),
    ...(defaultCase === undefined ? {} : { default: defaultCase, caseNames: named.map(({ name }) => name) }),
    cases: named.map(({ nodes }) => nodes),
  };
}

function caseOf(sub: Statement, scope: Scope, around: Surroundings) {
  const name = sub.argument ?? '';
  if (sub.keyword === 'case') {
    if (around.kind === 'config') refuseConstraints(sub);
    return [{ name, nodes: childNodes(sub, scope, deeper(around)) }];
  }
  const node = schemaNode(sub, scope, deeper(around));
  return node === undefined ? [] : [{ name, nodes: [node] }];
}
