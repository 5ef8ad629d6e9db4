import { attributeOf, childElements, element, type XmlElement } from '../xml/element.ts';
import type { ModuleSchema, RpcSchema } from '../yang/schema.ts';
import type { Backend, RpcContext } from './backend.ts';
import { getSchema } from './get-schema.ts';
import type { ModuleIndex } from './module-catalog.ts';
import { baseNamespace, monitoringNamespace } from './namespaces.ts';
import { parameters, requiredText } from './parameters.ts';
import {
  invalidValue,
  missingElement,
  operationNotSupported,
  unacceptableAttribute,
  unexpectedChild,
} from './protocol-errors.ts';
import { RpcError } from './rpc-error.ts';
import { checkInput, inputPlace } from './rpc-input.ts';
import { filterSubtree, findNode, maySelect } from './subtree-filter.ts';

/** What operations need of the server, for one request. */
export interface OperationContext extends RpcContext {
  readonly backend: Backend;
  readonly index: ModuleIndex;
  /** The server's own state data, `netconf-state` and the like: each built when it is asked for. */
  readonly ownState: readonly OwnState[];
  /** Ends another session. @returns whether there is one of that id */
  kill(sessionId: number): boolean;
  /** Ends this session once the reply is sent. */
  close(): void;
}

/** One top-level element of state data that the server serves itself. */
export interface OwnState {
  readonly namespace: string;
  readonly name: string;
  build(): XmlElement;
}

/** Children of the rpc-reply; none: `<ok/>`. */
type Reply = readonly XmlElement[];
type Operation = (operation: XmlElement, context: OperationContext) => Reply | Promise<Reply>;

/** Operations of RFC 6241 that are served; the others need capabilities that are not announced. */
const baseOperations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['get', get],
  ['get-config', getConfig],
  ['close-session', closeSession],
  ['kill-session', killSession],
]);

/**
 * Performs the operation of one `<rpc>`.
 * @throws RpcError, or whatever the backend threw
 */
export async function perform(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const { namespace, name } = operation;
  if (namespace === baseNamespace) {
    const served = baseOperations.get(name);
    if (served !== undefined) return served(operation, context);
  }
  if (namespace === monitoringNamespace && name === 'get-schema') return getSchema(operation, context.index);
  return performModuleRpc(operation, context);
}

async function performModuleRpc(operation: XmlElement, context: OperationContext): Promise<Reply> {
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

/** RFC 6241 §7.7. */
async function get(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const filter = filterOf(parameters(operation, ['filter']).get('filter'));
  const own = context.ownState
    .filter(({ namespace, name }) => maySelect(filter, namespace, name))
    .map((state) => state.build());
  const data = await context.backend.get(filter, context);
  return dataReply([...data, ...own], filter, context);
}

/** RFC 6241 §7.1. */
async function getConfig(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const given = parameters(operation, ['source', 'filter']);
  requireRunning(given.get('source'), operation);
  const filter = filterOf(given.get('filter'));
  return dataReply(await context.backend.getConfig(filter, context), filter, context);
}

function dataReply(
  data: readonly XmlElement[],
  filter: XmlElement | undefined,
  { index }: OperationContext,
): Reply {
  return [element(baseNamespace, 'data', filterSubtree(data, filter, index.dataNode))];
}

/** RFC 6241 §6, §8.9.5.1: `subtree` is the default type, `xpath` needs a capability. */
function filterOf(filter: XmlElement | undefined): XmlElement | undefined {
  if (filter === undefined) return undefined;
  const type = attributeOf(filter, 'type') ?? attributeOf(filter, 'type', baseNamespace) ?? 'subtree';
  if (type === 'subtree') return filter;
  if (type === 'xpath')
    throw operationNotSupported(
      'XPath filters are not supported: the :xpath capability is not announced; use a subtree filter',
      'filter',
    );
  throw unacceptableAttribute('type', 'filter', 'is subtree');
}

/** Datastores that capabilities bring which are not announced (RFC 6241 §8.3, §8.7, §8.8). */
const otherDatastores = new Set(['candidate', 'startup', 'url']);

function requireRunning(source: XmlElement | undefined, operation: XmlElement): void {
  if (source === undefined) throw missingElement('source', operation.name);
  const [datastore, second] = childElements(source);
  if (datastore === undefined) throw missingElement('running', 'source');
  if (second !== undefined) throw unexpectedChild(second, source);
  if (datastore.namespace !== source.namespace) throw unexpectedChild(datastore, source);
  if (otherDatastores.has(datastore.name))
    throw operationNotSupported(
      `<${datastore.name}> is not supported as a source, only <running> is`,
      datastore.name,
    );
  if (datastore.name !== 'running') throw unexpectedChild(datastore, source);
}

/** RFC 6241 §7.8. */
function closeSession(operation: XmlElement, context: OperationContext): Reply {
  parameters(operation, []);
  context.close();
  return [];
}

/** RFC 6241 §7.9. */
function killSession(operation: XmlElement, context: OperationContext): Reply {
  const text = requiredText(operation, parameters(operation, ['session-id']), 'session-id');
  if (!/^[1-9][0-9]{0,9}$/.test(text))
    throw invalidValue('session-id', '<session-id> is not the number of a session');
  const id = Number(text);
  if (id === context.session.id)
    throw invalidValue('session-id', 'a session does not kill itself; <close-session> ends it');
  if (!context.kill(id)) throw invalidValue('session-id', `there is no session ${id}`);
  return [];
}
