import { connect, createServer, type Socket } from 'node:net';
import { Transform, type TransformCallback } from 'node:stream';

export interface TcpProxy {
  readonly port: number;
  /** Breaks all connections, without a word to either side. */
  cut(): void;
  /** Lets this many octets more through to those who connected, and then none until {@link release}. */
  hold(octets: number): void;
  release(): void;
  close(): Promise<void>;
}

/** A proxy on loopback, for breaking a connection whose two ends stay as they are. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const gate = new Gate();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    keep(near);
    keep(far);
    near.pipe(far).pipe(gate.pass()).pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut,
    hold: (octets) => gate.hold(octets),
    release: () => gate.release(),
    close: () =>
      new Promise((resolve) => {
        gate.release();
        server.close(() => resolve());
        cut();
      }),
  };
}

/** What all connections of a proxy together may still let through. */
class Gate {
  #left = Number.POSITIVE_INFINITY;
  #held: (() => void)[] = [];

  hold(octets: number): void {
    this.#left = octets;
  }

  release(): void {
    this.#left = Number.POSITIVE_INFINITY;
    for (const pass of this.#held.splice(0)) pass();
  }

  pass(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done: TransformCallback) => {
        if (chunk.length <= this.#left) {
          this.#left -= chunk.length;
          done(null, chunk);
        } else this.#held.push(() => done(null, chunk));
      },
    });
  }
}
