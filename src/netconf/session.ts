import { decodeUtf8Lossy } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import type { NetconfConfig } from '../base/config.ts';
import { errorMessage } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { readXml, type XmlLimits } from '../xml/adapters/saxes-reader.ts';
import { writeXml } from '../xml/adapters/xml-writer.ts';
import type { XmlElement } from '../xml/element.ts';
import { XmlError } from '../xml/xml-error.ts';
import type { Backend, SessionInfo } from './backend.ts';
import { rpcErrorElement } from './error-xml.ts';
import { encodeFrame, FrameDecoder, type Framing, FramingError } from './framing.ts';
import { buildHello, negotiateFraming, parseHello } from './hello.ts';
import type { ModuleIndex } from './module-catalog.ts';
import { type OwnState, perform } from './operations.ts';
import { Outbox } from './outbox.ts';
import { RpcError } from './rpc-error.ts';
import { type Echo, echoOf, noEcho, operationOf, rpcReply } from './rpc-message.ts';
import type { SessionHandle, SessionPort } from './session-port.ts';
import { type MessageCounters, newMessageCounters } from './statistics.ts';
import { toRpcError } from './to-rpc-error.ts';

/** Why a session ended; the termination reasons of RFC 6470 §2.2. */
export type EndReason = 'closed' | 'killed' | 'dropped' | 'timeout' | 'bad-hello' | 'other';

/** What a session needs of its server. */
export interface SessionHost {
  readonly backend: Backend;
  readonly config: NetconfConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Gets every message, shortened, at level `trace`. */
  readonly trace: Logger | undefined;
  readonly counters: MessageCounters;
  readonly ownState: readonly OwnState[];
  index(): ModuleIndex;
  /** Ends a session on behalf of another. @returns whether there is one of that id */
  kill(sessionId: number): boolean;
  ended(session: NetconfSession, reason: EndReason): void;
}

/** Elements, attributes and the like in one request: room for every sane one, none for a memory bomb. */
const maxRequestNodes = 100_000;

/** Characters of a message that the wire trace shows. */
const maxTracedCharacters = 4096;

/** What waits for its turn. */
type Item =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** Answered without being performed. */
  | { readonly kind: 'refused'; readonly echo: Echo; readonly error: RpcError }
  /** The last one: the stream behind it cannot be read. */
  | { readonly kind: 'broken'; readonly error: FramingError };

interface Answer {
  readonly echo: Echo;
  readonly children: readonly XmlElement[];
  readonly failed: boolean;
  /** End the session once this is sent. */
  readonly last?: EndReason;
}

/**
 * One NETCONF session (RFC 6241 §4, §8.1), sans I/O: bytes in through the handle, bytes out through the
 * port. Requests run one at a time and are answered in order; what waits is bounded.
 */
export class NetconfSession implements SessionHandle {
  readonly info: SessionInfo;
  readonly counters: MessageCounters = newMessageCounters();
  readonly #host: SessionHost;
  readonly #port: SessionPort;
  readonly #outbox: Outbox;
  readonly #decoder: FrameDecoder;
  readonly #xmlLimits: XmlLimits;
  readonly #aborter = new AbortController();
  readonly #capabilities: readonly string[];
  #phase: 'hello' | 'open' | 'ended' = 'hello';
  #framing: Framing = 'end-of-message';
  #queue: Item[] = [];
  #queuedBytes = 0;
  #working = false;
  #paused = false;
  #cancelTimer: Cancel | undefined;

  /** Sends the hello at once (RFC 6241 §8.1). */
  constructor(host: SessionHost, info: SessionInfo, port: SessionPort) {
    const { config, clock } = host;
    this.info = info;
    this.#host = host;
    this.#port = port;
    this.#capabilities = host.index().capabilities;
    this.#outbox = new Outbox(port, clock, config, () => this.#stuck());
    this.#decoder = new FrameDecoder(config);
    this.#xmlLimits = { ...config, maxBytes: config.maxMessageBytes, maxNodes: maxRequestNodes };
    this.#cancelTimer = clock.schedule(config.helloTimeoutMs, () => this.end('timeout'));
    this.#send(buildHello({ capabilities: this.#capabilities, sessionId: info.id }), false);
  }

  get id(): number {
    return this.info.id;
  }

  get paused(): boolean {
    return this.#paused;
  }

