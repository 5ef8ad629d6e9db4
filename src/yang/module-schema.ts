import { dataNodes, messageNodes } from './data-nodes.ts';
import { defaultAccess } from './default-access.ts';
import type { ModuleSchema, NotificationSchema, RpcSchema, SchemaNode } from './schema.ts';
import { type Imports, Scope } from './scope.ts';
import { type Statement, substatement, substatements } from './statement.ts';
import { wrongStatement } from './wrong-statement.ts';

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
    data: dataNodes(module, scope),
  };
}

function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}

function argumentOf(statement: Statement, keyword: string): string {
  const argument = substatement(statement, keyword)?.argument;
  if (argument === undefined) throw wrongStatement(statement, `it has no ${keyword}`);
  return argument;
}

function rpcSchema(rpc: Statement, scope: Scope): RpcSchema {
  const access = defaultAccess(rpc, scope);
  const nodes = (direction: string): readonly SchemaNode[] => {
    const block = substatement(rpc, direction);
    return block === undefined ? [] : messageNodes(block, scope.within(block));
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
    children: messageNodes(notification, scope),
    ...(access === undefined ? {} : { access }),
  };
}
