import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/base/adapters/node-runtime.ts';

test('a task without delay runs in the next turn of the event loop, and not at once', async () => {
  const ran: string[] = [];
  systemClock.schedule(0, () => ran.push('task'));
  await Promise.resolve();
  ran.push('turn');
  await setImmediate();
  expect(ran).toEqual(['turn', 'task']);
});

test('a task that was cancelled does not run, with a delay or without', async () => {
  const ran: string[] = [];
  const cancels = [0, 1].map((delay) => systemClock.schedule(delay, () => ran.push(`${delay}`)));
  for (const cancel of cancels) cancel();
  await new Promise<void>((resolve) => systemClock.schedule(5, resolve));
  expect(ran).toEqual([]);
});
