import { PeerError } from '../base/errors.ts';
import type {
  DefaultAccess,
  ModuleSchema,
  NotificationSchema,
  RpcSchema,
  SchemaNode,
  YangType,
} from './schema.ts';
import { type Imports, Scope } from './scope.ts';
import { type Statement, substatement, substatements } from './statement.ts';
import { type ResolvedType, resolveType } from './types.ts';
import { checkValue, ValueError } from './value-check.ts';

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
 * The schema of a module: `uses`, typedefs and imports resolved, short-hand cases (RFC 6020 §7.9.2)
 * made whole. Left out: `anyxml`, `augment` and `if-feature`, as no module here whose RPCs the bridge
 * performs or whose configuration it holds has them. Refused: `refine` of anything but texts, and
 * constraints on configuration that nobody here would enforce.
 * @param imports finds the modules it imports
 * @throws PeerError `bad-yang`
 */
export function moduleSchema(module: Statement, imports: Imports): ModuleSchema {
  const scope = new Scope(module, imports);
  const revisions = substatements(module, 'revision').map((revision) => revision.argument ?? '');
  return {
    name: module.argument ?? '',
    namespace: argumentOf(module, 'namespace'),
    prefix: argumentOf(module, 'prefix'),
    revision: revisions.sort().at(-1) ?? '',
    ...(substatement(module, 'yang-version')?.argument === '1.1' ? { yangVersion: '1.1' } : {}),
    rpcs: byName(substatements(module, 'rpc').map((rpc) => rpcSchema(rpc, scope.within(rpc)))),
    notifications: byName(
      substatements(module, 'notification').map((one) => notificationSchema(one, scope.within(one))),
    ),
    data: childNodes(module, scope, { depth: 0, kind: 'config', access: undefined }),
  };
}

function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}

function argumentOf(statement: Statement, keyword: string): string {
  const argument = substatement(statement, keyword)?.argument;
  if (argument === undefined) throw wrong(statement, `it has no ${keyword}`);
  return argument;
}

function rpcSchema(rpc: Statement, scope: Scope): RpcSchema {
  const access = defaultAccess(rpc, scope);
  const nodes = (direction: string): readonly SchemaNode[] => {
    const block = substatement(rpc, direction);
    return block === undefined ? [] : childNodes(block, scope.within(block), inMessage);
  };
  return {
    name: rpc.argument ?? '',
    input: nodes('input'),
    output: nodes('output'),
    ...(access === undefined ? {} : { access }),
  };
}

function notificationSchema(notification: Statement, scope: Scope): NotificationSchema {
  const access = defaultAccess(notification, scope);
  return {
    name: notification.argument ?? '',
    children: childNodes(notification, scope, inMessage),
    ...(access === undefined ? {} : { access }),
  };
}

const inMessage: Surroundings = { depth: 0, kind: 'message', access: undefined };

