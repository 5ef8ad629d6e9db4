import { connect, type Socket } from 'node:net';

const connack = 2;
const publish = 3;
const suback = 9;
const pingresp = 13;

/**
 * An MQTT 3.1.1 client for the side of a benchmark that must not be its bottleneck: it handles a message in
 * about a microsecond, where mqtt.js takes ten. It trusts its broker, and sends everything at QoS 0.
 */
export class LightMqtt {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  #answered: (() => void)[] = [];
  /** Gets every message; the payload is valid during the call. */
  onMessage: (topic: string, payload: Buffer) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  /** Connects to `mqtt://host:port`. */
  static async connect(url: string, clientId: string): Promise<LightMqtt> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const client = new LightMqtt(socket);
    // Level 4 (3.1.1), clean session, no keepalive.
    const header = Buffer.concat([string('MQTT'), Buffer.from([4, 2, 0, 0])]);
    await client.#exchange(packet(0x10, [header, string(clientId)]));
    return client;
  }

  /** Resolves when the broker has granted the filters. */
  subscribe(filters: readonly string[]): Promise<void> {
    const topics = filters.flatMap((filter) => [string(filter), Buffer.from([0])]);
    return this.#exchange(packet(0x82, [Buffer.from([0, 1]), ...topics]));
  }

  /** Resolves when all that the broker had for this client before has arrived. */
  ping(): Promise<void> {
    return this.#exchange(Buffer.from([0xc0, 0]));
  }

  publish(topic: string, payload: Buffer | string, retain = false): void {
    const content = typeof payload === 'string' ? Buffer.from(payload) : payload;
    this.#socket.write(packet(retain ? 0x31 : 0x30, [string(topic), content]));
  }

  close(): void {
    this.#socket.end(Buffer.from([0xe0, 0]));
  }

  #exchange(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#answered.push(resolve);
      this.#socket.write(bytes);
    });
  }

  /** What one chunk sets off leaves as one write. */
  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    this.#socket.cork();
    for (;;) {
      const end = this.#packetEnd(bytes, at);
      if (end === undefined) break;
      at = end;
    }
    this.#rest = bytes.subarray(at);
    this.#socket.uncork();
  }

  /** Takes the packet at an offset; `undefined` when it is not complete. */
  #packetEnd(bytes: Buffer, start: number): number | undefined {
    let length = 0;
    let at = start + 1;
    for (let scale = 1; ; scale *= 128) {
      const octet = bytes[at];
      if (octet === undefined) return undefined;
      at += 1;
      length += (octet & 0x7f) * scale;
      if (octet < 0x80) break;
    }
    const end = at + length;
    if (end > bytes.length) return undefined;
    const type = (bytes[start] ?? 0) >> 4;
    if (type === publish) this.#publication(bytes, at, end);
    else if (type === connack || type === suback || type === pingresp) this.#answered.shift()?.();
    return end;
  }

  #publication(bytes: Buffer, at: number, end: number): void {
    const topicEnd = at + 2 + bytes.readUInt16BE(at);
    this.onMessage(bytes.toString('latin1', at + 2, topicEnd), bytes.subarray(topicEnd, end));
  }
}

function string(text: string): Buffer {
  const length = Buffer.alloc(2);
  const bytes = Buffer.from(text);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function packet(first: number, parts: readonly Buffer[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  const header = [first];
  do {
    header.push((length % 128) + (length >= 128 ? 128 : 0));
    length = Math.floor(length / 128);
  } while (length > 0);
  return Buffer.concat([Buffer.from(header), ...parts]);
}
