import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { utf8 } from '../../src/base/bytes.ts';
import { runProgram } from '../../src/cli/adapters/program.ts';
import type { CliIo, CommandDefinition, CommandGroup } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/all.ts';

/** What one run of `mup` left behind. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly isTTY?: boolean;
  readonly signal?: AbortSignal;
  readonly commands?: readonly (CommandDefinition | CommandGroup)[];
}

/** Runs a command line in this process, with an environment of its own. */
export async function runMup(argv: readonly string[], options: CliOptions): Promise<CliResult> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const io: CliIo = {
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text) },
    stdin: stdinOf(options.stdin ?? ''),
    env: options.env ?? {},
    cwd: options.cwd,
    isTTY: options.isTTY ?? false,
    signal: options.signal ?? new AbortController().signal,
  };
  const program = { version: '1.2.3', commands: options.commands ?? commands };
  const code = await runProgram(program, argv, io);
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}

/** A directory of its own for a test file; removed at its end. */
export function temporaryDirectory(): () => string {
  let path = '';
  beforeAll(() => {
    path = mkdtempSync(join(tmpdir(), 'mup-cli-'));
  });
  afterAll(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return () => path;
}

async function* stdinOf(content: string | Uint8Array): AsyncIterable<Uint8Array> {
  yield typeof content === 'string' ? utf8(content) : content;
}
