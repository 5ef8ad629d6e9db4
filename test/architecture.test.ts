import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** The import table of the design: folder → folders it may import, besides itself. */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  xml: ['base'],
  yang: ['base'],
  netconf: ['base', 'xml', 'yang'],
  ontology: ['base'],
  mqtt: ['base'],
  mup: ['base'],
  registry: ['base', 'ontology', 'yang', 'mup'],
  bridge: ['base', 'xml', 'yang', 'netconf', 'ontology', 'mqtt', 'mup', 'registry'],
  device: ['base', 'mqtt', 'mup', 'ontology'],
  kit: ['base', 'mqtt', 'mup'],
  console: ['base', 'registry', 'bridge'],
  cli: [
    'base',
    'xml',
    'yang',
    'netconf',
    'ontology',
    'mqtt',
    'mup',
    'registry',
    'bridge',
    'device',
    'kit',
    'console',
  ],
};

const source = join(import.meta.dirname, '..', 'src');

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function sourceFiles(): string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort();
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(source, file), 'utf8');
  const found = text.matchAll(
    /(?:^|\n)(?:import|export)\b[^;'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'|(?:^|\n)import '([^']+)'/g,
  );
  return [...found].map((match) => ({ file, specifier: match[1] ?? match[2] ?? match[3] ?? '' }));
}

const imports = sourceFiles().flatMap(importsOf);
const folderOf = (file: string): string => file.split('/')[0] ?? '';
const isAdapter = (file: string): boolean => /^[a-z]+\/adapters\//.test(file);
const packageOf = (specifier: string): string =>
  specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : (specifier.split('/')[0] ?? '');

describe('the import table of docs/architecture.md', () => {
  test('every folder of src is in the table', () => {
    for (const file of sourceFiles()) expect(Object.keys(mayImport)).toContain(folderOf(file));
  });

  test('a folder imports only what the table allows', () => {
    const broken = imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(({ file, specifier }) => {
        const target = folderOf(relative(source, normalize(join(source, dirname(file), specifier))));
        return target !== folderOf(file) && !mayImport[folderOf(file)]?.includes(target);
      });
    expect(broken).toEqual([]);
  });

  test('npm packages and node: modules are imported by adapters only', () => {
    const broken = imports
      .filter(({ specifier }) => !specifier.startsWith('.'))
      .filter(({ file }) => !isAdapter(file) && file !== 'cli/main.ts');
    expect(broken).toEqual([]);
  });

  test('each npm package is imported by exactly one file', () => {
    const users = new Map<string, Set<string>>();
    for (const { file, specifier } of imports) {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
      const name = packageOf(specifier);
      users.set(name, (users.get(name) ?? new Set()).add(file));
    }
    const shared = [...users].filter(([, files]) => files.size > 1).map(([name, files]) => [name, ...files]);
    expect(shared).toEqual([]);
  });

  test('every dependency in package.json is imported, and every import is a dependency', () => {
    const manifest = JSON.parse(readFileSync(join(source, '..', 'package.json'), 'utf8'));
    const used = new Set(
      imports
        .filter(({ specifier }) => !/^(\.|node:)/.test(specifier))
        .map(({ specifier }) => packageOf(specifier)),
    );
    expect([...used].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  test('no plain Error is thrown', () => {
    const broken = sourceFiles().filter((file) =>
      /throw new (Type|Range)?Error\(/.test(readFileSync(join(source, file), 'utf8')),
    );
    expect(broken).toEqual([]);
  });
});
