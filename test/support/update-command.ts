import { mup, type Program } from './program.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/** So large that a transfer can be held in its middle: 2,000 slices. */
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

/**
 * Starts `mup update` with a large image for a device behind this proxy, and resolves in the middle of the
 * transfer: some of the image has arrived, and no more arrives until the proxy is released.
 */
export async function updateUnderWay(radio: TcpProxy, start: () => Program): Promise<Program> {
  radio.hold(largeBytes / 4);
  const update = start();
  await update.line(({ json }) => Object(json)['bytesSent'] > 0);
  return update;
}
