import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../support/mosquitto.ts';
import { describeWith, root } from '../support/peers.ts';
import { mainFile, Program } from '../support/program.ts';
import { Shell } from '../support/shell.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const stepTimeoutMs = 120_000;

/** The marked blocks of the page: commands, programs of clients, and what they show. */
const steps = [
  ...readFileSync(join(root, 'docs', 'extend-a-capability.md'), 'utf8').matchAll(
    /<!-- test: (?<mark>.*?) -->\n```\w+\n(?<code>[\s\S]*?)```/g,
  ),
].map(({ groups }) => ({ mark: groups?.['mark'] ?? '', code: groups?.['code'] ?? '' }));

const answers: readonly (readonly string[])[] = [
  ['<retval xmlns="urn:mup:yang:mqtt-greenhouse">10_OK</retval>', 'invalid-value', 'tiltWindow/', 'angle'],
  ['<retval xmlns="urn:mup:yang:mqtt-greenhouse">10_OK</retval>'],
];

describeWith(['ncclient'], 'docs/extend-a-capability.md: a capability that nobody foresaw', () => {
  let directory: string;
  let ports: { readonly netconf: number; readonly mqtt: number };
  let shell: Shell;
  let shown = '';
  let clients = 0;

  beforeAll(async () => {
    directory = await temporaryDirectory();
    ports = { netconf: await freePort(), mqtt: await freePort() };
    await openShell();
  });
  afterAll(() => shell.kill());

  async function openShell(): Promise<void> {
    shell = new Shell(directory, { MUP_MQTT_EMBEDDED_PORT: String(ports.mqtt) });
    await shell.foreground(`alias mup="node ${mainFile}"`);
  }

  function onFreePorts(code: string): string {
    return code.replaceAll('2830', String(ports.netconf)).replaceAll('1883', String(ports.mqtt));
  }

  async function run(code: string): Promise<void> {
    const before = shell.output.length;
    await shell.foreground(onFreePorts(code));
    shown = shell.output.slice(before);
  }

  async function callByNcclient(code: string): Promise<void> {
    const python = new Program('/usr/bin/python3', ['-'], { cwd: directory });
    python.endInput(onFreePorts(code));
    expect([await python.exited, python.stderr]).toEqual([0, '']);
    const output = python.lines.map(({ text }) => text).join('\n');
    for (const part of answers[clients] ?? ['an answer']) expect(output).toContain(part);
    clients += 1;
  }

  async function perform(mark: string, code: string): Promise<void> {
    const [kind, text = ''] = mark.split(': ');
    if (kind === 'run') await run(code);
    // The last command ends with the exit code of faults.
    else if (kind === 'fails') await run(code.replace(/\n$/, ' || test $? = 7\n'));
    else if (kind === 'shows') expect(shown).toContain(code.trimEnd());
    else if (kind === 'background') await shell.background(onFreePorts(code), text);
    else if (kind === 'restart') {
      await shell.stop();
      await openShell();
      await shell.background(onFreePorts(code), text);
    } else if (kind === 'ncclient') await callByNcclient(code);
    else throw new Error(`a block is marked ${mark}`);
  }

  for (const [i, { mark, code }] of steps.entries())
    test(
      `block ${i + 1}, ${mark}: ${code.slice(0, 60).split('\n')[0]}`,
      () => perform(mark, code),
      stepTimeoutMs,
    );

  test('all of the page was performed', () => {
    expect([clients, steps.length]).toEqual([2, 18]);
  });
});
