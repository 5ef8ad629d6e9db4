import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { deviceStates } from '../../src/mup/states.ts';
import { endStates, updateSteps } from '../../src/mup/update-job-types.ts';
import { root } from '../support/paths.ts';

const page = readFileSync(join(root, 'docs', 'updates.md'), 'utf8');

/** The cells of the table behind a mark, without its heading. */
function table(mark: string): string[][] {
  const [, text = ''] = page.split(`<!-- test: ${mark} -->\n`);
  const lines = text.split('\n\n')[0]?.split('\n') ?? [];
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', folder, name));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

/** What an update is made of: where the codes of its failures are named. */
const ofUpdates = [...filesIn('mup'), ...filesIn('bridge')].filter((name) =>
  /\/(update-[a-z-]+|job-[a-z-]+|[a-z]+-update|[a-z]+-transfer|token|image-source|rpc-errors|device-caller)\.ts$/.test(
    name,
  ),
);

/** Codes in errors, app-tags and endings of a source. */
function codesIn(source: string): string[] {
  const thrown = /(?:operationFailed|operationNotSupported|UnavailableError|PeerError)\(\s*'([a-z0-9-]+)'/g;
  const named = /\b(?:appTag|code): '([a-z0-9-]+)'/g;
  return [...source.matchAll(thrown), ...source.matchAll(named)].map(([, code = '']) => code);
}

describe('the failures in docs/updates.md', () => {
  const told = table('failures').flatMap(([codes = '']) =>
    [...codes.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code),
  );
  const known = new Set([
    ...ofUpdates.flatMap((name) => codesIn(read(name))),
    ...deviceStates.map(({ name }) => name).filter((name) => name !== '10_OK'),
  ]);

  test('are looked for where they are', () => {
    expect(ofUpdates.length).toBeGreaterThan(12);
    expect(known.size).toBeGreaterThan(40);
  });

  test('are all that the code has', () => {
    expect([...known].filter((code) => !told.includes(code)).sort()).toEqual([]);
  });

  test('are none that the code has not, and none twice', () => {
    const everywhere = [...filesIn('mup'), ...filesIn('bridge'), ...filesIn('mqtt')].map(read).join('\n');
    expect(told.filter((code) => !everywhere.includes(`'${code}'`))).toEqual([]);
    expect(told.filter((code, i) => told.indexOf(code) !== i)).toEqual([]);
  });

  test('each say what happened and what to do', () => {
    for (const [codes = '', what = '', todo = ''] of table('failures'))
      expect([codes, what.length > 10, todo.length > 10]).toEqual([codes, true, true]);
  });
});

test('every state of a job is in docs/updates.md, with the deadline that ends it', () => {
  const [, states = ''] = page.split('| state ');
  for (const state of ['queued', ...updateSteps, 'waiting-for-device', ...endStates])
    expect(states).toContain(`| \`${state}\``);
});

test('the deadlines in docs/updates.md are the defaults, and their leaves are there', () => {
  const unitMs: Readonly<Record<string, number>> = { s: 1000, h: 3_600_000, d: 86_400_000 };
  const module = read('yang/mup-bridge.yang');
  const rows = table('deadlines');
  expect(rows).toHaveLength(7);
  for (const [key = '', leaf = '', value = ''] of rows) {
    const name = key.replaceAll(/`|update\./g, '');
    const [count, unit = ''] = value.split(' ');
    expect([name, Number(count) * (unitMs[unit] ?? 0)]).toEqual([
      name,
      Object.getOwnPropertyDescriptor(defaultConfig.update, name)?.value,
    ]);
    if (leaf !== '') expect(module).toContain(`leaf ${leaf.replaceAll('`', '')} {`);
  }
});

test('every setting that docs/updates.md names is one', () => {
  const named = [...page.matchAll(/`(update|rpc)\.([A-Za-z]+)`/g)];
  expect(named.length).toBeGreaterThan(10);
  for (const [, part = '', name = ''] of named)
    expect(Object.keys(part === 'rpc' ? defaultConfig.rpc : defaultConfig.update)).toContain(name);
});
