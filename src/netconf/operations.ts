import type { XmlElement } from '../xml/element.ts';
import { get, getConfig } from './get-operations.ts';
import { getSchema } from './get-schema.ts';
import { performModuleRpc } from './module-rpc.ts';
import { baseNamespace, monitoringNamespace } from './namespaces.ts';
import type { Operation, OperationContext, Reply } from './operation.ts';
import { closeSession, killSession } from './session-operations.ts';

/** Operations that the server performs itself, by namespace and name; the others are of modules. */
const operations: ReadonlyMap<string, ReadonlyMap<string, Operation>> = new Map([
  [
    baseNamespace,
    new Map<string, Operation>([
      ['get', get],
      ['get-config', getConfig],
      ['close-session', closeSession],
      ['kill-session', killSession],
    ]),
  ],
  [
    monitoringNamespace,
    new Map<string, Operation>([['get-schema', (operation, { index }) => getSchema(operation, index)]]),
  ],
]);

/**
 * Performs the operation of one `<rpc>`.
 * @throws RpcError, or whatever the backend threw
 */
export async function perform(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const served = operations.get(operation.namespace)?.get(operation.name) ?? performModuleRpc;
  return served(operation, context);
}
