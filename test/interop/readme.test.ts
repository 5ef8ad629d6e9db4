import { readFileSync } from 'node:fs';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../support/mosquitto.ts';
import { describeWith, root } from '../support/peers.ts';
import { Program } from '../support/program.ts';
import { Shell } from '../support/shell.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const stepTimeoutMs = 120_000;

/** A block of code in the README; `mark` is the comment before it, `<!-- test: MARK -->`. */
interface Block {
  readonly language: string;
  readonly mark: string | undefined;
  readonly code: string;
}

const blocks: readonly Block[] = [
  ...readme.matchAll(/(?:<!-- test: (?<mark>.*?) -->\n)?```(?<language>\w+)\n(?<code>[\s\S]*?)```/g),
].map(({ groups }) => ({
  language: groups?.['language'] ?? '',
  mark: groups?.['mark'],
  code: groups?.['code'] ?? '',
}));
const titleOf = ({ code }: Block): string =>
  code
    .trimEnd()
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .at(-1) ?? '';

let clone: string;
let ports: { readonly netconf: number; readonly mqtt: number };

beforeAll(async () => {
  clone = join(await temporaryDirectory(), 'mup-bridge');
  const left = new Set(['.git', 'node_modules', 'mup-state'].map((name) => join(root, name)));
  await cp(root, clone, { recursive: true, filter: (path) => !left.has(path) });
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
  ports = { netconf: await freePort(), mqtt: await freePort() };
}, stepTimeoutMs);

/** The README's own ports may be taken where the tests run. */
function onFreePorts(code: string): string {
  return code.replaceAll('2830', String(ports.netconf)).replaceAll('1883', String(ports.mqtt));
}

test('every block of commands says how it is tested', () => {
  const unmarked = blocks.filter(({ language, mark }) => language === 'sh' && mark === undefined);
  expect(unmarked).toEqual([]);
  expect(blocks.map(({ mark }) => mark?.split(',')[0])).toEqual(
    expect.arrayContaining(['quick', 'tour', 'ncclient']),
  );
});

describe('the two commands', () => {
  test('are npm ci and npm start', () => {
    expect(blocks.find(({ mark }) => mark === 'quick')?.code).toBe('npm ci\nnpm start\n');
  });

  test('npm start -- --exit shows the seven steps of an update and ends with 0', async () => {
    const env = { MUP_NETCONF_PORT: '0', MUP_MQTT_EMBEDDED_PORT: '0' };
    const demo = new Program('npm', ['start', '--', '--exit'], { cwd: clone, env });
    const code = await demo.exited;
    const output = demo.lines.map(({ text }) => text).join('\n');
    expect({ code, output, stderr: demo.stderr }).toMatchObject({ code: 0 });
    const steps = [
      'published its description and is registered',
      'token received: version 1',
      'both signatures are right: manifest accepted',
      'manifest of version 2 accepted',
      "size and digest are the manifest's: image verified",
      'device: running version 2',
      'device restarted with version 2',
    ];
    const found = steps.map((step) => output.indexOf(step));
    expect(found).not.toContain(-1);
    expect(found[0]).toBe(Math.min(...found));
  }, 240_000);
});

describe('the tour', () => {
  let shell: Shell;

  beforeAll(() => {
    shell = new Shell(clone, { MUP_MQTT_EMBEDDED_PORT: String(ports.mqtt) });
  });
  afterAll(() => shell.kill());

  for (const block of blocks) {
    const [kind, ...more] = block.mark?.split(', ') ?? [];
    const [, text] = /^background: (.*)$/.exec(more.join(', ')) ?? [];
    if (kind === 'tour' && text !== undefined)
      test(
        `${titleOf(block)} goes on running`,
        () => shell.background(onFreePorts(block.code), text),
        stepTimeoutMs,
      );
    else if (kind === 'tour')
      test(titleOf(block), () => shell.foreground(onFreePorts(block.code)), stepTimeoutMs);
    else if (kind === 'ncclient')
      describeWith(['ncclient'], 'ncclient', () => {
        test(
          'runs the example and sees the device',
          async () => {
            const python = new Program('/usr/bin/python3', ['-'], { cwd: clone });
            python.endInput(onFreePorts(block.code));
            expect([await python.exited, python.stderr]).toEqual([0, expect.not.stringContaining('Error')]);
            const output = python.lines.map((line) => line.text).join('\n');
            expect(output).toContain('MY-FIRST-DEVICE');
            expect(output).toContain('rpc setLampColor');
            expect(output).toContain('10_OK');
          },
          stepTimeoutMs,
        );
      });
  }

  test('the device runs the version that was installed', async () => {
    expect(await shell.output).toContain('succeeded: the device reports version 2');
  });

  test(
    'what goes on running ends with 0 on SIGTERM',
    async () => {
      expect(await shell.stop()).toEqual([0, 0]);
    },
    stepTimeoutMs,
  );
});
