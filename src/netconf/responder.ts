import type { Clock } from '../base/clock.ts';
import type { NetconfConfig } from '../base/config.ts';
import { errorMessage } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { readLongXml, readXml, type XmlLimits } from '../xml/adapters/saxes-reader.ts';
import type { XmlElement } from '../xml/element.ts';
import { XmlError } from '../xml/xml-error.ts';
import type { AccessPolicy, UserAccess } from './access/user-access.ts';
import type { PerformedRequest, RequestAudit } from './audit.ts';
import type { Backend, SessionInfo } from './backend.ts';
import type { Datastores } from './datastore/datastores.ts';
import { rpcErrorElement } from './error-xml.ts';
import type { Framing } from './framing.ts';
import type { LoopTurn } from './loop-turn.ts';
import type { ModuleIndex } from './module-catalog.ts';
import type { OperationContext, OwnState } from './operation.ts';
import { perform } from './operations.ts';
import type { QueuedRequest } from './request-queue.ts';
import { RpcError } from './rpc-error.ts';
import { type Echo, echoOf, noEcho, operationOf } from './rpc-message.ts';
import type { MessageCounters } from './statistics.ts';
import { toRpcError } from './to-rpc-error.ts';

/** What answering requests needs of the server. */
export interface ResponderHost {
  readonly backend: Backend;
  readonly datastores: Datastores;
  readonly config: NetconfConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: MessageCounters;
  readonly ownState: readonly OwnState[];
  readonly access: AccessPolicy;
  readonly audit: RequestAudit | undefined;
  /** What all sessions share. */
  readonly turn: LoopTurn;
  index(): ModuleIndex;
  /** Ends a session on behalf of another, `by`. @returns whether there is one of that id */
  kill(sessionId: number, by: number): boolean;
}

/** What answering requests needs of their session. */
export interface RespondingSession {
  readonly info: SessionInfo;
  readonly counters: MessageCounters;
  readonly access: UserAccess;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
  readonly subscribe: OperationContext['subscribe'];
}

/** What an `<rpc-reply>` is made of. */
export interface Answer {
  readonly echo: Echo;
  readonly children: readonly XmlElement[];
  /** It holds an `<rpc-error>`. */
  readonly failed: boolean;
  /** The session ends once this is sent, and why. */
  readonly last?: 'closed' | 'other';
}

/** Octets over which a request is read in turns with everything else; fewer take a few milliseconds. */
const longRequestBytes = 65_536;

/** Turns the requests of one session into answers, and counts them (RFC 6022 §2.1.4). */
export class Responder {
  readonly #host: ResponderHost;
  readonly #session: SessionInfo;
  readonly #counters: MessageCounters;
  readonly #signal: AbortSignal;
  readonly #access: UserAccess;
  readonly #subscribe: OperationContext['subscribe'];
  readonly #limits: XmlLimits;
  /**
   * What long work for the session waits for between its parts, where others shall have their turn.
   * @throws what its signal was aborted with, when the session has ended
   */
  readonly rest: () => Promise<void> | undefined;

  constructor(host: ResponderHost, { info, counters, access, signal, subscribe }: RespondingSession) {
    this.#host = host;
    this.#session = info;
    this.#counters = counters;
    this.#signal = signal;
    this.#access = access;
    this.#subscribe = subscribe;
    const { config, turn } = host;
    this.rest = () => {
      signal.throwIfAborted();
      return turn.rest();
    };
    this.#limits = { ...config, maxBytes: config.maxMessageBytes, maxNodes: config.maxRequestNodes };
  }

