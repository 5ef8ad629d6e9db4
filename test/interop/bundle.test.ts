import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { mainFile, Program } from '../support/program.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A loader of Node.js that writes the address of each module into a file, one a line. */
function moduleTrace(file: string): string {
  const hooks = `import { appendFileSync } from 'node:fs';
    export async function load(url, context, next) {
      if (url.startsWith('file:')) appendFileSync(${JSON.stringify(file)}, url + '\\n');
      return next(url, context);
    }`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
  return dataUrl(register);
}

function dataUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** The files of modules that a run of the built program loads. */
async function modulesOf(args: readonly string[]): Promise<string[]> {
  const file = join(await temporaryDirectory(), 'modules');
  const program = new Program(process.execPath, ['--import', moduleTrace(file), mainFile, ...args]);
  expect(await program.exited).toBe(0);
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((url) => fileURLToPath(url));
}

describe('the built program (ADR 34)', () => {
  // Loading, and not running, is what a start takes most time for: as modules they would be 545.
  test.each([
    ['its help', ['--help'], 12],
    ['a bridge', ['serve', '--print-config'], 60],
  ])('is few files: %s', async (_, args, most) => {
    const modules = await modulesOf(args);
    expect(modules).toContain(mainFile);
    expect(modules.length).toBeLessThanOrEqual(most);
    expect(modules.filter((path) => path.includes('node_modules'))).toEqual([]);
  });

  test('has a source map that names the sources', () => {
    const map: { readonly sources: readonly string[] } = JSON.parse(readFileSync(`${mainFile}.map`, 'utf8'));
    expect(map.sources).toContain('../../src/cli/main.ts');
  });
});
