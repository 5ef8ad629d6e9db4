import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { PacketBound, type SkippedPacket } from '../packet-bound.ts';

/** Octets that may wait for the network before `write` says so. */
const writeBufferBytes = 256 * 1024;

/**
 * A network connection whose reader never sees a packet over a bound (see {@link PacketBound}). What is
 * written in one turn of the event loop leaves at its end, as one: an acknowledgement goes out together with
 * the answer to the same message, and what the message sets off elsewhere goes before both.
 */
export class BoundedStream extends Duplex {
  readonly #socket: Socket;
  #corked = false;

  /**
   * @param maxPacketBytes octets of the largest packet that is read
   * @param skipped is told of every larger one, when its last octet has come
   */
  constructor(socket: Socket, maxPacketBytes: number, skipped: (packet: SkippedPacket) => void) {
    super({ writableHighWaterMark: writeBufferBytes, allowHalfOpen: true });
    this.#socket = socket;
    const bound = new PacketBound(maxPacketBytes, skipped);
    socket.on('data', (chunk) => this.#received(bound, chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#send(chunk, done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** A socket that fails is the stream's end, so only its buffer has to be waited for. */
  #send(bytes: Buffer, done: () => void): void {
    this.#corkThisTurn();
    if (this.#socket.write(bytes)) done();
    else this.#socket.once('drain', done);
  }

  #corkThisTurn(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #received(bound: PacketBound, chunk: Uint8Array): void {
    try {
      for (const part of bound.push(chunk)) if (!this.push(part)) this.#socket.pause();
    } catch (error) {
      this.destroy(error instanceof Error ? error : undefined);
    }
  }
}
