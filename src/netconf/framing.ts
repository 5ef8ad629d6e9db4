import { utf8, utf8Length } from '../base/bytes.ts';
import { InternalError, PeerError } from '../base/errors.ts';
import { ByteAccumulator } from './byte-accumulator.ts';

/** `end-of-message`: `]]>]]>` (RFC 6242 §4.3), base:1.0. `chunked`: RFC 6242 §4.2, base:1.1. */
export type Framing = 'end-of-message' | 'chunked';

/** What ends a message in end-of-message framing (RFC 6242 §4.3). */
export const endOfMessage = ']]>]]>';

/** RFC 6242 §4.2: chunk-size is at most 4294967295. */
const maxChunkSize = 4_294_967_295;

/**
 * Octets of the chunks we send. ncclient takes time quadratic in the length of a chunk; tiny chunks cost
 * everybody a header each.
 */
const sentChunkBytes = 32 * 1024;

const LF = 0x0a;
const HASH = 0x23;
const ZERO = 0x30;
const NINE = 0x39;
const BRACKET = 0x5d;

const delimiter = utf8(endOfMessage);
/** Knuth-Morris-Pratt: how much of the delimiter still matches where its next octet does not. */
const fallback = [0, 0, 1, 0, 1, 2] as const;

/** The framing is broken, or a message is over its limit: the session cannot go on (RFC 6242 §4.2). */
export class FramingError extends PeerError {
  /** Messages that were complete before the fault, in order; they are still to be answered. */
  readonly messages: readonly Uint8Array[];

  /** `code`: `bad-framing` or `message-too-big`. */
  constructor(code: 'bad-framing' | 'message-too-big', message: string, messages: readonly Uint8Array[]) {
    super(code, message);
    this.messages = messages;
  }
}

type ChunkedState = 'line-feed' | 'hash' | 'size' | 'digits' | 'data' | 'end';

/**
 * Cuts a stream of octets into messages, for either direction. The first message is a hello, which always
 * ends in `]]>]]>`; what follows it waits until {@link FrameDecoder.begin} says how it is framed. Takes
 * time linear in the octets, however they are cut, and never holds more than one message of
 * `maxMessageBytes` beside what one `push` brought.
 */
export class FrameDecoder {
  readonly #maxMessageBytes: number;
  readonly #message = new ByteAccumulator();
  #framing: Framing | 'hello' | 'between' = 'hello';
  #matched = 0;
  #state: ChunkedState = 'line-feed';
  #chunkLeft = 0;
  #done: Uint8Array[] = [];
  #failed = false;

  constructor({ maxMessageBytes }: { readonly maxMessageBytes: number }) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * @returns the messages that are complete now, without their framing; the hello alone and first
   * @throws FramingError; nothing is decoded after it
   */
  push(bytes: Uint8Array): Uint8Array[] {
    if (this.#failed) return [];
    let at = 0;
    while (at < bytes.length) at = this.#step(bytes, at);
    return this.#takeDone();
  }

  /**
   * The hellos are exchanged: messages are framed like this from now on.
   * @returns the messages that came right behind the hello
   * @throws FramingError
   */
  begin(framing: Framing): Uint8Array[] {
    const held = this.#framing === 'between' ? this.#message.take() : new Uint8Array(0);
    this.#framing = framing;
    return this.push(held);
  }

  /** Octets of the message that is not complete. */
  get heldBytes(): number {
    return this.#message.length;
  }

  /** Decodes nothing more, and forgets what it holds. */
  stop(): void {
    this.#failed = true;
    this.#message.take();
  }

  #takeDone(): Uint8Array[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }

  #step(bytes: Uint8Array, at: number): number {
    switch (this.#framing) {
      case 'between':
        this.#append(bytes.subarray(at));
        return bytes.length;
      case 'chunked':
        return this.#chunkedStep(bytes, at);
      default:
        return this.#endOfMessageStep(bytes, at);
    }
  }

