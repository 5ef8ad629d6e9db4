import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/cli/adapters/load-config.ts';
import { DeployedBroker, passwordOf, prototypeRules } from '../support/deployed-broker.ts';
import { bootMynoDevice } from '../support/myno-boot.ts';
import { mynoConnection } from '../support/myno-port.ts';
import { root } from '../support/paths.ts';
import { describeWith, describeWithSharedData } from '../support/peers.ts';
import { mup, Program } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { exampleDescription, run } from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const patience = 120_000;
const uuid = '3F2504E0-4F89-11D3-9A0C-0305E82C3301';
const account = 'mup_bridge';
const prototype = 'MYNO-SETUP-8';
const deployed = (...path: string[]): string => readFileSync(join(root, 'deploy', ...path), 'utf8');

/** A configuration file of `deploy/mup` for the broker of a test; every MQTT packet is traced. */
function configFile(directory: string, name: string, broker: DeployedBroker, username: string): string {
  const file = join(directory, name);
  const text = deployed('mup', name)
    .replace('mqtts://broker.example.org:8883', broker.url)
    .replace('change me', passwordOf(username))
    .replace('/etc/mup/ca.pem', broker.caFile);
  const log = '[log]\nlevel = "trace"\nwireTrace = ["mqtt"]\n';
  const traced = text.includes('[log]\n') ? text.replace('[log]\n', log) : `${text}\n${log}`;
  writeFileSync(file, traced, { mode: 0o600 });
  return file;
}

test.each(['mup.toml', 'device.toml'])(
  'deploy/mup/%s is a configuration, without a secret of ours',
  (name) => {
    const { mqtt } = loadConfig({ file: join(root, 'deploy', 'mup', name), env: {}, flags: {} });
    expect(mqtt).toMatchObject({ password: 'change me', caFile: '/etc/mup/ca.pem' });
    expect([account, uuid]).toContain(mqtt.username);
  },
);

