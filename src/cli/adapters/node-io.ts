import type { CliIo } from '../command.ts';

/** The process as a command sees it. A second SIGINT or SIGTERM ends the process at once. */
export function nodeIo(): CliIo {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  // A reader that leaves early (`mup … | head`) ends the output, not the program.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    isTTY: process.stderr.isTTY === true,
    signal: stop.signal,
  };
}
