import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import { BenchError } from './bench-error.ts';

/** Who logs in where. */
export interface LoadTarget {
  readonly port: number;
  readonly username: string;
  readonly password?: string;
  /** In OpenSSH's format: a login by key costs no scrypt. */
  readonly privateKey?: string;
}

const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const hello = `<hello xmlns="${base}"><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>]]>]]>`;
const end = Buffer.from('\n##\n');

/** A request in chunked framing (RFC 6242 §4.2). */
export function request(operation: string, id: string | number = 1): Buffer {
  const xml = `<rpc xmlns="${base}" message-id="${id}">${operation}</rpc>`;
  return Buffer.from(`\n#${Buffer.byteLength(xml)}\n${xml}\n##\n`);
}

/** Logs in with bare ssh2. */
export async function connectSsh({ port, ...user }: LoadTarget): Promise<ssh2.Client> {
  const sock = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(sock, 'connect');
  writeTurnsWhole(sock);
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.once('ready', () => resolve(client));
    client.connect({ sock, ...user });
  });
}

/**
 * ssh2 writes a packet in three parts. OpenSSH and libssh write it as one, and so does this, together with what
 * else is written in the same turn.
 */
function writeTurnsWhole(sock: Socket): void {
  const write = sock.write.bind(sock);
  sock.write = ((...args: Parameters<typeof write>) => {
    if (sock.writableCorked === 0) {
      sock.cork();
      process.nextTick(() => sock.uncork());
    }
    return write(...args);
  }) as typeof sock.write;
}

/** One NETCONF session that costs the load generator as little as can be. */
export class LoadSession {
  readonly #channel: ssh2.ClientChannel;
  #waiting: ((reply: Buffer | undefined) => void)[] = [];
  #pieces: Buffer[] = [];
  #tail: Buffer = Buffer.alloc(0);
  #closed = false;
  /** Gets every notification. */
  onNotification: (message: Buffer) => void = () => {};

  private constructor(channel: ssh2.ClientChannel) {
    this.#channel = channel;
  }

  /** Opens a session on a connection, and exchanges hellos. */
  static async open(client: ssh2.Client): Promise<LoadSession> {
    const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
      client.subsys('netconf', (error, opened) => (error === undefined ? resolve(opened) : reject(error))),
    );
    const session = new LoadSession(channel);
    await new Promise<void>((resolve, reject) => {
      let greeting = '';
      channel.once('close', () => reject(new BenchError(`no hello: ${greeting}`)));
      channel.on('error', () => {});
      const greet = (data: Buffer): void => {
        greeting += data.toString('latin1');
        if (!greeting.includes(']]>]]>')) return;
        channel.off('data', greet);
        resolve();
      };
      channel.on('data', greet);
      channel.write(hello);
    });
    channel.on('data', (data: Buffer) => session.#take(data));
    channel.once('close', () => session.#end());
    return session;
  }

  /** Sends a request; resolves with its reply, framing included, or `undefined` when the session ends first. */
  exchange(framed: Buffer): Promise<Buffer | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#channel.write(framed);
    });
  }

  #take(data: Buffer): void {
    const joint = Buffer.concat([this.#tail, data]);
    const before = this.#tail.length;
    let used = 0;
    for (let at = joint.indexOf(end); at >= 0; at = joint.indexOf(end, at + end.length)) {
      const stop = at + end.length - before;
      this.#pieces.push(data.subarray(used, stop));
      used = stop;
      this.#message(Buffer.concat(this.#pieces));
      this.#pieces = [];
    }
    if (used < data.length) this.#pieces.push(data.subarray(used));
    this.#tail = joint.subarray(Math.max(0, joint.length - end.length + 1));
  }

  #message(message: Buffer): void {
    if (message.subarray(0, 200).includes('<notification')) this.onNotification(message);
    else this.#waiting.shift()?.(message);
  }

  #end(): void {
    this.#closed = true;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }
}

/** So many sessions, each on a connection of its own. */
export async function openSessions(
  target: LoadTarget,
  count: number,
): Promise<{ readonly sessions: readonly LoadSession[]; close(): void }> {
  const clients: ssh2.Client[] = [];
  const sessions: LoadSession[] = [];
  for (let i = 0; i < count; i += 1) {
    const client = await connectSsh(target);
    clients.push(client);
    sessions.push(await LoadSession.open(client));
  }
  return {
    sessions,
    close: () => {
      for (const client of clients) client.end();
    },
  };
}

/**
 * Requests per second of all sessions together, each with `window` of them under way.
 * @param framed the requests, which the sessions share out among themselves
 */
export async function rate(
  sessions: readonly LoadSession[],
  framed: readonly Buffer[],
  window: number,
  ms: number,
): Promise<{ readonly perSecond: number; readonly count: number }> {
  const begun = performance.now();
  let count = 0;
  const lane = async (session: LoadSession, i: number): Promise<void> => {
    const own = framed[i % framed.length] ?? Buffer.alloc(0);
    while (performance.now() - begun < ms) {
      if ((await session.exchange(own)) === undefined) throw new BenchError('a session ended');
      count += 1;
    }
  };
  await Promise.all(sessions.flatMap((session, i) => Array.from({ length: window }, () => lane(session, i))));
  return { perSecond: (count * 1000) / (performance.now() - begun), count };
}
