import { concatBytes, decodeUtf8Lossy } from '../base/bytes.ts';
import { PeerError } from '../base/errors.ts';

/** A packet that was too large and has been skipped. */
export interface SkippedPacket {
  /** Octets of the whole packet, fixed header included. */
  readonly bytes: number;
  /** Where the packet is a PUBLISH: what is needed to name and to acknowledge it. */
  readonly publish?: { readonly topic: string; readonly qos: number; readonly packetId: number };
}

/** Two octets of length, the longest topic, two octets of packet identifier (MQTT 5 §3.3.2). */
const maxPublishHead = 2 + 65_535 + 2;

/**
 * Takes the packets out of an MQTT byte stream that are larger than a bound, without ever holding one:
 * neither mqtt.js over 3.1.1 nor aedes has a bound of its own. All other bytes pass as they are.
 */
export class PacketBound {
  readonly #maxBytes: number;
  readonly #skipped: (packet: SkippedPacket) => void;
  /** Octets of a fixed header that is not complete. */
  #header: number[] = [];
  /** Octets of the present packet that are still to come. */
  #left = 0;
  #skipping:
    | { readonly bytes: number; readonly first: number; readonly head: Uint8Array[]; kept: number }
    | undefined;

  constructor(maxBytes: number, skipped: (packet: SkippedPacket) => void) {
    this.#maxBytes = maxBytes;
    this.#skipped = skipped;
  }

  /**
   * The parts of the stream that may pass, in order.
   * @throws PeerError `bad-packet` when a packet's length is not what MQTT 5 §1.5.5 allows
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const passed: Uint8Array[] = [];
    let from = 0;
    let at = 0;
    const pass = (end: number): void => {
      if (end > from) passed.push(chunk.subarray(from, end));
    };
    while (at < chunk.length) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, at + this.#left);
        this.#left -= end - at;
        if (this.#skipping !== undefined) {
          this.#skip(chunk.subarray(at, end));
          from = end;
        }
        at = end;
        continue;
      }
      const begun = this.#header.length;
      const start = at;
      at = this.#readHeader(chunk, at);
      const size = this.#packetSize();
      if (size === undefined) {
        // The end of the chunk: the beginning of this header waits for its rest.
        pass(start);
        return passed;
      }
      if (size > this.#maxBytes) {
        pass(start);
        from = at;
        this.#skipping = { bytes: size, first: this.#header[0] ?? 0, head: [], kept: 0 };
      } else if (begun > 0) {
        passed.push(Uint8Array.from(this.#header.slice(0, begun)));
      }
      this.#left = size - this.#header.length;
      this.#header = [];
    }
    pass(chunk.length);
    return passed;
  }

  /** Reads on in the fixed header; returns where its last octet that is there ends. */
  #readHeader(chunk: Uint8Array, start: number): number {
    let at = start;
    while (at < chunk.length && !this.#headerComplete()) {
      this.#header.push(chunk[at] ?? 0);
      at += 1;
    }
    return at;
  }

  #headerComplete(): boolean {
    const last = this.#header.at(-1);
    if (this.#header.length < 2 || last === undefined) return false;
    if (last < 0x80) return true;
    if (this.#header.length === 5)
      throw new PeerError('bad-packet', 'the length of an MQTT packet has five octets');
    return false;
  }

  /** Octets of the packet whose header was read, MQTT 5 §1.5.5 (variable byte integer). */
  #packetSize(): number | undefined {
    if (!this.#headerComplete()) return undefined;
    const lengths = this.#header.slice(1);
    return this.#header.length + lengths.reduce((sum, octet, i) => sum + (octet & 0x7f) * 128 ** i, 0);
  }

  #skip(bytes: Uint8Array): void {
    const skipping = this.#skipping;
    if (skipping === undefined) return;
    if (skipping.kept < maxPublishHead) {
      const head = bytes.slice(0, maxPublishHead - skipping.kept);
      skipping.head.push(head);
      skipping.kept += head.length;
    }
    if (this.#left > 0) return;
    this.#skipping = undefined;
    const publish =
      skipping.first >> 4 === 3 ? publishHead(skipping.first, concatBytes(skipping.head)) : undefined;
    this.#skipped({ bytes: skipping.bytes, ...(publish === undefined ? {} : { publish }) });
  }
}

function publishHead(first: number, head: Uint8Array): SkippedPacket['publish'] {
  const qos = (first >> 1) & 3;
  const length = uint16(head, 0);
  if (length === undefined || head.length < 2 + length) return undefined;
  const packetId = qos === 0 ? 0 : uint16(head, 2 + length);
  if (packetId === undefined) return undefined;
  return { topic: decodeUtf8Lossy(head.subarray(2, 2 + length)), qos, packetId };
}

function uint16(bytes: Uint8Array, at: number): number | undefined {
  const [high, low] = bytes.subarray(at, at + 2);
  return high === undefined || low === undefined ? undefined : high * 256 + low;
}