  /** @throws XmlError */
  read(bytes: Uint8Array): XmlElement {
    return readXml(bytes, this.#limits);
  }

  /** Keeps of a request for which there is no room only what its reply needs; a long one is not even read. */
  refuse(bytes: Uint8Array): QueuedRequest {
    const limit = this.#host.config.maxQueuedRequests;
    const message = `over ${limit} requests of this session wait for their turn`;
    const error = new RpcError('application', 'resource-denied', message);
    if (bytes.length > longRequestBytes) return { kind: 'refused', echo: noEcho, error };
    try {
      return { kind: 'refused', echo: echoOf(this.read(bytes)), error };
    } catch (thrown) {
      return { kind: 'refused', echo: noEcho, error: toRpcError(thrown).error };
    }
  }

  /** @returns `undefined` when the session has to end without a reply */
  async answer(request: QueuedRequest, framing: Framing): Promise<Answer | undefined> {
    if (request.kind === 'message') return this.#answerMessage(request.bytes, framing);
    if (request.kind === 'refused') {
      // One for which there was no room is a correct <rpc> all the same.
      this.#count(request.error.tag === 'resource-denied' ? 'inRpcs' : 'inBadRpcs');
      return this.failure(request.echo, request.error);
    }
    this.#count('inBadRpcs');
    return { ...this.failure(noEcho, request.error), last: 'other' };
  }

  /** The answer for whatever was thrown; what nobody foresaw is logged. */
  failure(echo: Echo, thrown: unknown, operation?: string): Answer {
    const { error, unforeseen } = toRpcError(thrown);
    if (unforeseen)
      this.#host.logger.error('a NETCONF operation failed', {
        session: this.#session.id,
        operation,
        error: errorMessage(thrown),
      });
    if (error.tag === 'access-denied') this.#logDenial(error, operation);
    this.#count('outRpcErrors');
    return { echo, children: [error, ...(error.fields.further ?? [])].map(rpcErrorElement), failed: true };
  }

  #logDenial({ fields }: RpcError, operation: string | undefined): void {
    const { id, username, sourceHost } = this.#session;
    this.#host.logger.info('access control denied a NETCONF request', {
      session: id,
      username,
      sourceHost,
      operation,
      path: fields.path,
    });
  }

  async #answerMessage(bytes: Uint8Array, framing: Framing): Promise<Answer | undefined> {
    let root: XmlElement;
    try {
      root =
        bytes.length > longRequestBytes
          ? await readLongXml(bytes, this.#limits, this.rest)
          : this.read(bytes);
    } catch (error) {
      // The session ended while a long request was read.
      if (this.#signal.aborted) return undefined;
      this.#count('inBadRpcs');
      // malformed-message exists since base:1.1 (RFC 6241 Appendix A); a 1.0 peer is left.
      const malformed = error instanceof XmlError && error.code === 'xml-malformed';
      return malformed && framing === 'end-of-message' ? undefined : this.failure(noEcho, error);
    }
    const echo = echoOf(root);
    let operation: XmlElement;
    try {
      operation = operationOf(root);
    } catch (error) {
      this.#count('inBadRpcs');
      return this.failure(echo, error);
    }
    this.#count('inRpcs');
    return this.#perform(operation, echo);
  }

  async #perform(operation: XmlElement, echo: Echo): Promise<Answer> {
    let closing = false;
    const close = (): void => {
      closing = true;
    };
    try {
      const children = await perform(operation, this.#context(close));
      await this.#audit(operation, children);
      return { echo, children, failed: false, ...(closing ? { last: 'closed' } : {}) };
    } catch (thrown) {
      if (this.#signal.aborted) {
        // Nobody is told. What was asked of a device may be done all the same.
        await this.#audit(operation, [], { unanswered: true });
        return { echo, children: [], failed: false };
      }
      await this.#audit(operation, [], { error: toRpcError(thrown).error });
      return this.failure(echo, thrown, operation.name);
    }
  }

  #audit(
    operation: XmlElement,
    reply: readonly XmlElement[],
    more: Pick<PerformedRequest, 'error' | 'unanswered'> = {},
  ): Promise<void> | undefined {
    return this.#host.audit?.performed({ session: this.#session, operation, reply, ...more });
  }

  #context(close: () => void): OperationContext {
    const host = this.#host;
    return {
      session: this.#session,
      access: this.#access,
      signal: this.#signal,
      rest: this.rest,
      backend: host.backend,
      datastores: host.datastores,
      index: host.index(),
      ownState: host.ownState,
      kill: (id) => host.kill(id, this.#session.id),
      subscribe: this.#subscribe,
      close,
    };
  }

  #count(counter: keyof MessageCounters): void {
    this.#counters[counter] += 1;
    this.#host.counters[counter] += 1;
  }
}
