import type { NetconfConfig } from '../base/config.ts';
import type { FramingError } from './framing.ts';
import type { RpcError } from './rpc-error.ts';
import type { Echo } from './rpc-message.ts';

/** What waits for its turn. */
export type QueuedRequest =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** Answered without being performed. */
  | { readonly kind: 'refused'; readonly echo: Echo; readonly error: RpcError }
  /** The last one: the stream behind it cannot be read. */
  | { readonly kind: 'broken'; readonly error: FramingError | RpcError };

/** The requests of one session in the order they came, those that are refused included. */
export class RequestQueue {
  readonly #limits: Pick<NetconfConfig, 'maxQueuedRequests' | 'maxMessageBytes'>;
  readonly #requests: QueuedRequest[] = [];
  #bytes = 0;

  constructor(limits: Pick<NetconfConfig, 'maxQueuedRequests' | 'maxMessageBytes'>) {
    this.#limits = limits;
  }

  get empty(): boolean {
    return this.#requests.length === 0;
  }

  /** Whether a further request has to be refused. */
  get full(): boolean {
    return this.#requests.length >= this.#limits.maxQueuedRequests;
  }

  /** Whether to read no more for now; half of the queue is left for what is on its way already. */
  get filling(): boolean {
    const { maxQueuedRequests, maxMessageBytes } = this.#limits;
    return 2 * this.#requests.length >= maxQueuedRequests || this.#bytes >= maxMessageBytes;
  }

  /** Octets of the requests that wait. */
  get heldBytes(): number {
    return this.#bytes;
  }

  add(request: QueuedRequest): void {
    this.#requests.push(request);
    this.#bytes += octetsOf(request);
  }

  next(): QueuedRequest | undefined {
    const request = this.#requests.shift();
    if (request !== undefined) this.#bytes -= octetsOf(request);
    return request;
  }

  clear(): void {
    this.#requests.length = 0;
    this.#bytes = 0;
  }
}

/** Octets that a request holds while it waits. */
export function octetsOf(request: QueuedRequest): number {
  return request.kind === 'message' ? request.bytes.length : 0;
}