  receive(bytes: Uint8Array): void {
    this.#take(() => this.#decoder.push(bytes));
  }

  drained(): void {
    this.#outbox.drained();
    this.#steerReading();
  }

  closed(): void {
    this.#outbox.abandon();
    this.#end('dropped');
  }

  /** Ends the session now; what was not sent is lost. */
  end(reason: EndReason): void {
    if (this.#phase === 'ended') return;
    this.#outbox.abandon();
    this.#end(reason);
    this.#port.abort();
  }

  #take(decode: () => Uint8Array[]): void {
    if (this.#phase === 'ended') return;
    try {
      for (const message of decode()) this.#message(message);
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      for (const message of error.messages) this.#message(message);
      this.#framingBroken(error);
    }
    this.#steerReading();
    void this.#work();
  }

  #message(bytes: Uint8Array): void {
    if (this.#phase === 'ended') return;
    this.#traceMessage('in', bytes);
    if (this.#phase === 'hello') this.#hello(bytes);
    else this.#enqueue(bytes);
  }

  #hello(bytes: Uint8Array): void {
    try {
      const hello = parseHello(readXml(bytes, this.#xmlLimits));
      if (hello.sessionId !== undefined) throw new RpcError('protocol', 'bad-element', 'it has a session-id');
      this.#framing = negotiateFraming(this.#capabilities, hello.capabilities);
    } catch (error) {
      this.#refuseHello(errorMessage(error));
      return;
    }
    this.#phase = 'open';
    this.#watchIdling();
    this.#take(() => this.#decoder.begin(this.#framing));
  }

  /** RFC 6241 §8.1: a session whose hello is refused ends without a word. */
  #refuseHello(reason: string): void {
    this.#host.logger.info('a NETCONF hello was refused', { session: this.id, reason });
    this.end('bad-hello');
  }

  #framingBroken(error: FramingError): void {
    if (this.#phase === 'hello') this.#refuseHello(error.message);
    else this.#queue.push({ kind: 'broken', error });
  }

  #enqueue(bytes: Uint8Array): void {
    this.#watchIdling();
    if (this.#queue.length < this.#host.config.maxQueuedRequests) {
      this.#queue.push({ kind: 'message', bytes });
      this.#queuedBytes += bytes.length;
    } else this.#queue.push({ kind: 'refused', ...this.#refuse(bytes) });
  }

  /** Keeps of a request over the limit only what its reply needs. */
  #refuse(bytes: Uint8Array): { echo: Echo; error: RpcError } {
    const limit = this.#host.config.maxQueuedRequests;
    const message = `over ${limit} requests of this session wait for their turn`;
    try {
      const echo = echoOf(readXml(bytes, this.#xmlLimits));
      return { echo, error: new RpcError('application', 'resource-denied', message) };
    } catch (error) {
      return { echo: noEcho, error: toRpcError(error).error };
    }
  }

  /** Serves what waits, one request at a time. */
  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    while (this.#phase === 'open') {
      if (this.#outbox.full) await this.#outbox.ready();
      const item = this.#queue.shift();
      if (item === undefined) break;
      if (item.kind === 'message') this.#queuedBytes -= item.bytes.length;
      this.#steerReading();
      await this.#serve(item);
    }
    this.#working = false;
  }

  async #serve(item: Item): Promise<void> {
    const answer = item.kind === 'message' ? await this.#answer(item.bytes) : this.#refusal(item);
    if (this.#phase === 'ended') return;
    if (answer !== undefined) this.#reply(answer);
    this.#watchIdling();
    this.#steerReading();
    const last = answer === undefined ? 'other' : answer.last;
    if (last === undefined) return;
    this.#outbox.finish();
    this.#end(last);
  }

  #refusal(item: Exclude<Item, { kind: 'message' }>): Answer {
    this.#count('inBadRpcs');
    if (item.kind === 'refused') return failure(item.echo, item.error);
    return { ...failure(noEcho, toRpcError(item.error).error), last: 'other' };
  }

  /** @returns `undefined` when the session has to end without a reply */
  async #answer(bytes: Uint8Array): Promise<Answer | undefined> {
    let root: XmlElement;
    try {
      root = readXml(bytes, this.#xmlLimits);
    } catch (error) {
      this.#count('inBadRpcs');
      // malformed-message exists since base:1.1 (RFC 6241 Appendix A); a 1.0 peer is left.
      const unanswerable = error instanceof XmlError && error.code === 'xml-malformed';
      if (unanswerable && this.#framing === 'end-of-message') return undefined;
      return failure(noEcho, toRpcError(error).error);
    }
    return this.#perform(root);
  }

  async #perform(root: XmlElement): Promise<Answer> {
    const echo = echoOf(root);
    let operation: XmlElement;
    try {
      operation = operationOf(root);
    } catch (error) {
      this.#count('inBadRpcs');
      return failure(echo, toRpcError(error).error);
    }
    this.#count('inRpcs');
    let closing = false;
    const close = (): void => {
      closing = true;
    };
    try {
      const children = await perform(operation, this.#context(close));
      return { echo, children, failed: false, ...(closing ? { last: 'closed' } : {}) };
    } catch (thrown) {
      const { error, unforeseen } = toRpcError(thrown);
      if (unforeseen) this.#logFailure(operation.name, thrown);
      return failure(echo, error);
    }
  }

  #context(close: () => void): Parameters<typeof perform>[1] {
    const host = this.#host;
    return {
      session: this.info,
      signal: this.#aborter.signal,
      backend: host.backend,
      index: host.index(),
      ownState: host.ownState,
      kill: (id) => host.kill(id),
      close,
    };
  }

  #reply({ echo, children, failed }: Answer): void {
    try {
      this.#send(rpcReply(echo, children), failed);
      if (failed) this.#count('outRpcErrors');
    } catch (thrown) {
      this.#logFailure('rpc-reply', thrown);
      this.#count('outRpcErrors');
      this.#send(rpcReply(echo, [rpcErrorElement(toRpcError(thrown).error)]), true);
    }
  }

