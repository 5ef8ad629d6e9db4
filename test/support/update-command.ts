import { expect } from '@jest/globals';
import { mup, type Program } from './program.ts';

/** Long enough under way for something to happen to it: 2,000 slices, one after the other. */
export const largeBytes = 1_200_000;

/** A run of `mup update`, with what it printed as JSON. */
export interface UpdateRun {
  readonly code: number | null;
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly stderr: string;
}

/** Starts `mup update --json`. */
export function startUpdate(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const program = mup(['update', ...args, '--json'], { env });
  program.endInput();
  return program;
}

/** Waits until it has ended. */
export async function resultOf(program: Program): Promise<UpdateRun> {
  const code = await program.exited;
  return { code, steps: program.lines.map(({ json }) => Object(json)), stderr: program.stderr };
}

/** Resolves while the image is under way: some of it has arrived, most has not. */
export async function underWay(update: Program): Promise<void> {
  const { json } = await update.line(({ json }) => Object(json)['bytesSent'] > 0);
  expect(Object(json)['bytesSent']).toBeLessThan(largeBytes);
}
