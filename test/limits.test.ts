import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { configKeys } from '../src/cli/adapters/config-schema.ts';
import { keyPath } from '../src/cli/config-key.ts';
import { isTest } from './support/named-tests.ts';
import { root } from './support/paths.ts';

const page = readFileSync(join(root, 'docs', 'limits.md'), 'utf8');
const [settings = '', fixed = ''] = page.split('## Fixed bounds\n');

/** The cells of each row below the heads of the tables. */
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));
}

/** Numbers that say where we listen, or how fast we go by ourselves: no peer can make them matter. */
const noLimits = [
  ...['netconf.port', 'mqtt.embedded.port', 'mqtt.keepaliveMs', 'mqtt.reconnectMinMs', 'mqtt.reconnectMaxMs'],
  ...['registration.workerIdleMs', 'update.sliceSizeBytes', 'update.mynoSliceSizeBytes', 'update.window'],
  ...[
    'update.initialTimeoutMs',
    'update.minTimeoutMs',
    'update.maxTimeoutMs',
    'update.retryMinMs',
    'update.retryMaxMs',
  ],
];

test('every limit of Config stands in docs/limits.md, once, and nothing else does', () => {
  const numbers = configKeys.filter(({ kind }) => kind === 'integer').map(keyPath);
  expect(noLimits.filter((name) => !numbers.includes(name))).toEqual([]);
  const limits = numbers.filter((name) => !noLimits.includes(name)).map((name) => `\`${name}\``);
  expect(
    rowsOf(settings)
      .map(([name]) => name)
      .sort(),
  ).toEqual(limits.sort());
});

test('each is shown by a test of the words that the page names', () => {
  const named = rowsOf(settings).map((cells) => cells.at(-1) ?? '');
  expect(named.filter((one) => !isTest(one))).toEqual([]);
});

test('each fixed bound has the value that the page names', () => {
  const rows = rowsOf(fixed).map((cells) => cells.map((cell) => cell.replaceAll('`', '')));
  expect(rows.length).toBeGreaterThan(50);
  const wrong = rows.filter(([file, bound]) => {
    const path = join(root, 'src', `${file}.ts`);
    return !existsSync(path) || !readFileSync(path, 'utf8').includes(`const ${bound};`);
  });
  expect(wrong).toEqual([]);
});
