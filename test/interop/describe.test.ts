import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { temporaryDirectory } from '../support/cli.ts';
import { describeWith, describeWithSharedData, root, sharedData } from '../support/peers.ts';
import { mup } from '../support/program.ts';
import { yanglint } from '../support/yang-tools.ts';

const base = temporaryDirectory();
const examples = join(root, 'ontologies', 'examples');
const relay = join(examples, 'relay.jsonld');
let cwd = '';

// Each command starts a program and a thread in it, on a machine that may be busy.
jest.setTimeout(120_000);

beforeEach(() => {
  cwd = mkdtempSync(join(base(), 'case-'));
});

async function describeCommand(...argv: string[]) {
  const program = mup(['describe', ...argv], { cwd, env: { MUP_LOG_LEVEL: 'silent' } });
  const code = await program.exited;
  const stdout = program.lines.map(({ text }) => `${text}\n`).join('');
  return { code, stdout, stderr: program.stderr };
}

async function json(...argv: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await describeCommand(...argv, '--json');
  expect(stderr).toBe('');
  return { code, ...JSON.parse(stdout) };
}

/** The relay's description, changed as text. */
function write(name: string, change: (text: string) => string): string {
  writeFileSync(join(cwd, name), change(readFileSync(relay, 'utf8')));
  return name;
}

describe('mup describe check', () => {
  test('a good description: module, topics, sizes in pieces of the device', async () => {
    const { code, stdout, stderr } = await describeCommand('check', relay, '--piece-bytes', '1000');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('accepted, as mqtt-relay\n');
    expect(stdout).toMatch(/^relay\/%s +subscribes +setRelay$/m);
    expect(stdout).toMatch(/^compacted +\d+ +2$/m);
    expect(stdout).toMatch(/^compacted, zlib +\d+ +1$/m);
  });

  test('every finding has its place, what was found, what is expected and an example', async () => {
    const file = write('bad.jsonld', (text) =>
      text.replace('"SET-RELAY"', '"SET RELAY"').replace('"mup:profile": "mup"', '"mup:profile": "mop"'),
    );
    const { code, stdout } = await describeCommand('check', file);
    expect(code).toBe(7);
    const lines = stdout.split('\n');
    const places = lines.filter((line) => line.startsWith('bad.jsonld:')).map((line) => line.split(' ', 3));
    expect(places).toEqual([
      ['bad.jsonld:9:7:', 'myno:myDevice', 'mup:profile:'],
      ['bad.jsonld:36:7:', 'myno:opSetRelay', 'myno:mqttMethod:'],
      ['bad.jsonld:', 'refused,', '2'],
    ]);
    expect(lines.filter((line) => /^ {2}found: +\S/.test(line))).toHaveLength(2);
    expect(lines.filter((line) => /^ {2}expected: \S/.test(line))).toHaveLength(2);
    expect(lines.filter((line) => /^ {2}example: +"m/.test(line))).toHaveLength(2);
  });

  test('what is no JSON is shown to the character', async () => {
    const file = write('bad.jsonld', (text) => text.replace('"@graph": [', '"@graph": ('));
    expect(await json('check', file)).toMatchObject({
      ...{ code: 7, accepted: false },
      findings: [{ line: 7, column: 13, found: 'a value is missing' }],
    });
  });

  test('a byte order mark is passed over, and octets that are no text are said to be so', async () => {
    const marked = write('marked.jsonld', (text) => `\uFEFF${text}`);
    const plain = write('plain.jsonld', (text) => text);
    const { file: _marked, ...said } = await json('check', marked);
    const { file: _plain, ...same } = await json('check', plain);
    expect(said).toEqual(same);
    writeFileSync(join(cwd, 'latin1.jsonld'), Buffer.from('{"a":"\xe4"}', 'latin1'));
    expect(await json('check', 'latin1.jsonld')).toMatchObject({
      code: 7,
      findings: [{ found: 'bytes that are not UTF-8', expected: 'UTF-8' }],
    });
  });

  test('a topic that no device may name', async () => {
    const file = write('bad.jsonld', (text) => text.replace('"relay"', '"mup/status"'));
    expect(await json('check', file)).toMatchObject({
      code: 7,
      findings: [
        { node: 'setRelay', path: 'myno:mqttTopic', line: 25, message: expect.stringContaining('bridge') },
      ],
    });
  });

  test('remarks and warnings are faults where --strict asks for it', async () => {
    const file = write('odd.jsonld', (text) =>
      text
        .replace('"myno:mqttMethod"', '"myno:colour": "red", "myno:mqttMethod"')
        .replace('XMLSchema#boolean', 'XMLSchema#string'),
    );
    expect(await json('check', file, '--strict')).toMatchObject({
      code: 7,
      accepted: true,
      findings: [],
      remarks: [expect.stringContaining('myno:colour')],
      warnings: [expect.stringContaining('setRelay: the input closed may be of any length')],
      device: { module: 'mqtt-relay', profile: 'mup', operations: ['setRelay'], dataPoints: [] },
    });
  });

  test('a literal UUID is found, or given', async () => {
    const file = write('own.jsonld', (text) => text.replace('"%s"', '"3F2504E0-4F89"'));
    expect(await json('check', file)).toMatchObject({ code: 0, accepted: true });
    const other = await json('check', file, '--uuid', 'another-1');
    expect(other).toMatchObject({ code: 7, accepted: false, findings: [{ found: '"3F2504E0-4F89"' }] });
  });

  test('a file that is not there is wrong usage', async () => {
    const { code, stderr } = await describeCommand('check', 'none.jsonld');
    expect([code, stderr]).toEqual([2, 'mup: there is no file none.jsonld (none.jsonld).\n']);
  });
});

describe('mup describe yang and tree', () => {
  test('draw the tree', async () => {
    const { code, stdout } = await describeCommand('tree', relay);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^module: mqtt-relay\n\n {2}rpcs:\n {4}\+---x setRelay\n/),
    ]);
  });

  test('write one file, named as RFC 7950 section 5.2 has it', async () => {
    expect(await json('yang', relay, '--out-dir', 'deep/yang')).toEqual({
      code: 0,
      name: 'mqtt-relay',
      namespace: 'urn:mup:yang:mqtt-relay',
      revision: '2021-01-01',
      file: 'deep/yang/mqtt-relay@2021-01-01.yang',
    });
    expect(readdirSync(join(cwd, 'deep', 'yang'))).toEqual(['mqtt-relay@2021-01-01.yang']);
  });

  test('a refused description ends them with the place and a hint', async () => {
    const file = write('bad.jsonld', (text) => text.replace('"SET-RELAY"', '"SET RELAY"'));
    const { code, stdout, stderr } = await describeCommand('yang', file);
    expect([code, stdout]).toEqual([7, '']);
    expect(stderr).toMatch(
      /^mup: .*\(bad\.jsonld:36:7 myno:opSetRelay myno:mqttMethod\)\. mup describe check bad\.jsonld says all/,
    );
  });

  describeWith(['yanglint'], 'yanglint', () => {
    test.each(['updatable-device.jsonld', 'zigbee2mqtt-lamp.td.jsonld'])(
      'has nothing to say of the module of %s',
      async (name) => {
        const { stdout } = await describeCommand('yang', join(examples, name));
        const [, module = ''] = /^module (\S+)/.exec(stdout) ?? [];
        expect(yanglint({ [module]: stdout })).toBe('');
      },
    );
  });
});

