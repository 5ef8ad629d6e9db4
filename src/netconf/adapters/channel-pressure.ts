import type { Socket } from 'node:net';
import type { KeyExchanges } from './key-exchanges.ts';
import type { ServerChannel } from './ssh2.ts';
import { corkThisTurn } from './turn-cork.ts';

/** Octets that wait for more of the same turn; over that, there is little to gain. */
const maxJointBytes = 16 * 1024;

/**
 * Octets in a socket's buffer over which its channels are full too: ssh2 hands everything that a
 * channel's window allows to the socket, and a client may announce a window of 4 GiB.
 */
const maxSocketBytes = 1024 * 1024;

/** Whether a connection's socket is full. */
export function isBlocked(socket: Socket): boolean {
  return socket.writableLength > maxSocketBytes;
}

/** What there is to know about writing to one channel of a connection. */
export interface ChannelWriter {
  /**
   * Writes in any case; `false` asks to wait for `onDrain`. What is written in one turn of the event loop
   * goes out as one: an SSH packet costs as much as a small reply.
   */
  write(bytes: Uint8Array): boolean;
  /** Hands what waits for the end of the turn to the channel. */
  flush(): void;
  /** Forgets its listeners, and what waits. */
  close(): void;
}

/** Watches both buffers that bytes of a channel pass through, and key exchanges, which hold them up. */
export function channelWriter(
  channel: ServerChannel,
  socket: Socket,
  exchanges: Pick<KeyExchanges, 'underWay' | 'onDone'>,
  onDrain: () => void,
): ChannelWriter {
  let waiting = false;
  let joint: Uint8Array[] = [];
  let jointBytes = 0;
  const flush = (): void => {
    if (jointBytes === 0) return;
    const [first] = joint;
    const bytes = joint.length === 1 && first !== undefined ? first : Buffer.concat(joint, jointBytes);
    joint = [];
    jointBytes = 0;
    corkThisTurn(socket);
    channel.write(bytes);
  };
  const full = (): boolean => channel.writableNeedDrain || isBlocked(socket) || exchanges.underWay;
  const check = (): void => {
    if (!waiting || full()) return;
    waiting = false;
    onDrain();
  };
  channel.on('drain', check);
  socket.on('drain', check);
  const stopWatching = exchanges.onDone(check);
  return {
    write(bytes) {
      if (jointBytes === 0) process.nextTick(flush);
      joint.push(bytes);
      jointBytes += bytes.length;
      if (jointBytes > maxJointBytes) flush();
      waiting ||= full();
      return !waiting;
    },
    flush,
    close() {
      waiting = false;
      joint = [];
      jointBytes = 0;
      channel.removeListener('drain', check);
      socket.removeListener('drain', check);
      stopWatching();
    },
  };
}
