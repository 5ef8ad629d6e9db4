import { decodeUtf8Lossy } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import { errorMessage } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { XmlElement } from '../xml/element.ts';
import { isLong, writeLongXml, writeXml } from '../xml/xml-writer.ts';
import type { UserAccess } from './access/user-access.ts';
import type { SessionInfo } from './backend.ts';
import type { EventStreams } from './events/event-streams.ts';
import { SessionSubscription } from './events/session-subscription.ts';
import { encodeFrame, FrameDecoder, type Framing, FramingError } from './framing.ts';
import { buildHello, negotiateFraming, parseHello } from './hello.ts';
import { Outbox } from './outbox.ts';
import { octetsOf, type QueuedRequest, RequestQueue } from './request-queue.ts';
import { type Answer, Responder, type ResponderHost } from './responder.ts';
import { RpcError } from './rpc-error.ts';
import { rpcReply } from './rpc-message.ts';
import type { SessionHandle, SessionPort } from './session-port.ts';
import { type MessageCounters, newMessageCounters } from './statistics.ts';
import { maxTracedCharacters, tracedText } from './trace-text.ts';
import type { UserBudget } from './user-budget.ts';

/** Why a session ended; the termination reasons of RFC 6470 §2.2. */
export type EndReason = 'closed' | 'killed' | 'dropped' | 'timeout' | 'bad-hello' | 'other';

/** What a session needs of its server. */
export interface SessionHost extends ResponderHost {
  readonly clock: Clock;
  readonly events: EventStreams;
  /** Gets every message, shortened, at level `trace`. */
  readonly trace: Logger | undefined;
  /** What the sessions of a user share. */
  budgetOf(username: string): UserBudget;
  /** @param killedBy the session that asked for it, where one has */
  ended(session: NetconfSession, reason: EndReason, killedBy: number | undefined): void;
}

