import type { XmlElement } from '../xml/element.ts';
import type { Backend, ReadContext } from './backend.ts';
import type { Datastores } from './datastore/datastores.ts';
import type { SubscriptionRequest } from './events/subscription.ts';
import type { ModuleIndex } from './module-catalog.ts';

/** What operations need of the server, for one request. */
export interface OperationContext extends ReadContext {
  readonly backend: Backend;
  readonly datastores: Datastores;
  readonly index: ModuleIndex;
  /** The server's own state data, `netconf-state` and the like: each built when it is asked for. */
  readonly ownState: readonly OwnState[];
  /** Ends another session. @returns whether there is one of that id */
  kill(sessionId: number): boolean;
  /** Subscribes this session (RFC 5277); notifications follow the reply. @throws RpcError */
  subscribe(request: SubscriptionRequest): void;
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
export type Reply = readonly XmlElement[];

/**
 * Performs one operation.
 * @param operation its element, the child of `<rpc>`
 */
export type Operation = (operation: XmlElement, context: OperationContext) => Reply | Promise<Reply>;
