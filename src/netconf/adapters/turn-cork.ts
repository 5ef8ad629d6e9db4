import type { Socket } from 'node:net';

/**
 * Holds what is written to a socket until this turn of the event loop has run its code, then sends it as
 * one. ssh2 writes a packet in three parts, which without Nagle's algorithm would be three system calls
 * and three segments.
 */
export function corkThisTurn(socket: Socket): void {
  socket.cork();
  process.nextTick(() => socket.uncork());
}
