import type { Socket } from 'node:net';
import type { KeyExchanges } from './key-exchanges.ts';
import type { ServerChannel } from './ssh2.ts';
import { corkThisTurn } from './turn-cork.ts';

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
  /** Writes in any case; `false` asks to wait for `onDrain`. */
  write(bytes: Uint8Array): boolean;
  /** Forgets its listeners. */
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
      corkThisTurn(socket);
      channel.write(bytes);
      waiting ||= full();
      return !waiting;
    },
    close() {
      waiting = false;
      channel.removeListener('drain', check);
      socket.removeListener('drain', check);
      stopWatching();
    },
  };
}
