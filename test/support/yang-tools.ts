import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A module as text, by its name. */
export type ModuleTexts = Readonly<Record<string, string>>;

/** Runs a check on the modules, written to a folder of their own that goes away afterwards. */
function withFiles<T>(modules: ModuleTexts, check: (folder: string, files: string[]) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'mup-yang-'));
  try {
    const files = Object.entries(modules).map(([name, text]) => {
      const file = join(folder, `${name}.yang`);
      writeFileSync(file, text);
      return file;
    });
    return check(folder, files);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(command: string, args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  return { status, output: `${stdout}${stderr}` };
}

/**
 * What yanglint says of modules (libyang; errors and warnings), in one run; empty: nothing.
 * @param path folder of the modules that they import
 */
export function yanglint(modules: ModuleTexts, path?: string): string {
  return withFiles(modules, (folder, files) => {
    const { status, output } = run('yanglint', [
      '-p',
      folder,
      ...(path === undefined ? [] : ['-p', path]),
      ...files,
    ]);
    return status === 0 ? output.trim() : `exit ${status}: ${output}`;
  });
}

/**
 * What yangdump says of modules, one run a module; empty: nothing. Its last line counts one warning for any
 * module that has a revision, without naming one, so only what it names counts. Nor does it count that a
 * module of yangdump's own has taken the prefix that RFC 6470 gives its module.
 */
export function yangdump(modules: ModuleTexts, path?: string): string {
  return withFiles(modules, (folder, files) =>
    files
      .map((file) => {
        const { status, output } = run('yangdump', [
          `--modpath=${path === undefined ? folder : `${folder}:${path}`}`,
          '--log-level=info',
          `--module=${file}`,
        ]);
        const named = output
          .replace(takenPrefix, '')
          .split('\n')
          .filter((line) => /warning\(|error\(|^(?:Warning|Error)/i.test(line));
        if (status !== 0 || !output.includes('*** 0 Errors')) named.push(`exit ${status}: ${output}`);
        return named.join('\n');
      })
      .filter((complaint) => complaint !== '')
      .join('\n'),
  );
}

const takenPrefix = /^Warning: prefix 'ncn' already in use by module 'yuma-ncx'\n.*duplicate prefix$/m;

/** The tree diagram that yanglint draws of a module (RFC 8340). */
export function yanglintTree(name: string, text: string): string {
  return withFiles({ [name]: text }, (_, [file = '']) => {
    const { status, output } = run('yanglint', ['-f', 'tree', '-L', '500', file]);
    return status === 0 ? output.trimEnd() : `exit ${status}: ${output}`;
  });
}
