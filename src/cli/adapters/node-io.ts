import type { CliIo } from '../command.ts';

/**
 * The process as a command sees it. SIGINT and SIGTERM are left to a command only once it has asked for `signal`:
 * any other one, such as one that waits for a password, ends at once. So does a second SIGINT or SIGTERM.
 */
export function nodeIo(): CliIo {
  let stop: AbortController | undefined;
  // A reader that leaves early (`mup … | head`) ends the output, not the program.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    isTTY: process.stderr.isTTY === true,
    get signal() {
      stop ??= told();
      return stop.signal;
    },
  };
}

/** Aborted by the first SIGINT or SIGTERM. */
function told(): AbortController {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop;
}
