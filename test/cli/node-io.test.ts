import { expect, test } from '@jest/globals';
import { nodeIo } from '../../src/cli/adapters/node-io.ts';

test('SIGINT and SIGTERM are a command’s own once it has asked for its signal, and no more after the first', () => {
  const listeners = () => ['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal));
  const before = listeners();
  const io = nodeIo();
  expect(listeners()).toEqual(before);
  const { signal } = io;
  expect(io.signal).toBe(signal);
  expect(listeners()).toEqual(before.map((count) => count + 1));
  process.emit('SIGINT');
  process.emit('SIGTERM');
  expect(signal.aborted).toBe(true);
  expect(listeners()).toEqual(before);
});