describe('mup describe diff', () => {
  test('nothing between a description and itself', async () => {
    expect(await json('diff', relay, relay)).toEqual({
      ...{ code: 0, module: 'mqtt-relay', outcome: 'same', breaksClients: false, changes: [], reasons: [] },
    });
  });

  test('a further state is allowed, and makes a revision', async () => {
    const more = write('more.jsonld', (text) => text.replace('"10_OK"', '"10_OK", "11_NOOP"'));
    const { code, stdout } = await describeCommand('diff', relay, more);
    expect([code, stdout]).toEqual([
      0,
      'allowed    setRelay/output/retval: new value 11_NOOP\n' +
        'The bridge: the module gets a new revision, which serves devices with either description.\n',
    ]);
  });

  test('another type is forbidden, and makes a variant', async () => {
    const other = write('other.jsonld', (text) => text.replace('XMLSchema#boolean', 'XMLSchema#int'));
    const { code, stdout } = await describeCommand('diff', relay, other);
    expect(code).toBe(7);
    expect(stdout).toContain('FORBIDDEN  setRelay/input/closed: type boolean becomes int32\n');
    expect(stdout).toContain('a variant of the module');
  });
});

describe('mup describe pack', () => {
  test('prints a C header whose octets a device may send', async () => {
    const { code, stdout } = await describeCommand('pack', relay);
    expect(code).toBe(0);
    const octets = [...stdout.matchAll(/0x([0-9a-f]{2}),/g)].map(([, hex = '']) => Number.parseInt(hex, 16));
    const compacted = inflateSync(Uint8Array.from(octets));
    expect(stdout).toContain(`"sha256:${sha256(compacted)}"`);
    expect(JSON.parse(compacted.toString())).toHaveProperty(['@context', 'onem2m']);
    expect(compacted.toString()).toContain('"onem2m:hasValue":"%s"');
  });

  test('writes three files, and what is packed can be checked again', async () => {
    const { files, digest } = await json('pack', relay, '--out-dir', 'build');
    expect(files).toEqual(['build/relay.json', 'build/relay.zlib', 'build/relay.h']);
    const report = await json('check', 'build/relay.zlib');
    expect(report).toMatchObject({ accepted: true, device: { digest } });
    const header = join(cwd, 'build', 'relay.h');
    if (existsSync('/usr/bin/gcc'))
      execFileSync('/usr/bin/gcc', ['-fsyntax-only', '-Werror', '-x', 'c', header]);
  });

  test('a Thing Description says the same when it is packed', async () => {
    const { code, octets } = await json('pack', join(examples, 'zigbee2mqtt-lamp.td.jsonld'));
    expect([code, Number(octets) > 1000]).toEqual([0, true]);
  });

  describeWithSharedData('a description of the MYNO prototype', () => {
    test('loses most of its octets', async () => {
      const { code, octets, packedOctets } = await json(
        'pack',
        join(sharedData, 'myno', 'update-compacted.jsonld'),
      );
      expect([code, Number(packedOctets) < Number(octets) / 4]).toEqual([0, true]);
    });
  });
});
