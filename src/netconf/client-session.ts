import type { Clock } from '../base/clock.ts';
import { type MupError, PeerError, UnavailableError } from '../base/errors.ts';
import { readXml } from '../xml/adapters/saxes-reader.ts';
import { attributeOf, element, type XmlElement } from '../xml/element.ts';
import { writeXml } from '../xml/xml-writer.ts';
import { defaultReplyMs, type RpcOptions, RpcReplyError, replyErrors } from './client.ts';
import { encodeFrame, FrameDecoder, type Framing } from './framing.ts';
import { base10, base11, buildHello, type Hello, negotiateFraming, parseHello } from './hello.ts';
import { baseNamespace } from './namespaces.ts';

/** The client's end of a channel. */
export interface ClientPort {
  write(bytes: Uint8Array): void;
  end(): void;
}

/** What a server's message may be: data of thousands of devices fits. */
const limits = { maxBytes: 64 * 1024 * 1024, maxDepth: 256, maxAttributes: 64 };
const ourCapabilities = [base10, base11];

interface Pending {
  resolve(reply: XmlElement): void;
  reject(error: MupError): void;
}

/** The client's side of one NETCONF session (RFC 6241): bytes in, bytes out. */
export class ClientSession {
  readonly #port: ClientPort;
  readonly #clock: Clock;
  readonly #decoder = new FrameDecoder({ maxMessageBytes: limits.maxBytes });
  /** By message-id, in the order of the requests. */
  readonly #pending = new Map<string, Pending>();
  readonly #onHello: (hello: Hello) => void;
  readonly #onFailure: (error: MupError) => void;
  #framing: Framing | undefined;
  #lastId = 0;
  #failure: MupError | undefined;

  /**
   * @param onHello called once, with the server's hello: requests can be sent from now on
   * @param onFailure called once, when the session cannot go on or was closed
   */
  constructor(
    port: ClientPort,
    clock: Clock,
    onHello: (hello: Hello) => void,
    onFailure: (error: MupError) => void,
  ) {
    this.#port = port;
    this.#clock = clock;
    this.#onHello = onHello;
    this.#onFailure = onFailure;
  }

  /** Sends our hello, which is always in end-of-message framing (RFC 6242 §4.1). */
  start(): void {
    this.#send(buildHello({ capabilities: ourCapabilities }), 'end-of-message');
  }

  /** Bytes from the server, cut anywhere. */
  receive(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      for (const message of this.#decoder.push(bytes)) this.#message(message);
    } catch (error) {
      this.fail(error instanceof PeerError ? error : badServer('its message cannot be read'));
    }
  }

  /** The channel is gone. */
  closed(reason = 'the server has closed the session'): void {
    this.fail(new UnavailableError('netconf-closed', reason));
  }

  /** Ends the session: what waits, and what is asked from now on, gets this error. */
  fail(error: MupError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const pending of [...this.#pending.values()]) pending.reject(error);
    this.#port.end();
    this.#onFailure(error);
  }

  /** As `NetconfClient.rpc`. */
  rpc(operation: XmlElement, { timeoutMs = defaultReplyMs, signal }: RpcOptions = {}): Promise<XmlElement> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (signal?.aborted === true) return Promise.reject(aborted(operation));
    this.#lastId += 1;
    const id = String(this.#lastId);
    return new Promise((resolve, reject) => {
      const give = (error: MupError): void => this.#pending.get(id)?.reject(error);
      const abort = (): void => give(aborted(operation));
      const cancel = this.#clock.schedule(timeoutMs, () => give(timedOut(operation, timeoutMs)));
      const settle = (): void => {
        this.#pending.delete(id);
        cancel();
        signal?.removeEventListener('abort', abort);
      };
      this.#pending.set(id, {
        resolve: (reply) => {
          settle();
          resolve(reply);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      signal?.addEventListener('abort', abort);
      this.#send(rpcElement(id, operation), this.#framing ?? 'end-of-message');
    });
  }

  #send(message: XmlElement, framing: Framing): void {
    for (const piece of encodeFrame(writeXml(message), framing)) this.#port.write(piece);
  }

  #message(bytes: Uint8Array): void {
    const root = readXml(bytes, limits);
    if (this.#framing === undefined) this.#hello(parseHello(root));
    else if (root.name === 'rpc-reply' && root.namespace === baseNamespace) this.#reply(root);
    else if (root.name !== 'notification') throw badServer(`<${root.name}> is no message of a server`);
  }

  #hello(hello: Hello): void {
    if (hello.sessionId === undefined) throw badServer('its hello has no session-id');
    this.#framing = negotiateFraming(ourCapabilities, hello.capabilities);
    const early = this.#decoder.begin(this.#framing);
    this.#onHello(hello);
    for (const message of early) this.#message(message);
  }

  #reply(reply: XmlElement): void {
    const pending = this.#pendingOf(reply);
    // The reply to a request that was given up.
    if (pending === undefined) return;
    const errors = replyErrors(reply);
    if (errors.some(({ severity }) => severity !== 'warning')) pending.reject(new RpcReplyError(errors));
    else pending.resolve(reply);
  }

  /** A reply without message-id is to a request the server could not read: the oldest one (RFC 6241 §4.2). */
  #pendingOf(reply: XmlElement): Pending | undefined {
    const id = attributeOf(reply, 'message-id');
    return id === undefined ? this.#pending.values().next().value : this.#pending.get(id);
  }
}

function rpcElement(id: string, operation: XmlElement): XmlElement {
  return element(baseNamespace, 'rpc', [operation], [{ name: 'message-id', namespace: '', value: id }]);
}

function badServer(why: string): PeerError {
  return new PeerError('bad-netconf-server', `the server breaks the protocol: ${why}`);
}

function timedOut({ name }: XmlElement, timeoutMs: number): UnavailableError {
  return new UnavailableError('netconf-timeout', `no reply to <${name}> within ${timeoutMs} ms`);
}

function aborted({ name }: XmlElement): UnavailableError {
  return new UnavailableError('netconf-aborted', `waiting for the reply to <${name}> was given up`);
}
