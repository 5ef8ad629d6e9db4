import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { type RunningBridge, startBridge } from '../../src/cli/adapters/start-bridge.ts';
import { readPublicKey } from '../../src/mup/adapters/key-files.ts';
import { allSuites } from '../../src/mup/adapters/noble-curves.ts';
import { verifyVendorKey } from '../../src/mup/vendor-key.ts';
import { parseVendorKeyFile } from '../../src/mup/vendor-key-file.ts';
import { type CliResult, runMup, temporaryDirectory } from '../support/cli.ts';

const directory = temporaryDirectory();
const mup = (line: string): Promise<CliResult> => runMup(line.split(' '), { cwd: directory() });
const file = (name: string): string => join(directory(), name);

async function done(line: string): Promise<string> {
  const { code, stdout, stderr } = await mup(line);
  if (code !== 0) throw new Error(`${line}: ${code} ${stderr}`);
  return stdout;
}

beforeAll(async () => {
  await done('keygen vendor --out vendor.pem');
  await done('keygen vendor --out vendor-2.pem');
});

describe('mup rotate vendor', () => {
  test('writes what the key before has signed, without the next private key', async () => {
    await done(
      'rotate vendor --vendor-key vendor.pem --next-key vendor-2.pub.pem --counter 3 --out vendor-2.json',
    );
    const statement = parseVendorKeyFile(new Uint8Array(readFileSync(file('vendor-2.json'))));
    expect(statement).toMatchObject({
      counter: 3,
      newKey: await readPublicKey(file('vendor-2.pub.pem')),
    });
    const held = await readPublicKey(file('vendor.pub.pem'));
    expect(() => verifyVendorKey(statement, held, allSuites)).not.toThrow();
    expect(() => verifyVendorKey({ ...statement, counter: 4 }, held, allSuites)).toThrow(
      expect.objectContaining({ code: 'vendor-key-invalid' }),
    );
  });

  test.each(['0', '01', '4294967296'])('counter %s is none', async (counter) => {
    const { code, stderr } = await mup(
      `rotate vendor --vendor-key vendor.pem --next-key vendor-2.pub.pem --counter ${counter} --out none.json`,
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining('--counter')]);
  });
});

describe('mup rotate, at a bridge', () => {
  let bridge: RunningBridge;

  beforeAll(async () => {
    mkdirSync(file('state'));
    const config: Config = {
      ...defaultConfig,
      stateDir: file('state'),
      netconf: { ...defaultConfig.netconf, port: 0 },
      mqtt: { ...defaultConfig.mqtt, embedded: { ...defaultConfig.mqtt.embedded, port: 0 } },
    };
    bridge = await startBridge(config, silentLogger, new AbortController().signal);
  });
  afterAll(() => bridge.close());

  const rows = async (): Promise<string[]> =>
    (await done('rotate status --state-dir state')).trimEnd().split('\n');

  test('prepare, endorse, activate, retire: status shows each', async () => {
    const [heading, first = ''] = await rows();
    expect(heading).toMatch(/^KEY +SUITE +STATE +EPOCH +ENDORSED +DEVICES +NOT MOVED$/);
    expect(first).toMatch(/^[0-9a-f]{16} +1 +active +0 +no +0 +0$/);
    await done('rotate prepare --out next.pub.pem --state-dir state');
    expect((await rows())[2]).toMatch(/ prepared +- +- +- +-$/);
    await done('endorse --server-key next.pub.pem --vendor-key vendor.pem --epoch 2 --out next.json');
    await done('rotate activate next.json --state-dir state');
    expect((await rows())[1]).toMatch(/ active +2 +yes +0 +0$/);
    await done(`rotate retire ${first.slice(0, 16)} --state-dir state`);
    expect(await rows()).toHaveLength(2);
    await done('endorse --server-key vendor.pub.pem --vendor-key vendor.pem --epoch 9 --out next.json');
  });

  test.each([
    ['activate vendor.pem', 2, 'mup endorse'],
    ['activate next.json', 3, 'update server has no key'],
    ['retire 0000000000000000', 3, 'no key 0000000000000000'],
    ['send vendor-2.json', 2, '--all'],
    ['send vendor-2.json --all --device A', 2, '--all'],
    ['send vendor-2.json --device A', 4, 'no device A'],
    ['send vendor.pem --all', 2, 'mup rotate vendor'],
    ['prepare --out next.pub.pem', 2, 'exists already'],
  ])('mup rotate %s: exit code %i, and why', async (line, expected, text) => {
    const { code, stdout, stderr } = await mup(`rotate ${line} --state-dir state`);
    expect([code, stdout + stderr]).toEqual([expected, expect.stringContaining(text)]);
  });

  test('without a device that takes it, nothing is sent', async () => {
    writeFileSync(file('same.json'), readFileSync(file('vendor-2.json')));
    expect(await done('rotate send same.json --all --state-dir state')).toBe(
      'no device takes a vendor key\n',
    );
  });
});
