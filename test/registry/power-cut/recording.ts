import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../support/paths.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { DiskModel, type Fate } from './disk-model.ts';
import { type DiskOperation, parseTrace } from './disk-trace.ts';
import { numbers } from './numbers.ts';

/** What a workload did to its directory, and what it said meanwhile. */
export interface Recording {
  readonly operations: readonly DiskOperation[];
  /** The disk as it was before. */
  readonly before: string;
}

/** A moment at which the power fails. */
interface Cut {
  /** Operations that were done. */
  readonly after: number;
  readonly fate: Fate;
  readonly seed: number;
}

/** The file that workloads say things in: it is read from the trace and never on the disk. */
const sayings = 'said';

/** Where disks are rebuilt: in memory, because nothing that is looked at has to survive. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

let library: Promise<string> | undefined;

/** Builds the recording library. */
async function buildLibrary(): Promise<string> {
  const path = join(await temporaryDirectory(), 'disk-trace.so');
  const source = join(import.meta.dirname, 'disk-trace.c');
  execFileSync('gcc', [
    ...['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'],
    ...['-o', path, source, '-ldl', '-lpthread'],
  ]);
  return path;
}

/**
 * Runs a script of this folder on a directory and records what it does to it.
 * @param args the script's, behind the directory and the path of the file that it says things in
 */
export async function record(
  script: string,
  directory: string,
  args: readonly string[] = [],
): Promise<Recording> {
  library ??= buildLibrary();
  const work = await temporaryDirectory();
  const before = join(work, 'before');
  execFileSync('cp', ['-a', directory, before]);
  const trace = join(work, 'trace');
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, script), directory, join(directory, sayings), ...args],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        // Of io_uring the library would see nothing.
        UV_USE_IO_URING: '0',
        LD_PRELOAD: await library,
        DISK_TRACE_ROOT: directory,
        DISK_TRACE_FILE: trace,
      },
    },
  );
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
  return { operations: parseTrace(readFileSync(trace)), before };
}

/** Every cut with MUP_POWER_CUTS=all; else one of so many, always the same. */
const step = process.env['MUP_POWER_CUTS'] === 'all' ? 1 : 5;

/** The cuts of a recording: after each operation, with each fate. */
function cuts({ operations }: Recording): Cut[] {
  const fates: readonly Fate[] = ['none', 'all', 'torn', 'some'];
  const every = Array.from({ length: operations.length + 1 }, (_, after) => after).flatMap((after) =>
    fates.map((fate, i) => ({ after, fate, seed: after * fates.length + i })),
  );
  return every.filter(({ after, seed }) => seed % step === 0 || after === operations.length);
}

/** What a disk held after a cut, and what the workload had said by then. */
export interface Remains {
  readonly directory: string;
  readonly said: readonly string[];
}

/** Lets the power fail at one moment after the other, and looks at what remains. */
export async function atEachCut(
  recording: Recording,
  look: (remains: Remains) => Promise<void>,
): Promise<void> {
  const { operations, before } = recording;
  const work = mkdtempSync(join(memory, 'mup-cut-'));
  const model = DiskModel.of(before);
  const said = new Sayings();
  let done = 0;
  try {
    for (const cut of cuts(recording)) {
      for (const operation of operations.slice(done, cut.after))
        if (!said.takes(operation)) model.apply(operation);
      done = cut.after;
      const directory = join(work, 'disk');
      mkdirSync(directory);
      model.crash(cut.fate, numbers(cut.seed), directory);
      try {
        await look({ directory, said: said.lines });
      } catch (error) {
        throw new Error(
          `the power fails after operation ${cut.after} of ${operations.length}, fate ${cut.fate}`,
          {
            cause: error,
          },
        );
      }
      rmSync(directory, { recursive: true });
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Takes what a workload says out of its trace. */
class Sayings {
  readonly lines: string[] = [];
  #fd: number | undefined;

  /** @returns whether it was no operation on the disk */
  takes(operation: DiskOperation): boolean {
    if (operation.kind === 'open' && operation.path === sayings) {
      this.#fd = operation.fd;
      return true;
    }
    if (!('fd' in operation) || operation.fd !== this.#fd) return false;
    if (operation.kind === 'write')
      this.lines.push(
        ...Buffer.from(operation.bytes)
          .toString()
          .split('\n')
          .filter((line) => line !== ''),
      );
    if (operation.kind === 'close') this.#fd = undefined;
    return true;
  }
}
