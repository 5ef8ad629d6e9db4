import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { lockState } from '../../../src/base/adapters/state-lock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

describe('the lock on a state directory', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    path = join(directory, 'bridge.pid');
  });

  test('is taken and released', async () => {
    const lock = await lockState(directory);
    expect((await readFile(path, 'utf8')).split('\n')[0]).toBe(String(process.pid));
    lock.release();
    expect(existsSync(path)).toBe(false);
  });

  test('of a process that is alive is respected', async () => {
    await writeFile(path, `${process.ppid}\n`);
    await expect(lockState(directory)).rejects.toMatchObject({ code: 'state-in-use' });
  });

  test.each([
    ['of a process that is gone', `${2 ** 22 + 1}\n`],
    ['that was not written to its end', ''],
    ['of a process that had the number before the machine lost its power', `${process.ppid}\nboot-1 123\n`],
  ])('%s is taken over', async (_, content) => {
    await writeFile(path, content);
    const lock = await lockState(directory);
    expect((await readFile(path, 'utf8')).split('\n')[0]).toBe(String(process.pid));
    lock.release();
  });

  (existsSync('/proc/self/stat') ? test : test.skip)(
    'of a process that was killed and that its parent has not waited for is taken over',
    async () => {
      // The shell becomes a program that does not know of the child.
      const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      try {
        const [printed] = (await once(parent.stdout, 'data')) as [Buffer];
        const pid = String(printed).trim();
        await writeFile(path, `${pid}\n`);
        while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '))
          await new Promise((resolve) => setImmediate(resolve));
        (await lockState(directory)).release();
      } finally {
        parent.kill();
      }
    },
  );
});
