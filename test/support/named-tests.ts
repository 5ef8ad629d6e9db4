import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.ts';

/** Whether a page names a test that is there: `<file below test>: <words of the test>`. */
export function isTest(named: string): boolean {
  const [, file = '', words = ''] = /^(\S+): (.+)$/.exec(named) ?? [];
  const path = join(root, 'test', `${file}.test.ts`);
  return words !== '' && existsSync(path) && readFileSync(path, 'utf8').includes(`'${words}'`);
}