  #endOfMessageStep(bytes: Uint8Array, start: number): number {
    let matched = this.#matched;
    let at = start;
    while (at < bytes.length && matched < delimiter.length) {
      if (matched === 0) {
        const next = bytes.indexOf(BRACKET, at);
        if (next < 0) {
          at = bytes.length;
          break;
        }
        at = next;
      }
      const byte = bytes[at];
      while (matched > 0 && byte !== delimiter[matched]) matched = fallback[matched] ?? 0;
      if (byte === delimiter[matched]) matched += 1;
      at += 1;
    }
    this.#append(bytes.subarray(start, at), delimiter.length);
    this.#matched = matched % delimiter.length;
    if (matched === delimiter.length) this.#finishEndOfMessage();
    return at;
  }

  #finishEndOfMessage(): void {
    const framed = this.#message.take();
    const end = framed.length - delimiter.length;
    let begin = 0;
    // Clients send a line feed after `]]>]]>` (scrapli), which may not stand before an XML declaration.
    while (begin < end && isWhiteSpace(framed[begin])) begin += 1;
    this.#done.push(framed.subarray(begin, end));
    if (this.#framing === 'hello') this.#framing = 'between';
  }

  #chunkedStep(bytes: Uint8Array, at: number): number {
    if (this.#state === 'data') {
      const piece = bytes.subarray(at, at + this.#chunkLeft);
      this.#append(piece);
      this.#chunkLeft -= piece.length;
      if (this.#chunkLeft === 0) this.#state = 'line-feed';
      return at + piece.length;
    }
    this.#chunkHeader(bytes[at] ?? 0);
    return at + 1;
  }

  #chunkHeader(byte: number): void {
    switch (this.#state) {
      case 'line-feed':
        if (byte !== LF) throw this.#broken('a chunk begins with a line feed and #');
        this.#state = 'hash';
        return;
      case 'hash':
        // A stray line feed before the header is tolerated: clients send one after their hello.
        if (byte === LF) return;
        if (byte !== HASH) throw this.#broken('a chunk begins with a line feed and #');
        this.#state = 'size';
        return;
      case 'size':
        this.#firstOfSize(byte);
        return;
      case 'digits':
        this.#nextOfSize(byte);
        return;
      default:
        if (byte !== LF) throw this.#broken('## is followed by a line feed');
        this.#done.push(this.#message.take());
        this.#state = 'line-feed';
    }
  }

  #firstOfSize(byte: number): void {
    if (byte === HASH) {
      if (this.#message.length === 0) throw this.#broken('a message has at least one chunk');
      this.#state = 'end';
      return;
    }
    if (byte <= ZERO || byte > NINE) throw this.#broken('a chunk size is a number without leading zeros');
    this.#chunkLeft = byte - ZERO;
    this.#state = 'digits';
  }

  #nextOfSize(byte: number): void {
    if (byte === LF) {
      this.#checkSize(this.#message.length + this.#chunkLeft);
      this.#state = 'data';
      return;
    }
    if (byte < ZERO || byte > NINE) throw this.#broken('a chunk size is a number');
    this.#chunkLeft = this.#chunkLeft * 10 + byte - ZERO;
    if (this.#chunkLeft > maxChunkSize) throw this.#broken(`a chunk size is at most ${maxChunkSize}`);
  }

  #append(piece: Uint8Array, slack = 0): void {
    this.#checkSize(this.#message.length + piece.length - slack);
    this.#message.append(piece);
  }

  #checkSize(length: number): void {
    if (length <= this.#maxMessageBytes) return;
    throw this.#fail('message-too-big', `the message is over ${this.#maxMessageBytes} octets`);
  }

  #broken(rule: string): FramingError {
    return this.#fail('bad-framing', `the framing is broken: ${rule} (RFC 6242 section 4.2)`);
  }

  #fail(code: 'bad-framing' | 'message-too-big', message: string): FramingError {
    this.#failed = true;
    this.#message.take();
    return new FramingError(code, message, this.#takeDone());
  }
}

function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === LF || byte === 0x0d || byte === 0x09;
}

/**
 * Frames one message.
 * @param wholeChunk puts it in one chunk whatever its length; scrapli looks for `<rpc-error>` in a chunk
 * @returns the octets to write, in order, in pieces of at most about 32 KiB (unless `wholeChunk`); the
 *   first holds the chunk header and the root's start tag together, which nemith/netconf needs
 * @throws InternalError when the text holds `]]>]]>`, which a writer that escapes `>` never makes
 */
export function encodeFrame(xml: string, framing: Framing, wholeChunk = false): Uint8Array[] {
  const octets = utf8Length(xml);
  if (framing === 'chunked' && octets > 0 && octets <= sentChunkBytes)
    return [utf8(`\n#${octets}\n${xml}\n##\n`)];
  const message = utf8(framing === 'chunked' ? xml : withDelimiter(xml));
  const pieceBytes = wholeChunk ? Math.max(1, message.length) : sentChunkBytes;
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += pieceBytes) {
    const piece = message.subarray(at, at + pieceBytes);
    const last = at + pieceBytes >= message.length;
    pieces.push(framing === 'chunked' ? chunk(piece, last) : piece);
  }
  return pieces;
}

function withDelimiter(xml: string): string {
  if (xml.includes(endOfMessage)) throw new InternalError(`a message to send holds ${endOfMessage}`);
  return xml + endOfMessage;
}

function chunk(data: Uint8Array, last: boolean): Uint8Array {
  const header = utf8(`\n#${data.length}\n`);
  const framed = new Uint8Array(header.length + data.length + (last ? 4 : 0));
  framed.set(header);
  framed.set(data, header.length);
  if (last) framed.set([LF, HASH, HASH, LF], header.length + data.length);
  return framed;
}
