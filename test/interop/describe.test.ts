import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { temporaryDirectory } from '../support/cli.ts';
import { describeWith, describeWithSharedData, root, sharedData } from '../support/peers.ts';
import { mup } from '../support/program.ts';
import { yanglint } from '../support/yang-tools.ts';

const base = temporaryDirectory();
const examples = join(root, 'ontologies', 'examples');
const relay = join(examples, 'relay.jsonld');
let cwd = '';

beforeEach(() => {
  cwd = mkdtempSync(join(base(), 'case-'));
});

/** Many programs start here, on a machine that may be busy. */
const slow = 120_000;

async function describeCommand(...argv: string[]) {
  const program = mup(['describe', ...argv], { cwd, env: { MUP_LOG_LEVEL: 'silent' } });
  const code = await program.exited;
  const stdout = program.lines.map(({ text }) => `${text}\n`).join('');
  return { code, stdout, stderr: program.stderr };
}

async function json(...argv: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await describeCommand(...argv, '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

type Text = (text: string) => string;

/** The relay's description, changed as text. */
function write(name: string, change: Text = (text) => text): string {
  writeFileSync(join(cwd, name), change(readFileSync(relay, 'utf8')));
  return name;
}

describe('mup describe check', () => {
  test(
    'a good description: module, topics, sizes',
    async () => {
      const { code, stdout, stderr } = await describeCommand('check', relay);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('accepted, as mqtt-relay\n');
      expect(stdout).toMatch(/^relay\/%s +subscribes +setRelay$/m);
      expect(stdout).toMatch(/^compacted, zlib +\d+ +1$/m);
    },
    slow,
  );

  test(
    'every finding has its line, what was found, what is expected and an example',
    async () => {
      const file = write('bad.jsonld', (text) =>
        text.replace('"myno:mqttTopic": "relay",', '').replace('"SET-RELAY"', '"SET RELAY"'),
      );
      const { code, stdout } = await describeCommand('check', file);
      expect(code).toBe(7);
      const lines = stdout.split('\n');
      expect(
        lines.filter((line) => line.startsWith('bad.jsonld:36:7: myno:opSetRelay myno:mqtt')),
      ).toHaveLength(2);
      expect(lines.filter((line) => /^ {2}expected: \S/.test(line))).toHaveLength(2);
      expect(lines.filter((line) => /^ {2}example: +"myno:mqtt/.test(line))).toHaveLength(2);
      expect(lines.at(-2)).toBe('bad.jsonld: refused, 2 faults');
    },
    slow,
  );

  test(
    'what is no JSON is shown to the character',
    async () => {
      const { code, stdout } = await describeCommand(
        'check',
        write('bad.jsonld', (text) => text.replace('[', '(')),
      );
      expect([code, stdout]).toEqual([
        7,
        expect.stringMatching(/^bad\.jsonld:7:13: the document: A description is JSON/),
      ]);
    },
    slow,
  );

  test(
    'a topic that no device may name, and what cannot be said in YANG',
    async () => {
      const bridges = await json(
        'check',
        write('a.jsonld', (text) => text.replace('"relay"', '"mup/status"')),
      );
      expect(bridges).toMatchObject({
        accepted: false,
        findings: [
          {
            node: 'setRelay',
            path: 'myno:mqttTopic',
            found: '"mup/status/%s"'.replace('%s', sampleUuid),
            line: 25,
          },
        ],
      });
    },
    slow,
  );

  test(
    'remarks and warnings are faults where --strict asks for it',
    async () => {
      const file = write('odd.jsonld', (text) =>
        text
          .replace('"myno:mqttMethod"', '"myno:colour": "red", "myno:mqttMethod"')
          .replace('XMLSchema#boolean', 'XMLSchema#string'),
      );
      const report = await json('check', file);
      expect(report).toMatchObject({
        accepted: true,
        findings: [],
        remarks: [expect.stringContaining('myno:colour')],
        warnings: [expect.stringContaining('setRelay: the input closed may be of any length')],
        device: { module: 'mqtt-relay', profile: 'mup', operations: ['setRelay'], dataPoints: [] },
      });
      expect((await describeCommand('check', file)).code).toBe(0);
      expect((await describeCommand('check', file, '--strict')).code).toBe(7);
    },
    slow,
  );

  test(
    'pieces are as large as the device sends them',
    async () => {
      const { device } = await json('check', relay, '--piece-bytes', '1000');
      expect(device).toMatchObject({
        forms: expect.arrayContaining([expect.objectContaining({ form: 'written', pieces: 2 })]),
      });
    },
    slow,
  );

  test(
    'a literal UUID is found, or given',
    async () => {
      const file = write('own.jsonld', (text) => text.replace('"%s"', '"3F2504E0-4F89"'));
      expect((await json('check', file))['accepted']).toBe(true);
      const other = await json('check', file, '--uuid', 'another-1');
      expect(other).toMatchObject({ accepted: false, findings: [{ found: '"3F2504E0-4F89"' }] });
    },
    slow,
  );

  test('a file that is not there is wrong usage', async () => {
    expect(await describeCommand('check', 'none.jsonld')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none.jsonld'),
    });
  });
});

const sampleUuid = '00000000-0000-4000-8000-000000000000';

describe('mup describe yang and tree', () => {
  test(
    'print the module and its tree',
    async () => {
      const yang = await describeCommand('yang', relay);
      expect([yang.code, yang.stdout]).toEqual([0, expect.stringMatching(/^module mqtt-relay \{\n/)]);
      const tree = await describeCommand('tree', relay);
      expect(tree.stdout).toContain(
        '    +---x setRelay\n       +---w input\n       |  +---w uuidInput    device-id\n',
      );
    },
    slow,
  );

  test(
    'write one file, named as RFC 7950 section 5.2 has it',
    async () => {
      const result = await json('yang', relay, '--out-dir', 'deep/yang');
      expect(result).toEqual({
        name: 'mqtt-relay',
        namespace: 'urn:mup:yang:mqtt-relay',
        revision: '2021-01-01',
        file: 'deep/yang/mqtt-relay@2021-01-01.yang',
      });
      expect(readdirSync(join(cwd, 'deep', 'yang'))).toEqual(['mqtt-relay@2021-01-01.yang']);
    },
    slow,
  );

  test(
    'a refused description ends them with the place and a hint',
    async () => {
      const file = write('bad.jsonld', (text) => text.replace('"SET-RELAY"', '"SET RELAY"'));
      for (const command of ['yang', 'tree', 'pack'])
        expect(await describeCommand(command, file)).toMatchObject({
          code: 7,
          stdout: '',
          stderr: expect.stringMatching(
            /^mup: .*\(bad\.jsonld:36:7 myno:opSetRelay myno:mqttMethod\)\. mup describe check bad\.jsonld says all that is wrong\.\n$/,
          ),
        });
    },
    slow,
  );

  describeWith(['yanglint'], 'yanglint', () => {
    test(
      'has nothing to say of any example',
      async () => {
        for (const name of readdirSync(examples)) {
          const { stdout } = await describeCommand('yang', join(examples, name));
          const [, module = ''] = /^module (\S+)/.exec(stdout) ?? [];
          expect([name, yanglint({ [module]: stdout })]).toEqual([name, '']);
        }
      },
      2 * slow,
    );
  });
});

describe('mup describe diff', () => {
  test(
    'nothing between a description and itself',
    async () => {
      expect(await json('diff', relay, relay)).toEqual({
        ...{ module: 'mqtt-relay', outcome: 'same', breaksClients: false, changes: [], reasons: [] },
      });
    },
    slow,
  );

  test(
    'a further state is allowed, and makes a revision',
    async () => {
      const more = write('more.jsonld', (text) => text.replace('"10_OK"', '"10_OK", "11_NOOP"'));
      const { code, stdout } = await describeCommand('diff', relay, more);
      expect([code, stdout]).toEqual([
        0,
        'allowed    setRelay/output/retval: new value 11_NOOP\n' +
          'The bridge: the module gets a new revision, which serves devices with either description.\n',
      ]);
    },
    slow,
  );

  test(
    'another type is forbidden, and makes a variant',
    async () => {
      const other = write('other.jsonld', (text) => text.replace('XMLSchema#boolean', 'XMLSchema#int'));
      const { code, stdout } = await describeCommand('diff', relay, other);
      expect([code, stdout]).toEqual([
        7,
        expect.stringContaining('FORBIDDEN  setRelay/input/closed: type boolean becomes int32\n'),
      ]);
      expect(stdout).toContain('a variant of the module');
    },
    slow,
  );
});

describe('mup describe pack', () => {
  test(
    'prints a C header whose octets a device may send',
    async () => {
      const { code, stdout } = await describeCommand('pack', relay);
      expect(code).toBe(0);
      const octets = [...stdout.matchAll(/0x([0-9a-f]{2}),/g)].map(([, hex = '']) =>
        Number.parseInt(hex, 16),
      );
      const compacted = inflateSync(Uint8Array.from(octets));
      expect(stdout).toContain(`"sha256:${sha256(compacted)}"`);
      expect(JSON.parse(compacted.toString())).toHaveProperty('@context.onem2m');
      expect(compacted.toString()).toContain('"onem2m:hasValue":"%s"');
    },
    slow,
  );

  test(
    'writes three files, and what is packed can be checked again',
    async () => {
      const result = await json('pack', relay, '--out-dir', 'build');
      expect(result['files']).toEqual(['build/relay.json', 'build/relay.zlib', 'build/relay.h']);
      const report = await json('check', 'build/relay.zlib');
      expect(report).toMatchObject({ accepted: true, device: { digest: result['digest'] } });
      if (existsSync('/usr/bin/gcc'))
        execFileSync('/usr/bin/gcc', ['-fsyntax-only', '-Wall', '-x', 'c', join(cwd, 'build', 'relay.h')], {
          stdio: 'ignore',
        });
    },
    slow,
  );

  test(
    'every example says the same when it is packed',
    async () => {
      for (const name of readdirSync(examples))
        expect([name, (await describeCommand('pack', join(examples, name))).code]).toEqual([name, 0]);
    },
    2 * slow,
  );
});

describe("the operator's ontologies", () => {
  beforeAll(() => {
    mkdirSync(join(base(), 'ours'));
    writeFileSync(
      join(base(), 'ours', 'maker.ttl'),
      `@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
       <https://maker.example/v#channel> rdfs:subPropertyOf <https://www.cs.uni-potsdam.de/bs/research/myno#mqttTopic> .`,
    );
  });

  test(
    '--ontologies lets a maker’s own terms mean something',
    async () => {
      const file = write('maker.jsonld', (text) =>
        text.replace('"myno:mqttTopic"', '"https://maker.example/v#channel"'),
      );
      expect(await json('check', file)).toMatchObject({ accepted: false });
      expect(await json('check', file, '--ontologies', join(base(), 'ours'))).toMatchObject({
        accepted: true,
      });
    },
    slow,
  );
});

describeWithSharedData('descriptions of the MYNO prototype', () => {
  test.each(['update-compacted.jsonld', 'led-rgb-expanded.jsonld'])(
    '%s is checked and packed',
    async (name) => {
      const file = join(sharedData, 'myno', name);
      const { device } = await json('check', file);
      expect(device).toMatchObject({ profile: 'myno' });
      const { octets, packedOctets } = await json('pack', file);
      expect(Number(packedOctets)).toBeLessThan(Number(octets) / 3);
    },
    slow,
  );
});