  #send(message: XmlElement, wholeChunk: boolean): void {
    const xml = writeXml(message);
    if (this.#host.trace !== undefined) this.#traceText('out', xml);
    this.#outbox.send(encodeFrame(xml, this.#framing, wholeChunk));
  }

  /** Reads while there is room for requests and for their replies. */
  #steerReading(): void {
    const wanted = this.#phase !== 'ended' && (this.#outbox.full || this.#queueIsFilling());
    if (wanted === this.#paused) return;
    this.#paused = wanted;
    if (wanted) this.#port.pause();
    else this.#port.resume();
  }

  /** Half of the queue is left for what is on its way already. */
  #queueIsFilling(): boolean {
    const { maxQueuedRequests, maxMessageBytes } = this.#host.config;
    return 2 * this.#queue.length >= maxQueuedRequests || this.#queuedBytes >= maxMessageBytes;
  }

  #watchIdling(): void {
    const { idleTimeoutMs } = this.#host.config;
    this.#cancelTimer?.();
    this.#cancelTimer =
      idleTimeoutMs === 0 ? undefined : this.#host.clock.schedule(idleTimeoutMs, () => this.#idled());
  }

  #idled(): void {
    // A session that waits for its own request is not idle.
    if (this.#working) this.#watchIdling();
    else this.end('timeout');
  }

  #stuck(): void {
    this.#host.logger.warn('a NETCONF client takes nothing and is cut off', { session: this.id });
    if (this.#phase === 'ended') this.#port.abort();
    else this.end('timeout');
  }

  #end(reason: EndReason): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#queue = [];
    this.#cancelTimer?.();
    this.#aborter.abort();
    this.#steerReading();
    this.#host.ended(this, reason);
  }

  #count(counter: keyof MessageCounters): void {
    this.counters[counter] += 1;
    this.#host.counters[counter] += 1;
  }

  #logFailure(operation: string, thrown: unknown): void {
    this.#host.logger.error('a NETCONF operation failed', {
      session: this.id,
      operation,
      error: errorMessage(thrown),
    });
  }

  #traceMessage(direction: 'in' | 'out', bytes: Uint8Array): void {
    if (this.#host.trace !== undefined)
      this.#traceText(direction, decodeUtf8Lossy(bytes.subarray(0, maxTracedCharacters)), bytes.length);
  }

  #traceText(direction: 'in' | 'out', text: string, octets = text.length): void {
    const shown = text.slice(0, maxTracedCharacters);
    this.#host.trace?.trace(`netconf ${direction}`, { session: this.id, octets, message: shown });
  }
}

function failure(echo: Echo, error: RpcError): Answer {
  return { echo, children: [rpcErrorElement(error)], failed: true };
}
