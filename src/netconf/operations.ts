import type { XmlElement } from '../xml/element.ts';
import { instanceIdentifier } from './data-path.ts';
import {
  copyConfig,
  deleteConfig,
  editConfigOperation,
  lock,
  unlock,
  validate,
} from './datastore/config-operations.ts';
import { editData } from './datastore/edit-data.ts';
import { createSubscription } from './events/subscription-operation.ts';
import { getData } from './get-data.ts';
import { get, getConfig } from './get-operations.ts';
import { getSchema } from './get-schema.ts';
import { performModuleRpc } from './module-rpc.ts';
import { baseNamespace, monitoringNamespace, nmdaNamespace, notificationNamespace } from './namespaces.ts';
import type { Operation, OperationContext, Reply } from './operation.ts';
import { RpcError } from './rpc-error.ts';
import { closeSession, killSession } from './session-operations.ts';

/** Operations that the server performs itself, by namespace and name; the others are of modules. */
const operations: ReadonlyMap<string, ReadonlyMap<string, Operation>> = new Map([
  [
    baseNamespace,
    new Map<string, Operation>([
      ['get', get],
      ['get-config', getConfig],
      ['edit-config', editConfigOperation],
      ['copy-config', copyConfig],
      ['delete-config', deleteConfig],
      ['validate', validate],
      ['lock', lock],
      ['unlock', unlock],
      ['close-session', closeSession],
      ['kill-session', killSession],
    ]),
  ],
  [
    nmdaNamespace,
    new Map<string, Operation>([
      ['get-data', getData],
      ['edit-data', editData],
    ]),
  ],
  [
    monitoringNamespace,
    new Map<string, Operation>([['get-schema', (operation, { index }) => getSchema(operation, index)]]),
  ],
  [notificationNamespace, new Map<string, Operation>([['create-subscription', createSubscription]])],
]);

/**
 * Performs the operation of one `<rpc>`, if its user may (RFC 8341 §3.4.4): who may not learns nothing of
 * what it takes.
 * @throws RpcError, or whatever the backend threw
 */
export async function perform(operation: XmlElement, context: OperationContext): Promise<Reply> {
  if (!context.access.mayCall(operation.namespace, operation.name)) throw operationDenied(operation, context);
  const served = operations.get(operation.namespace)?.get(operation.name) ?? performModuleRpc;
  return served(operation, context);
}

function operationDenied({ namespace, name }: XmlElement, { session, index }: OperationContext): RpcError {
  const path = [
    { namespace: baseNamespace, name: 'rpc' },
    { namespace, name },
  ];
  const place = instanceIdentifier(path, (of) =>
    of === baseNamespace ? 'nc' : index.implementedBy(of)?.prefix,
  );
  const message = `user ${session.username} may not call <${name}>`;
  return new RpcError('protocol', 'access-denied', message, place);
}
