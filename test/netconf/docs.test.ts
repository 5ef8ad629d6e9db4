import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { root } from '../support/paths.ts';

const document = readFileSync(join(root, 'docs', 'netconf.md'), 'utf8');

/** Rows of the error table: tags, type, app-tag. */
const rows = (document.split('\n## Errors\n')[1]?.split('\n## ')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, tags = '', type = '', appTag = '']) => ({ tags: words(tags), type, appTag: words(appTag) }));

function words(cell: string): string[] {
  return [...cell.matchAll(/`([a-z-]+)`/g)].map(([, word = '']) => word);
}

function source(...paths: readonly string[]): string {
  return paths.map((path) => readFileSync(join(root, 'src', path), 'utf8')).join('\n');
}

function folder(name: string): string[] {
  return readdirSync(join(root, 'src', name), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(name, file));
}

const served = source(...folder('bridge'), ...folder('netconf'));
const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, word = '']) => word);
const sorted = (list: Iterable<string>): string[] => [...new Set(list)].sort();

describe('the error table of docs/netconf.md', () => {
  test('has each error-app-tag of the code, and no other', () => {
    const literal = [
      ...found(served, /\bappTag: '([^']+)'/g),
      ...found(served, /\boperationFailed\(\s*'([^']+)'/g),
      ...found(source(...folder('bridge')), /\b(?:operationNotSupported|denied)\(\s*'([^']+)'/g),
    ];
    // Codes of errors that become app-tags as they are: of manifests and images, of update checks.
    const codes = found(
      source(
        ...['mup/manifest-json.ts', 'mup/manifest-fields.ts', 'mup/update-checks.ts'],
        ...['registry/image-repository.ts', 'bridge/server-keys.ts'],
      ),
      /\bnew [A-Z]\w*Error\(\s*'([^']+)'/g,
    );
    // What no client sees: the failure of a job by a fault of the bridge.
    const unseen = ['internal'];
    // And of what is no endorsement.
    const formats = found(source('mup/endorsement-file.ts'), /\bcode: '([^']+)'/g);
    const used = [...literal, ...codes, ...formats].filter((tag) => !unseen.includes(tag));
    expect(sorted(rows.flatMap(({ appTag }) => appTag))).toEqual(sorted(used));
  });

  test('no app-tag comes from anywhere else: errors pass on their code at known places only', () => {
    const files = [...folder('bridge'), ...folder('netconf')].filter((path) => !path.endsWith('client.ts'));
    const passedOn = files.flatMap((path) =>
      found(source(path), /\b(?:appTag:|operationFailed\() ?\s*((?!'|string\b|appTag:)[\w.]+)/g).map(
        (what) => [path, what],
      ),
    );
    expect(passedOn.sort()).toEqual([
      ['bridge/bridge-rpcs.ts', 'error.code'],
      ['bridge/job-requests.ts', 'error.code'],
      ['bridge/myno-update.ts', 'errorCode'],
      ['bridge/rpc-errors.ts', 'error.code'],
      ['bridge/server-key-rotation.ts', 'error.code'],
    ]);
  });

  test('has each error-tag of the code, and no other', () => {
    const known = found(source('netconf/rpc-error.ts'), /^ {2}\| '([a-z-]+)'/gm);
    const others = folder('netconf').filter((path) => path !== join('netconf', 'rpc-error.ts'));
    const code = source(...folder('bridge'), ...others);
    const used = known.filter((tag) => new RegExp(`['"]${tag}['"]`).test(code));
    expect(sorted(rows.flatMap(({ tags }) => tags))).toEqual(sorted(used));
  });

  test('names settings that exist', () => {
    const config = source('base/config.ts');
    const settings = found(document, /`(?:netconf|rpc|update|images|yang)\.(\w+)`/g);
    expect(settings.length).toBeGreaterThan(10);
    expect(settings.filter((name) => !new RegExp(`\\b${name}:`).test(config))).toEqual([]);
  });
});
