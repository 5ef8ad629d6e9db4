import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/base/logger.ts';
import { openDocumentStore } from '../../../src/registry/adapters/open-document-store.ts';
import { root } from '../../support/paths.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { stateAfter, stateOf } from './history.ts';
import { numbers } from './numbers.ts';

interface Killed {
  readonly begun: number;
  readonly done: number;
}

/** Runs the history from a transaction on, and kills it (SIGKILL) when so many more are answered. */
async function killedAfter(directory: string, from: number, answers: number): Promise<Killed> {
  const script = join(import.meta.dirname, 'kill-workload.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, directory, String(from)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const killed = { begun: from, done: from };
  for await (const line of createInterface(child.stdout)) {
    killed[line.startsWith('begun') ? 'begun' : 'done'] += 1;
    if (killed.done >= from + answers) child.kill('SIGKILL');
  }
  await closed;
  expect(child.signalCode).toBe('SIGKILL');
  return killed;
}

describe('kill -9 of a process that writes the registry', () => {
  test('leaves every transaction that was answered, and no half of another, again and again', async () => {
    const directory = await temporaryDirectory();
    const random = numbers(9);
    let at = 0;
    for (let round = 0; round < 8; round += 1) {
      const { begun, done } = await killedAfter(directory, at, 1 + Math.floor(random() * 50));
      const store = await openDocumentStore(directory, silentLogger);
      const found = await stateOf((collection) => store.all(collection));
      await store.close();
      const allowed = Array.from({ length: begun - done + 1 }, (_, i) => done + i);
      const transactions = allowed.findLast((count) => stateAfter(count) === found);
      expect(transactions).toBeDefined();
      at = transactions ?? 0;
    }
  }, 120_000);
});
