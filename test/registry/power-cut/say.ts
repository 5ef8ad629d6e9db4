import { openSync, writeSync } from 'node:fs';

/** Says lines in a file, at once: in the trace of a workload they stand between what it did. */
export function say(path: string): (line: string) => void {
  const fd = openSync(path, 'a');
  return (line) => {
    writeSync(fd, `${line}\n`);
  };
}
