import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { table } from '../../src/cli/output.ts';
import { type CliResult, runMup, temporaryDirectory } from '../support/cli.ts';
import { root } from '../support/paths.ts';

const base = temporaryDirectory();
const relay = join(root, 'ontologies', 'examples', 'relay.jsonld');
let cwd = '';

// Each command starts a thread, on a machine that may be busy.
jest.setTimeout(120_000);

beforeEach(() => {
  cwd = mkdtempSync(join(base(), 'case-'));
});

const describeCommand = (...argv: string[]): Promise<CliResult> =>
  runMup(['describe', ...argv], { cwd, env: { MUP_LOG_LEVEL: 'silent' } });

test('mup describe pack does not overwrite what it packs', async () => {
  copyFileSync(relay, join(cwd, 'relay.json'));
  const { code, stderr } = await describeCommand('pack', 'relay.json', '--out-dir', '.');
  expect([code, stderr]).toEqual([2, expect.stringContaining('would overwrite')]);
  expect(readFileSync(join(cwd, 'relay.json'))).toEqual(readFileSync(relay));
});

test('a UUID that is far too long is a fault with its place', async () => {
  const text = readFileSync(relay, 'utf8').replace(
    '"onem2m:hasValue": "%s"',
    `"onem2m:hasValue": "${'x'.repeat(400)}"`,
  );
  writeFileSync(join(cwd, 'long.jsonld'), text);
  const { code, stdout, stderr } = await describeCommand('check', 'long.jsonld');
  expect([code, stderr]).toEqual([7, '']);
  expect(stdout).toMatch(/^long\.jsonld:\d+:\d+: myno:deviceUuid onem2m:hasValue: /);
});

test.each([
  ['describe check', ['describe', 'check', relay]],
  [
    'device',
    [
      'device',
      '--description',
      relay,
      '--uuid',
      'D-1',
      '--state-dir',
      'd',
      '--mqtt-url',
      'mqtt://127.0.0.1:1',
    ],
  ],
])('mup %s says that the folder of ontologies is not there', async (_, argv) => {
  const { code, stderr } = await runMup([...argv, '--ontologies', 'ontologeis'], { cwd });
  expect([code, stderr]).toEqual([2, 'mup: there is no folder ontologeis (--ontologies).\n']);
});

test('a broken context is a warning, and named', async () => {
  mkdirSync(join(cwd, 'own', 'contexts'), { recursive: true });
  writeFileSync(join(cwd, 'own', 'contexts', 'broken.jsonld'), '{ "servedFor": [');
  const { code, stdout } = await describeCommand('check', relay, '--ontologies', 'own');
  expect([code, stdout]).toEqual([0, expect.stringContaining('accepted, as mqtt-relay')]);
});

test('a table may have more rows than a call has arguments', () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => ['x', String(i)]);
  expect(table([['HEADING', 'N'], ...rows]).at(-1)).toBe('x        199999');
});
