import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
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

describe('a description with a signature before it (ADR 29)', () => {
  const ofDevice = ['--uuid', 'LAMP-1'];
  beforeEach(async () => {
    for (const line of [
      'keygen vendor --out vendor.pem',
      `describe sign ${relay} --uuid LAMP-1 --counter 7 --vendor-key vendor.pem --out signed`,
    ])
      expect((await runMup(line.split(' '), { cwd })).code).toBe(0);
  });

  test('is read and checked as the bridge would, for the device that is named', async () => {
    const { code, stdout } = await describeCommand('check', 'signed', '--strict', ...ofDevice);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^signature: {3}counter 7, holds, of key [0-9a-f]{128}$/m),
    ]);
    const json = await describeCommand('check', 'signed', '--json', ...ofDevice);
    expect(JSON.parse(json.stdout)).toMatchObject({
      accepted: true,
      device: { signer: { counter: 7, holds: true } },
    });
  });

  test('is not held for sound where nobody says which device it is of', async () => {
    const { code, stdout } = await describeCommand('check', 'signed');
    expect([code, stdout]).toEqual([0, expect.stringContaining('not checked: name the device with --uuid')]);
    expect((await describeCommand('check', 'signed', '--strict')).code).toBe(7);
  });

  test.each<[string, readonly string[], (bytes: Buffer) => Buffer]>([
    ['it is of another device', ['--uuid', 'LAMP-2'], (bytes) => bytes],
    ['an octet was changed', ofDevice, (bytes) => Buffer.concat([bytes, Buffer.from(' ')])],
    ['its header is none', ofDevice, (bytes) => bytes.subarray(0, 60)],
  ])('%s: refused, by every command that reads it', async (_, options, change) => {
    writeFileSync(join(cwd, 'signed'), change(readFileSync(join(cwd, 'signed'))));
    const { code, stdout } = await describeCommand('check', 'signed', ...options);
    expect([code, stdout]).toEqual([
      7,
      expect.stringMatching(/^signed: the document: .*\n.*\nsigned: refused, 1 fault\n$/),
    ]);
    expect((await describeCommand('tree', 'signed', ...options)).code).toBe(7);
  });

  test('is not packed: the signature would hold no more', async () => {
    const { code, stderr } = await describeCommand('pack', 'signed', ...ofDevice);
    expect([code, stderr]).toEqual([2, expect.stringContaining('mup describe sign')]);
  });
});