describeWith(['mosquitto'], 'updates by the files of deploy/', () => {
  let site: Site;
  let broker: DeployedBroker;

  const update = (name: string, image: string) =>
    run(['update', '--device', name, '--image', image, '--state-dir', site.stateDir]);

  beforeAll(async () => {
    broker = await DeployedBroker.start([account, uuid, prototype], prototypeRules(prototype));
    site = await Site.prepare();
    const admin = ['admin', '--password-stdin', '--group', 'admin', '--state-dir', site.stateDir];
    await run(['user', 'add', ...admin], 'password of the admin\n');
    const configured = (name: string, username: string) => [
      ...['--config', configFile(site.directory, name, broker, username)],
    ];
    const local = ['--netconf-host', '127.0.0.1'];
    await site.serve({ mqttUrl: broker.url, extra: [...configured('mup.toml', account), ...local] });
    await site.startDevice(uuid, { extra: configured('device.toml', uuid) });
  }, patience);

  afterAll(async () => {
    await site?.stop();
    await broker?.stop();
  });

  test(
    'a device with its account, over TLS',
    async () => {
      expect(await update(uuid, await site.image(2, 20_000))).toContain('version 2');
    },
    patience,
  );

  describeWithSharedData('of the prototype', () => {
    test(
      'a device of the prototype with its account and its rules',
      async () => {
        const login = {
          username: prototype,
          password: passwordOf(prototype),
          ca: readFileSync(broker.caFile),
        };
        const { vendorKey, serverKey } = site;
        const connect = mynoConnection(broker.url, 5, login);
        const old = await bootMynoDevice({ uuid: prototype, vendorKey, serverKey, connect });
        const image = site.path('old.bin');
        writeFileSync(image, new Uint8Array(5000).fill(7));
        const signed = ['--key', vendorKey, '--app-id', 'APP', '--new-version', '2', '--profile', 'myno'];
        await run(['sign', image, ...signed]);
        await update(prototype, image);
        expect([old.failure, old.installed]).toEqual([undefined, [2]]);
        await old.powerOff();
      },
      patience,
    );
  });

  test('neither command lines nor logs show a password, and a bridge with a user generates none', async () => {
    const processes = [site.bridge.program, site.device(uuid)];
    const commandLines = processes.map(({ pid }) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    expect(await Promise.all(processes.map((one) => one.stop()))).toEqual([0, 0]);
    const said = processes.flatMap(({ stderr, lines }) => [stderr, ...lines.map(({ text }) => text)]);
    expect(said.join('\n')).toContain('mqtt > connect');
    expect(said.join('\n')).not.toContain('First start');
    for (const secret of [passwordOf(account), passwordOf(uuid)])
      expect([...said, ...commandLines].filter((text) => text.includes(secret))).toEqual([]);
  });
});

describe('deploy/mosquitto/make-certificates', () => {
  const script = join(root, 'deploy', 'mosquitto', 'make-certificates');
  const make = (...args: string[]) => spawnSync(script, args, { encoding: 'utf8' });

  test('run again, it renews the certificate of the broker under the same authority', async () => {
    const directory = await temporaryDirectory();
    const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
    expect(make(directory, 'broker.example.org').status).toBe(0);
    const [authority, first] = [read('ca.pem'), read('broker.pem')];
    expect(make(directory, 'broker.example.org', '192.0.2.7', '2001:db8::7').status).toBe(0);
    expect(read('ca.pem')).toBe(authority);
    expect(read('broker.pem')).not.toBe(first);
    const renewed = new X509Certificate(read('broker.pem'));
    expect(renewed.verify(new X509Certificate(authority).publicKey)).toBe(true);
    expect(renewed.checkHost('broker.example.org')).toBe('broker.example.org');
    for (const address of ['192.0.2.7', '2001:db8::7']) expect(renewed.checkIP(address)).toBe(address);
    for (const secret of ['ca.key', 'broker.key'])
      expect(statSync(join(directory, secret)).mode & 0o077).toBe(0);
  });

  test.each([['a,DNS:evil'], ['a b'], [''], ['a\nb'], ['*']])('%j is no name', async (name) => {
    const directory = await temporaryDirectory();
    expect(make(directory, name)).toMatchObject({ status: 2, stderr: expect.stringContaining('neither') });
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('deploy/systemd/mup.service', () => {
  const unit = deployed('systemd', 'mup.service');
  const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

  test('starts what is installed, with the configuration of deploy/mup', () => {
    const [node, main, ...args] = setting('ExecStart').split(' ');
    expect([node, main]).toEqual(['/usr/bin/node', '/opt/mup-bridge/dist/cli/main.js']);
    expect(args).toEqual(['serve', '--config', '/etc/mup/mup.toml']);
  });

  test('writes nowhere but to its state directory, which is the configured one', () => {
    const { stateDir } = loadConfig({ file: join(root, 'deploy', 'mup', 'mup.toml'), env: {}, flags: {} });
    expect(stateDir).toBe(`/var/lib/${setting('StateDirectory')}`);
    expect(['ProtectSystem', 'ProtectHome', 'StateDirectoryMode', 'UMask'].map(setting)).toEqual([
      ...['strict', 'true', '0700', '0077'],
    ]);
  });

  test('has one capability, for the port of RFC 6242, and is not root', () => {
    expect(['User', 'AmbientCapabilities', 'CapabilityBoundingSet', 'NoNewPrivileges'].map(setting)).toEqual([
      ...['mup', 'CAP_NET_BIND_SERVICE', 'CAP_NET_BIND_SERVICE', 'true'],
    ]);
  });
});

describe('deploy/container/Dockerfile', () => {
  const lines = deployed('container', 'Dockerfile').split('\n');
  const last = lines.findLastIndex((line) => line.startsWith('FROM '));
  const copies = (part: readonly string[]) =>
    part
      .map((line) => /^COPY (--from=build )?(.+) (\S+)$/.exec(line))
      .flatMap((match) => (match === null ? [] : [match]))
      .map(([, from, sources = '', target = '']) => ({ from, sources: sources.split(' '), target }));

  test('what it copies is there, and is not kept from it', () => {
    const allowed = new Set(deployed('container', 'Dockerfile.dockerignore').split('\n'));
    const sources = copies(lines).flatMap(({ from, sources }) => (from === undefined ? sources : []));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      expect(existsSync(join(root, source))).toBe(true);
      expect(allowed).toContain(`!${source}`);
    }
  });

  test('runs as a user who is not root, on a port that needs no privilege', () => {
    const end = lines.slice(last);
    expect(end).toContain('USER node');
    expect(end.join('\n')).toMatch(/MUP_NETCONF_PORT=8300\nEXPOSE 8300/);
    expect(end).toContain('VOLUME /var/lib/mup');
  });

  test(
    'what it copies into the image is all that the program needs',
    async () => {
      const image = await temporaryDirectory();
      for (const { sources, target } of copies(lines.slice(last)))
        for (const source of sources) {
          const path = source.replace('/build/', '');
          const place = join(image, sources.length > 1 ? join(target, path) : target);
          if (path === 'node_modules') symlinkSync(join(root, path), place);
          else cpSync(join(root, path), place, { recursive: true });
        }
      const state = join(image, 'state');
      mkdirSync(state);
      const main = join(image, 'dist', 'cli', 'main.js');
      const environment = { MUP_STATE_DIR: state, MUP_NETCONF_PORT: '0', MUP_MQTT_EMBEDDED_PORT: '0' };
      const bridge = new Program(process.execPath, [main, 'serve', '--ready-json'], {
        cwd: image,
        env: environment,
      });
      const { mqtt } = await bridge.json({ netconf: undefined });
      const device = mup([
        ...['device', '--description', exampleDescription, '--uuid', uuid, '--trust-first-key', '--json'],
        ...['--state-dir', join(image, 'device'), '--mqtt-url', String(Object(mqtt).url)],
      ]);
      await device.json({ event: 'registered' });
      expect(await device.stop()).toBe(0);
      expect(await bridge.stop()).toBe(0);
    },
    patience,
  );
});
