import { PeerError } from '../base/errors.ts';
import type { LeafNode, ModuleSchema, RpcSchema, SchemaNode, YangType } from './schema.ts';
import { type Imports, Scope } from './scope.ts';
import { type Statement, substatement, substatements } from './statement.ts';
import { type ResolvedType, resolveType } from './types.ts';
import { checkValue, ValueError } from './value-check.ts';

/** Containers in containers, groupings in groupings: more is a cycle. */
const maxDepth = 64;

/**
 * The schema of a module: `uses`, typedefs and imports resolved, short-hand cases (RFC 6020 §7.9.2)
 * made whole. Left out: `anyxml`, notifications, `augment` and `if-feature`, as no module here whose RPCs
 * the bridge performs has them. `refine` of anything but texts is refused.
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
    rpcs: new Map(
      substatements(module, 'rpc').map((rpc) => {
        const schema = rpcSchema(rpc, scope.within(rpc));
        return [schema.name, schema];
      }),
    ),
    data: childNodes(module, scope, 0),
  };
}

function argumentOf(statement: Statement, keyword: string): string {
  const argument = substatement(statement, keyword)?.argument;
  if (argument === undefined) throw wrong(statement, `it has no ${keyword}`);
  return argument;
}

function rpcSchema(rpc: Statement, scope: Scope): RpcSchema {
  const nodes = (direction: string): readonly SchemaNode[] => {
    const block = substatement(rpc, direction);
    return block === undefined ? [] : childNodes(block, scope.within(block), 0);
  };
  return { name: rpc.argument ?? '', input: nodes('input'), output: nodes('output') };
}

/** The data nodes below a statement, `uses` put in their place. */
function childNodes(parent: Statement, scope: Scope, depth: number): SchemaNode[] {
  if (depth > maxDepth) throw wrong(parent, 'it is nested too deeply, or uses itself');
  return parent.substatements.flatMap((sub) => {
    if (sub.keyword === 'uses') return usedNodes(sub, scope, depth);
    const node = schemaNode(sub, scope.within(sub), depth);
    return node === undefined ? [] : [node];
  });
}

function usedNodes(uses: Statement, scope: Scope, depth: number): SchemaNode[] {
  for (const refine of substatements(uses, 'refine'))
    for (const { keyword } of refine.substatements)
      if (keyword !== 'description' && keyword !== 'reference')
        throw wrong(uses, `refining ${keyword} is not supported`);
  const { statement: grouping, scope: home } = scope.definition('grouping', uses.argument ?? '');
  return childNodes(grouping, home.within(grouping), depth + 1);
}

function schemaNode(statement: Statement, scope: Scope, depth: number): SchemaNode | undefined {
  const name = statement.argument ?? '';
  switch (statement.keyword) {
    case 'leaf':
      return leafNode(statement, name, scope);
    case 'leaf-list':
      return { kind: 'leaf-list', name, type: typeOf(statement, scope).type };
    case 'container':
      return {
        kind: 'container',
        name,
        children: childNodes(statement, scope, depth + 1),
        ...(substatement(statement, 'presence') === undefined ? {} : { presence: true }),
      };
    case 'list': {
      const keys =
        substatement(statement, 'key')
          ?.argument?.split(/\s+/)
          .filter((key) => key !== '') ?? [];
      return { kind: 'list', name, keys, children: childNodes(statement, scope, depth + 1) };
    }
    case 'choice':
      return {
        kind: 'choice',
        name,
        mandatory: isMandatory(statement),
        cases: cases(statement, scope, depth),
      };
    default:
      return undefined;
  }
}

function typeOf(statement: Statement, scope: Scope): ResolvedType {
  const type = substatement(statement, 'type');
  if (type === undefined) throw wrong(statement, 'it has no type');
  return resolveType(type, scope);
}

function leafNode(statement: Statement, name: string, scope: Scope): LeafNode {
  const { type, default: inherited } = typeOf(statement, scope);
  const mandatory = isMandatory(statement);
  const given = substatement(statement, 'default')?.argument ?? (mandatory ? undefined : inherited);
  const leaf: LeafNode = { kind: 'leaf', name, type, mandatory };
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

function cases(choice: Statement, scope: Scope, depth: number): SchemaNode[][] {
  return choice.substatements.flatMap((sub) => {
    if (sub.keyword === 'case') return [childNodes(sub, scope.within(sub), depth + 1)];
    const node = schemaNode(sub, scope.within(sub), depth + 1);
    return node === undefined ? [] : [[node]];
  });
}

function wrong(statement: Statement, reason: string): PeerError {
  return new PeerError(
    'bad-yang',
    `The ${statement.keyword} "${statement.argument ?? ''}" is wrong: ${reason}`,
  );
}
