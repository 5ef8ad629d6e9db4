import { readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, UsageError } from '../../base/errors.ts';

/** A state directory taken by this process. */
export interface StateLock {
  /** Synchronous, so that it works while the process exits. */
  release(): void;
}

/**
 * Takes a state directory for this process, so that two bridges never share one.
 * @throws UsageError `state-in-use`
 */
export async function lockState(stateDir: string): Promise<StateLock> {
  const path = join(stateDir, 'bridge.pid');
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(`${process.pid}\n`);
      await file.close();
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      const owner = Number(readFileSync(path, 'utf8').trim());
      if (isAlive(owner))
        throw new UsageError(
          'state-in-use',
          `the bridge with process id ${owner} uses this state directory`,
          {
            where: stateDir,
            hint: 'End it, or choose another directory with --state-dir.',
          },
        );
      rmSync(path, { force: true });
    }
  }
  throw new UsageError('state-in-use', 'another bridge has just taken this state directory', {
    where: stateDir,
  });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
