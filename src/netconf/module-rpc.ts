import type { XmlElement } from '../xml/element.ts';
import type { ModuleSchema, RpcSchema } from '../yang/schema.ts';
import { baseNamespace } from './namespaces.ts';
import type { OperationContext, Reply } from './operation.ts';
import { operationNotSupported } from './protocol-errors.ts';
import { RpcError } from './rpc-error.ts';
import { checkInput, inputPlace } from './rpc-input.ts';
import { findNode } from './schema-nodes.ts';

/**
 * Performs an RPC of a served module (RFC 6020 §7.13).
 * @throws RpcError, or whatever the backend threw
 */
export async function performModuleRpc(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const { namespace, name } = operation;
  const module = namespace === baseNamespace ? undefined : context.index.implementedBy(namespace);
  const rpc = module?.rpcs.get(name);
  if (module === undefined || rpc === undefined)
    throw operationNotSupported(
      `no operation <${name}> is served in the namespace ${JSON.stringify(namespace)}`,
      name,
    );
  const input = checkInput(operation, rpc, module);
  try {
    return await context.backend.rpc(module, name, input, context);
  } catch (error) {
    throw completePath(error, module, rpc);
  }
}

/** The backend names a leaf of the input; an error-path says where that is. */
function completePath(error: unknown, module: ModuleSchema, rpc: RpcSchema): unknown {
  if (!(error instanceof RpcError)) return error;
  const { type, tag, message, fields } = error;
  const { path } = fields;
  if (path === undefined || findNode(rpc.input, path) === undefined) return error;
  return new RpcError(type, tag, message, { ...fields, ...inputPlace(module, rpc, path) });
}
