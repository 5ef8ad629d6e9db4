import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leafOf, Ncclient, rpcXml } from '../support/ncclient.ts';
import { describeWith, root } from '../support/peers.ts';
import { Program } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { run } from '../support/system.ts';

const document = readFileSync(join(root, 'docs', 'netconf.md'), 'utf8');

/** Of bert. */
const password = 'another good password';

/** The block of code after `<!-- test: MARK -->`. */
function example(mark: string): string {
  const block = new RegExp(`<!-- test: ${mark} -->\\n\`\`\`\\w*\\n([\\s\\S]*?)\`\`\``).exec(document);
  return block?.[1] ?? `echo there is no example ${mark}; exit 1`;
}

describeWith(['ncclient', 'openssh', 'yangcli'], 'the examples of docs/netconf.md', () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.start();
    for (const uuid of ['MY-FIRST-DEVICE', 'MY-SECOND-DEVICE']) await site.startDevice(uuid);
    const image = await site.image(2, 3000);
    await rename(image, site.path('firmware.bin'));
    await rename(image.replace(/\.bin$/, '.json'), site.path('firmware.json'));
    const key = site.path('id');
    execFileSync('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const login = ['--password-stdin', '--authorized-key', `${key}.pub`, '--state-dir', site.stateDir];
    await run(['user', 'add', 'anna', '--group', 'admin', ...login], 'a good password\n');
    const bert = ['--password-stdin', '--state-dir', site.stateDir];
    await run(['user', 'add', 'bert', ...bert], `${password}\n`);
  }, 120_000);

  afterAll(() => site?.stop());

  /** Runs an example in a shell whose ssh and sftp know the key of anna; the port is that of the test. */
  async function perform(command: string, args: readonly string[], mark: string): Promise<string> {
    const program = new Program(command, args, { cwd: site.directory });
    const options =
      '-F none -i id -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR' +
      ' -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null';
    const code = example(mark)
      .replaceAll('2830', String(site.bridge.port))
      .replaceAll(/^(ssh|sftp) /gm, `$1 ${options} `);
    program.endInput(code);
    expect([await program.exited, program.stderr]).toEqual([0, expect.not.stringContaining('rror')]);
    return program.lines.map(({ text }) => text).join('\n');
  }

  test('ncclient reads devices and modules, and shows an error', async () => {
    const output = await perform('/usr/bin/python3', ['-'], 'ncclient');
    expect(output).toContain('<uuid>MY-FIRST-DEVICE</uuid><module>mqtt-demo-board</module>');
    expect(output).toContain('rpc relayOn {');
    expect(output).toContain('data-missing instance-required no device NO-SUCH-DEVICE is registered');
  });

  test('XPath filters select one device, and leaves with the keys of their entries', async () => {
    const [one, leaves] = (await perform('/usr/bin/python3', ['-'], 'xpath')).split('</rpc-reply>');
    expect(one).toContain('<uuid>MY-FIRST-DEVICE</uuid>');
    expect(one).not.toContain('MY-SECOND-DEVICE');
    expect(leaves).toMatch(/<device><uuid>[^<]*<\/uuid><firmware-version>1<\/firmware-version><\/device>/);
  });

  test('a datastore is read to a depth (RFC 8526)', async () => {
    const output = await perform('/usr/bin/python3', ['-'], 'datastores');
    expect(output).toContain('<uuid>MY-FIRST-DEVICE</uuid><category>');
    expect(output).toContain('<update-operation>');
    expect(output).not.toContain('<field>');
  });

  test('configuration is edited under locks, validated, saved and read with its defaults', async () => {
    const output = await perform('/usr/bin/python3', ['-'], 'configuration');
    expect(output).toContain('<window>2</window>');
    expect(output).toContain('<name>GARDEN-BOARD</name><slice-size>300</slice-size>');
  });

  test('OpenSSH calls an RPC over base:1.0', async () => {
    const output = await perform('/bin/bash', ['-s'], 'ssh');
    expect(output).toContain('message-id="1"><retval xmlns="urn:mup:yang:mqtt-demo-board">10_OK</retval>');
    expect(output).toContain('message-id="2"><ok/>');
  });

  test('yangcli calls an RPC, reads by subtree and XPath, edits and saves', async () => {
    const [start = '', ...commands] = example('yangcli').trim().split('\n');
    expect(start).toMatch(/^\$ yangcli /);
    const script = site.path('yangcli-script');
    const typed = commands.map((line) => line.replace(/^yangcli anna@127\.0\.0\.1> /, ''));
    await writeFile(script, [...typed, 'quit', ''].join('\n'));
    // It keeps files of its own in the home directory.
    const program = new Program(
      '/bin/bash',
      [
        '-c',
        `${start.slice(2).replace('2830', String(site.bridge.port))} --batch-mode --run-script='${script}'`,
      ],
      { cwd: site.directory, env: { HOME: site.directory } },
    );
    expect(await program.exited).toBe(0);
    const output = program.lines.map(({ text }) => text).join('\n');
    expect(output).not.toMatch(/^Error|canceled/m);
    expect(output).toMatch(/^relayOn$/m);
    expect(output).toMatch(/RPC Data Reply \d+ for session \d+:\s+rpc-reply \{\s+retval 10_OK/);
    expect(output.match(/^ +device MY-FIRST-DEVICE \{$/gm)).toHaveLength(2);
    expect(output.match(/RPC OK Reply/g)).toHaveLength(4);
    expect(
      output.match(
        /^Warning: skipping (?!(?:enterprise capability|unknown parameter).*(?:yang-library|with-operational-defaults):1)/gm,
      ),
    ).toBeNull();
  });

  test('access control: bert is given one device, and not all of its RPCs', async () => {
    await perform('/usr/bin/python3', ['-'], 'access');
    const bert = await Ncclient.connect({ port: site.bridge.port, username: 'bert', password });
    const { reply } = await bert.perform({ op: 'get' });
    expect(reply).toContain('<uuid>MY-FIRST-DEVICE</uuid>');
    expect(reply).not.toMatch(/MY-SECOND-DEVICE|<users|<nacm/);
    const module = 'urn:mup:yang:mqtt-demo-board';
    const relay = (uuidInput: string) => bert.dispatch(rpcXml(module, 'relayOn', { uuidInput }));
    expect(leafOf((await relay('MY-FIRST-DEVICE')).reply, 'retval')).toBe('10_OK');
    expect((await relay('MY-SECOND-DEVICE')).error).toMatchObject({ tag: 'data-missing' });
    const lamp = await bert.dispatch(rpcXml(module, 'setLampColor', { uuidInput: 'MY-FIRST-DEVICE' }));
    expect(lamp.error).toMatchObject({
      type: 'protocol',
      tag: 'access-denied',
      path: expect.stringMatching(/^\/nc:rpc\/[-\w]+:setLampColor$/),
    });
    await bert.close();
    expect(bert.complaints).toBe('');
    const startup = await Ncclient.connect({
      port: site.bridge.port,
      username: 'anna',
      password: 'a good password',
    });
    const counted = await startup.perform({
      op: 'get',
      filter: '<nacm xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-acm"/>',
    });
    expect(leafOf(counted.reply, 'denied-operations')).toBe('1');
    expect(counted.reply).toContain('<name>hands off the lamp</name>');
    await startup.close();
  });

  test('a device waits under the policy approve, and is registered as soon as a client accepts it', async () => {
    await perform('/usr/bin/python3', ['-'], 'settings');
    const starting = site.startDevice('MY-THIRD-DEVICE');
    expect(await perform('/usr/bin/python3', ['-'], 'accept')).toBe('accepted MY-THIRD-DEVICE');
    const third = await starting;
    expect(third.lines.map(({ json }) => json)).toContainEqual({
      event: 'registration-pending',
      text: expect.any(String),
    });
  });

  test('sftp puts an image, which the bridge then lists by its digest', async () => {
    expect(await perform('/bin/bash', ['-s'], 'sftp')).toMatch(/ 3000 .* [0-9a-f]{64}\.bin/);
  });
});
