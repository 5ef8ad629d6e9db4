import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The closest folder above this file that holds a `package.json`: the same from `src` and from the built program. */
const packageFolder = folderAbove(import.meta.dirname);

function folderAbove(folder: string): string {
  const parent = dirname(folder);
  return parent === folder || existsSync(join(folder, 'package.json')) ? folder : folderAbove(parent);
}

/** The path of a file or folder of this package, by its path in the project: `packageFile('yang')`. */
export function packageFile(...path: readonly string[]): string {
  return join(packageFolder, ...path);
}