/** The data nodes below a statement, `uses` put in their place. */
function childNodes(parent: Statement, scope: Scope, around: Surroundings): SchemaNode[] {
  if (around.depth > maxDepth) throw wrong(parent, 'it is nested too deeply, or uses itself');
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
        throw wrong(uses, `refining ${keyword} is not supported`);
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
      return { ...properties, ...leafParts(statement, scope, below) };
    case 'leaf-list':
      return {
        kind: 'leaf-list',
        ...properties,
        type: typeOf(statement, scope, below).type,
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

/** Statements of RFC 6020 §7.5.3, §7.8.3, §7.19.5 that need what only a whole datastore can tell. */
const constraints = new Set(['must', 'when', 'unique']);

function refuseConstraints(statement: Statement): void {
  const found = statement.substatements.find(({ keyword }) => constraints.has(keyword));
  if (found !== undefined) throw wrong(statement, `"${found.keyword}" on configuration is not supported`);
}

function keysOf(list: Statement): string[] {
  const keys = substatement(list, 'key')?.argument?.split(/\s+/) ?? [];
  return keys.filter((key) => key !== '');
}

function entryProperties(statement: Statement) {
  const count = (keyword: string): number | undefined => {
    const argument = substatement(statement, keyword)?.argument;
    return argument === undefined || argument === 'unbounded' ? undefined : elementCount(statement, argument);
  };
  const [minElements, maxElements] = [count('min-elements'), count('max-elements')];
  return {
    ...(minElements === undefined || minElements === 0 ? {} : { minElements }),
    ...(maxElements === undefined ? {} : { maxElements }),
    ...(substatement(statement, 'ordered-by')?.argument === 'user' ? ({ orderedBy: 'user' } as const) : {}),
  };
}

function elementCount(statement: Statement, argument: string): number {
  if (!/^[0-9]{1,9}$/.test(argument)) throw wrong(statement, 'min-elements and max-elements are numbers');
  return Number(argument);
}

function typeOf(statement: Statement, scope: Scope, { kind }: Surroundings): ResolvedType {
  const type = substatement(statement, 'type');
  if (type === undefined) throw wrong(statement, 'it has no type');
  const resolved = resolveType(type, scope);
  if (kind === 'config' && resolved.refers)
    throw wrong(statement, 'a reference to other nodes or identities as configuration is not supported');
  return resolved;
}

function leafParts(statement: Statement, scope: Scope, around: Surroundings) {
  const { type, default: inherited } = typeOf(statement, scope, around);
  const mandatory = isMandatory(statement);
  const given = substatement(statement, 'default')?.argument ?? (mandatory ? undefined : inherited);
  const leaf = { kind: 'leaf', type, mandatory } as const;
  return given === undefined ? leaf : { ...leaf, default: canonicalDefault(statement, type, given) };
}

function canonicalDefault(leaf: Statement, type: YangType, text: string): string {
  try {
    return checkValue(type, 'ranges' in type && type.base !== 'decimal64' ? decimalInteger(text) : text);
  } catch (error) {
    if (error instanceof ValueError) throw wrong(leaf, `its default ${error.message}`);
    throw error;
  }
}

/** RFC 6020 §9.2.1: a default may be hexadecimal or octal. */
function decimalInteger(text: string): string {
  const match = /^([+-]?)(?:0[xX]([0-9a-fA-F]{1,16})|0([0-7]{1,22}))$/.exec(text);
  if (match === null) return text;
  const [, sign, hex, octal] = match;
  return `${sign}${BigInt(hex === undefined ? `0o${octal}` : `0x${hex}`)}`;
}

function isMandatory(statement: Statement): boolean {
  return substatement(statement, 'mandatory')?.argument === 'true';
}

function choiceParts(choice: Statement, scope: Scope, around: Surroundings) {
  const defaultCase = substatement(choice, 'default')?.argument;
  const named = choice.substatements.flatMap((sub) => caseOf(sub, scope.within(sub), around));
  if (defaultCase !== undefined && !named.some(({ name }) => name === defaultCase))
    throw wrong(choice, `there is no case "${defaultCase}"`);
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

/** What RFC 8341 §3.2.1 lets a definition say, whatever prefix the module gives ietf-netconf-acm. */
function defaultAccess(statement: Statement, scope: Scope): DefaultAccess | undefined {
  const said = (name: string): boolean =>
    statement.substatements.some(({ keyword }) => {
      const [prefix = '', local] = keyword.split(':');
      return local === name && scope.moduleOf(prefix) === 'ietf-netconf-acm';
    });
  if (said('default-deny-all')) return 'deny-all';
  return said('default-deny-write') ? 'deny-write' : undefined;
}

function wrong(statement: Statement, reason: string): PeerError {
  return new PeerError(
    'bad-yang',
    `The ${statement.keyword} "${statement.argument ?? ''}" is wrong: ${reason}`,
  );
}
