import type { Socket } from 'node:net';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { SessionHandle, SessionPort } from '../session-port.ts';
import { type ChannelWriter, channelWriter, isBlocked } from './channel-pressure.ts';
import type { KeyExchanges } from './key-exchanges.ts';
import type { ServerChannel } from './ssh2.ts';

export interface NetconfChannelOptions {
  readonly channel: ServerChannel;
  readonly socket: Socket;
  readonly exchanges: KeyExchanges;
  readonly clock: Clock;
  /** How long what was written last may take to reach the client once the session has ended. */
  readonly lingerMs: number;
  /** How long a session may go on whose client has said that it sends nothing more. */
  readonly endOfInputMs: number;
  readonly openSession: (port: SessionPort) => SessionHandle;
}

/** One NETCONF session over one SSH channel (RFC 6242 §3). */
export class NetconfChannel {
  readonly #options: NetconfChannelOptions;
  readonly #channel: ServerChannel;
  readonly #writer: ChannelWriter;
  /** Unset while `openSession` runs, which may already write to the port or end it. */
  #session: SessionHandle | undefined;
  readonly #timers: Cancel[] = [];
  #ending = false;
  #gone = false;

  constructor(options: NetconfChannelOptions) {
    const { channel, socket, exchanges } = options;
    this.#options = options;
    this.#channel = channel;
    this.#writer = channelWriter(channel, socket, exchanges, () => this.#session?.drained());
    this.#session = options.openSession(this.#port());
    channel.on('error', () => this.gone());
    channel.on('close', () => this.gone());
    channel.on('end', () => this.#inputEnded());
    channel.on('data', (bytes: Uint8Array) => this.#session?.receive(bytes));
    if (this.#session.paused) channel.pause();
    if (this.#gone) this.#session.closed();
  }

  /** Flushes, says that all went well, closes. */
  end(): void {
    if (this.#ending || this.#gone) return;
    this.#ending = true;
    const channel = this.#channel;
    this.#writer.flush();
    // The empty write comes after all others, which may wait for the client's window.
    channel.write(new Uint8Array(), () => {
      channel.exit(0);
      channel.end();
    });
    this.#after(this.#options.lingerMs, () => this.#cut());
    // Whatever the client still sends is dropped, or its close would wait behind it.
    channel.resume();
  }

  /** The channel or its connection is closed. */
  gone(): void {
    if (this.#gone) return;
    this.#gone = true;
    for (const cancel of this.#timers) cancel();
    this.#writer.close();
    this.#session?.closed();
  }

  #port(): SessionPort {
    return {
      write: (bytes) => this.#ending || this.#gone || this.#writer.write(bytes),
      end: () => this.end(),
      abort: () => this.#cut(),
      pause: () => {
        this.#channel.pause();
      },
      resume: () => {
        this.#channel.resume();
      },
    };
  }

  /**
   * The client has sent EOF. Scripts pipe their requests into `ssh -s` and then wait for the answers, so
   * the session may still end by itself.
   */
  #inputEnded(): void {
    this.#after(this.#options.endOfInputMs, () => this.end());
  }

  #cut(): void {
    this.#channel.close();
    // The close message stands behind what the client does not read: nothing on this connection gets through.
    if (isBlocked(this.#options.socket)) this.#options.socket.destroy();
    this.gone();
  }

  #after(delayMs: number, task: () => void): void {
    this.#timers.push(this.#options.clock.schedule(delayMs, task));
  }
}