/** Octets of a client's hello; it is read at once. */
const maxHelloBytes = 65_536;

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
  readonly #responder: Responder;
  readonly #subscription: SessionSubscription;
  readonly #aborter = new AbortController();
  readonly #capabilities: readonly string[];
  #phase: 'hello' | 'open' | 'ended' = 'hello';
  #framing: Framing = 'end-of-message';
  readonly #queue: RequestQueue;
  readonly #budget: UserBudget;
  /** Octets that stand in the budget for this session. */
  #requestBytes = 0;
  #replyBytes = 0;
  /** Octets of the request that is being answered. */
  #servedBytes = 0;
  #working = false;
  #paused = false;
  #overBudget = false;
  #cancelTimer: Cancel | undefined;
  /** When something was asked or answered last, monotonic. */
  #activeAt = 0;

  /** Sends the hello at once (RFC 6241 §8.1). */
  constructor(host: SessionHost, info: SessionInfo, port: SessionPort) {
    const { config, clock } = host;
    this.info = info;
    this.#host = host;
    this.#port = port;
    this.#capabilities = host.index().capabilities;
    this.#outbox = new Outbox(port, clock, config, () => this.#stuck());
    this.#decoder = new FrameDecoder(config);
    this.#queue = new RequestQueue(config);
    this.#budget = host.budgetOf(info.username);
    const access = host.access.forUser(info.username);
    this.#subscription = this.#newSubscription(access);
    this.#responder = new Responder(host, {
      info,
      counters: this.counters,
      access,
      signal: this.#aborter.signal,
      subscribe: (request) => this.#subscription.begin(request),
    });
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
    this.#subscription.wake();
    this.#account();
    this.#steerReading();
  }

  closed(): void {
    this.#outbox.abandon();
    this.#end('dropped');
    // A session that has ended by itself may have had something to send.
    this.#account();
  }

  /**
   * Ends the session now; what was not sent is lost.
   * @param killedBy the session that asked for it, where one has
   */
  end(reason: EndReason, killedBy?: number): void {
    if (this.#phase === 'ended') return;
    this.#outbox.abandon();
    this.#end(reason, killedBy);
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
    this.#account();
    if (this.#budget.exceeded) this.#refuseMore();
    this.#steerReading();
    this.#work().catch((error: unknown) => this.#broken(error));
  }

  #message(bytes: Uint8Array): void {
    if (this.#phase === 'ended') return;
    this.#traceMessage('in', bytes);
    if (this.#phase === 'hello') this.#hello(bytes);
    else this.#enqueue(bytes);
  }

  #hello(bytes: Uint8Array): void {
    try {
      if (bytes.length > maxHelloBytes)
        throw new RpcError('application', 'too-big', `it is over ${maxHelloBytes} octets`);
      const hello = parseHello(this.#responder.read(bytes));
      if (hello.sessionId !== undefined) throw new RpcError('protocol', 'bad-element', 'it has a session-id');
      this.#framing = negotiateFraming(this.#capabilities, hello.capabilities);
    } catch (error) {
      this.#refuseHello(errorMessage(error));
      return;
    }
    this.#phase = 'open';
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
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
    else this.#queue.add({ kind: 'broken', error });
  }

  /** The user holds too much, and this session has brought the last of it: what waits here is still answered. */
  #refuseMore(): void {
    if (this.#phase === 'ended' || this.#overBudget) return;
    this.#overBudget = true;
    this.#decoder.stop();
    const limit = this.#host.config.maxUserBytes;
    const message = `the requests of this user's sessions are over ${limit} octets`;
    this.#host.logger.warn('a NETCONF session is ended', { session: this.id, reason: message });
    const error = new RpcError('application', 'resource-denied', message);
    if (this.#phase === 'hello') this.end('other');
    else this.#queue.add({ kind: 'broken', error });
    this.#account();
  }

  /** Says in the user's budget what this session holds now. */
  #account(): void {
    const ended = this.#phase === 'ended';
    const requests = ended ? 0 : this.#decoder.heldBytes + this.#queue.heldBytes + this.#servedBytes;
    const replies = this.#outbox.unsentBytes;
    if (requests === this.#requestBytes && replies === this.#replyBytes) return;
    this.#budget.change(requests - this.#requestBytes, replies - this.#replyBytes);
    this.#requestBytes = requests;
    this.#replyBytes = replies;
  }

  #enqueue(bytes: Uint8Array): void {
    this.#watchIdling();
    this.#queue.add(this.#queue.full ? this.#responder.refuse(bytes) : { kind: 'message', bytes });
  }

  /** Serves what waits, one request at a time. */
  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    const { turn } = this.#host;
    while (this.#phase === 'open') {
      if (this.#outbox.full) await this.#outbox.ready();
      if (this.#budget.full) {
        await this.#budget.ready();
        continue;
      }
      const request = this.#queue.next();
      if (request === undefined) break;
      this.#steerReading();
      this.#servedBytes = octetsOf(request);
      await this.#serve(request);
      this.#servedBytes = 0;
      this.#account();
      // What waits would else run in the same turn of the event loop, before anything else.
      while (!this.#queue.empty && turn.over) await turn.next();
    }
    this.#working = false;
  }

  async #serve(request: QueuedRequest): Promise<void> {
    const answer = await this.#responder.answer(request, this.#framing);
    if (this.#phase === 'ended') return;
    if (answer !== undefined) await this.#reply(answer);
    if (this.#aborter.signal.aborted) return;
    this.#subscription.replied();
    this.#watchIdling();
    this.#steerReading();
    const last = answer === undefined ? 'other' : answer.last;
    if (last === undefined) return;
    this.#outbox.finish();
    this.#end(last);
  }

  async #reply(answer: Answer): Promise<void> {
    try {
      const message = rpcReply(answer.echo, answer.children);
      const xml = isLong(message) ? await writeLongXml(message, this.#responder.rest) : writeXml(message);
      this.#sendText(xml, answer.failed);
    } catch (thrown) {
      if (this.#aborter.signal.aborted) return;
      // The backend's answer holds what cannot be written.
      const { echo, children } = this.#responder.failure(answer.echo, thrown, 'rpc-reply');
      this.#send(rpcReply(echo, children), true);
    }
  }

  #send(message: XmlElement, wholeChunk: boolean): void {
    this.#sendText(writeXml(message), wholeChunk);
  }

  #sendText(xml: string, wholeChunk: boolean): void {
    if (this.#host.trace !== undefined) this.#traceText('out', xml);
    this.#outbox.send(encodeFrame(xml, this.#framing, wholeChunk));
  }

  /** Notifications go out between replies, and only while nothing waits: what waits is not held here. */
  #newSubscription(access: UserAccess): SessionSubscription {
    return new SessionSubscription(this.#host.events, {
      access,
      ready: () => this.#phase === 'open' && this.#outbox.idle,
      send: (xml) => this.#notify(xml),
      failed: (reason) => this.#outrun(reason),
    });
  }

  #notify(notification: string): void {
    this.counters.outNotifications += 1;
    this.#host.counters.outNotifications += 1;
    try {
      this.#sendText(notification, false);
    } catch (error) {
      this.#broken(error);
    }
  }

  #outrun(reason: string): void {
    this.#host.logger.warn('a subscriber is cut off', { session: this.id, reason });
    this.end('other');
  }

  /** Reads while there is room for requests and for their replies. */
  #steerReading(): void {
    const wanted = this.#phase !== 'ended' && (this.#outbox.full || this.#queue.filling);
    if (wanted === this.#paused) return;
    this.#paused = wanted;
    if (wanted) this.#port.pause();
    else this.#port.resume();
  }

  /** The timer that is set is left as it is: it looks again, and requests set none. */
  #watchIdling(): void {
    const { clock, config } = this.#host;
    this.#activeAt = clock.monotonic();
    if (config.idleTimeoutMs > 0) this.#cancelTimer ??= this.#idleTimer(config.idleTimeoutMs);
  }

  #idleTimer(delayMs: number): Cancel {
    return this.#host.clock.schedule(delayMs, () => this.#idled());
  }

  #idled(): void {
    this.#cancelTimer = undefined;
    // A session that waits for its own request, or for notifications, is not idle.
    if (this.#working || this.#subscription.active) {
      this.#watchIdling();
      return;
    }
    const { clock, config } = this.#host;
    const left = this.#activeAt + config.idleTimeoutMs - clock.monotonic();
    if (left > 0) this.#cancelTimer = this.#idleTimer(left);
    else this.end('timeout');
  }

  /** A bug of ours costs this session, and no other. */
  #broken(error: unknown): void {
    this.#host.logger.error('a NETCONF session broke', { session: this.id, error });
    this.end('other');
  }

  #stuck(): void {
    this.#host.logger.warn('a NETCONF client takes nothing and is cut off', { session: this.id });
    if (this.#phase === 'ended') this.#port.abort();
    else this.end('timeout');
  }

  #end(reason: EndReason, killedBy?: number): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#queue.clear();
    this.#decoder.stop();
    this.#account();
    this.#cancelTimer?.();
    this.#subscription.end();
    this.#aborter.abort();
    this.#steerReading();
    this.#host.ended(this, reason, killedBy);
  }

  #traceMessage(direction: 'in' | 'out', bytes: Uint8Array): void {
    if (this.#host.trace !== undefined)
      this.#traceText(direction, decodeUtf8Lossy(bytes.subarray(0, maxTracedCharacters)), bytes.length);
  }

  #traceText(direction: 'in' | 'out', text: string, octets = text.length): void {
    const message = tracedText(text);
    this.#host.trace?.trace(`netconf ${direction}`, { session: this.id, octets, message });
  }
}
