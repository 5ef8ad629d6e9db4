import { readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, UsageError } from '../errors.ts';

/** What takes a state directory. */
export type StateUser = 'bridge' | 'device';

/** Names the process that uses a state directory. */
function lockFile(stateDir: string, user: StateUser): string {
  return join(stateDir, `${user}.pid`);
}

/** A state directory taken by this process. */
export interface StateLock {
  /** Synchronous, so that it works while the process exits. */
  release(): void;
}

/**
 * Takes a state directory for this process, so that two bridges or two devices never share one.
 * @throws UsageError `state-in-use`; errors of the file system
 */
export async function lockState(stateDir: string, user: StateUser = 'bridge'): Promise<StateLock> {
  const path = lockFile(stateDir, user);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(`${process.pid}\n${identityOf(process.pid) ?? ''}\n`);
      await file.close();
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      const owner = stateOwner(stateDir, user);
      if (owner !== undefined)
        throw new UsageError(
          'state-in-use',
          `the ${user} with process id ${owner} uses this state directory`,
          {
            where: stateDir,
            hint: 'End it, or choose another directory with --state-dir.',
          },
        );
      rmSync(path, { force: true });
    }
  }
  throw new UsageError('state-in-use', `another ${user} has just taken this state directory`, {
    where: stateDir,
  });
}

/** The process that has taken a state directory and lives, or `undefined`. */
export function stateOwner(stateDir: string, user: StateUser = 'bridge'): number | undefined {
  try {
    const [pid = '', identity = ''] = readFileSync(lockFile(stateDir, user), 'utf8').split('\n');
    return isAlive(Number(pid), identity) ? Number(pid) : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param identity what {@link identityOf} said of the owner; empty where it said nothing */
function isAlive(pid: number, identity: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  // After a loss of power another process may have the number.
  const present = identityOf(pid);
  if (identity !== '' && present !== undefined && present !== identity) return false;
  // It has ended, and its parent has not yet asked how: in a container maybe never.
  if (statusOf(pid)?.[0] === 'Z') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Boot of the machine and start of a process, where the system says so (proc(5)). */
function identityOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const startTime = statusOf(pid)?.[19];
    return startTime === undefined ? undefined : `${boot} ${startTime}`;
  } catch {
    return undefined;
  }
}

/** What proc(5) says of a process behind the name of its program: its state first. */
function statusOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold blanks.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
