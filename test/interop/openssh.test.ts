import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { callHomeDialer } from '../../src/netconf/adapters/call-home-dialer.ts';
import { loadHostKeys } from '../../src/netconf/adapters/host-key-files.ts';
import {
  type RunningSshServer,
  type SshServerOptions,
  startSshServer,
} from '../../src/netconf/adapters/ssh-server.ts';
import { NetconfServer } from '../../src/netconf/server.ts';
import { element } from '../../src/xml/element.ts';
import { aliceAuthenticator, MemoryDrop, newEd25519, publicBlob } from '../netconf/adapters/ssh-fixture.ts';
import { lampNamespace, memoryDatastores, permitAll, ScriptedBackend } from '../netconf/protocol-fixture.ts';
import { eventStreams } from '../support/memory-event-log.ts';
import { describeWith } from '../support/peers.ts';

const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';

/** A program of OpenSSH, whose output a test waits for. */
class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  #wake: () => void = () => {};
  readonly exited: Promise<number | null>;
  output = '';
  errors = '';

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args);
    this.#child.stdout.setEncoding('latin1').on('data', (text: string) => {
      this.output += text;
      this.#wake();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.#child.stdin.on('error', () => {});
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        resolve(code);
        this.#wake();
      });
    });
  }

  write(text: string): void {
    this.#child.stdin.write(text);
  }

  end(text = ''): void {
    this.#child.stdin.end(text);
  }

  /** Takes the output up to and including `end`. */
  async take(end: string): Promise<string> {
    for (;;) {
      const at = this.output.indexOf(end);
      if (at >= 0) {
        const taken = this.output.slice(0, at + end.length);
        this.output = this.output.slice(at + end.length);
        return taken;
      }
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.output}\n${this.errors}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const hello = (...versions: readonly string[]): string =>
  `<hello xmlns="${base}"><capabilities>${versions
    .map((version) => `<capability>urn:ietf:params:netconf:base:${version}</capability>`)
    .join('')}</capabilities></hello>]]>]]>`;
const rpc = (id: string, operation: string): string =>
  `<rpc xmlns="${base}" message-id="${id}">${operation}</rpc>`;
const chunked = (message: string, size = message.length): string =>
  `${(message.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).map((part) => `\n#${part.length}\n${part}`).join('')}\n##\n`;
const closeSession = rpc('last', '<close-session/>');

/** The message in chunks of RFC 6242 §4.2. */
function unchunk(framed: string): string {
  let message = '';
  for (let rest = framed; !rest.startsWith('\n##\n'); ) {
    const [header = '', size = ''] = /^\n#([1-9][0-9]*)\n/.exec(rest) ?? [];
    expect(header).not.toBe('');
    message += rest.slice(header.length, header.length + Number(size));
    rest = rest.slice(header.length + Number(size));
  }
  return message;
}

/** Accepts one connection, on a port that it writes to a file, and relays it: a proxy for one that calls home. */
const acceptOnce = `
import os, socket, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(listener.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
peer = listener.accept()[0]
def to_peer():
    while data := os.read(0, 65536):
        peer.sendall(data)
threading.Thread(target=to_peer, daemon=True).start()
while data := peer.recv(65536):
    os.write(1, data)
`;

/** The port that {@link acceptOnce} has written. */
async function portIn(path: string): Promise<number> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return Number(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describeWith(['openssh'], 'OpenSSH beside the NETCONF server', () => {
  const backend = new ScriptedBackend();
  const fileDrop = new MemoryDrop();
  let directory: string;
  let server: RunningSshServer;
  let options: string[];
  let serve: (more?: Partial<SshServerOptions>) => Promise<RunningSshServer>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mup-openssh-'));
    const key = newEd25519();
    await writeFile(join(directory, 'id'), key.private, { mode: 0o600 });
    serve = async (more = {}) => {
      const config = { ...defaultConfig.netconf, port: 0 };
      const deps = { clock: systemClock, logger: silentLogger };
      return startSshServer({
        server: new NetconfServer({
          backend,
          datastores: memoryDatastores([], systemClock),
          access: permitAll,
          events: eventStreams(systemClock),
          config,
          ...deps,
        }),
        hostKeys: await loadHostKeys(join(directory, 'keys')),
        authenticator: aliceAuthenticator(publicBlob(key.public)),
        fileDrop,
        config,
        ...deps,
        ...more,
      });
    };
    server = await serve();
    options = [
      ...['-F', 'none', '-i', join(directory, 'id'), '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
      ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
    ];
  });

  afterAll(async () => {
    await server?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const ssh = (...more: readonly string[]): Program =>
    new Program('/usr/bin/ssh', [
      ...options,
      ...more,
      '-p',
      String(server.port),
      '-s',
      'alice@127.0.0.1',
      'netconf',
    ]);

  test('speaks base:1.0 by hand (RFC 6242 section 4.3)', async () => {
    const program = ssh();
    expect(await program.take(']]>]]>')).toContain('urn:ietf:params:netconf:base:1.1');
    program.write(`${hello('1.0')}\n${rpc('7', '<get/>')}]]>]]>`);
    const reply = await program.take(']]>]]>');
    expect(reply).toContain('message-id="7"');
    expect(reply).toContain('<room>attic</room>');
    program.write(`${closeSession}]]>]]>`);
    expect(await program.take(']]>]]>')).toContain('<ok/>');
    expect(await program.exited).toBe(0);
  });

  test('speaks base:1.1 by hand, in chunks of one octet too (RFC 6242 section 4.2)', async () => {
    const program = ssh();
    await program.take(']]>]]>');
    program.write(hello('1.0', '1.1') + chunked(rpc('8', '<get/>'), 1));
    const reply = unchunk(await program.take('\n##\n'));
    expect(reply).toContain('message-id="8"');
    expect(reply).toContain('<room>attic</room>');
    program.write(chunked(closeSession));
    expect(unchunk(await program.take('\n##\n'))).toContain('<ok/>');
    expect(await program.exited).toBe(0);
  });

  test('a script that sends everything at once and then EOF gets every answer', async () => {
    const program = ssh();
    program.end(
      hello('1.0', '1.1') +
        chunked(rpc('1', '<get/>')) +
        chunked(rpc('2', '<nonsense/>')) +
        chunked(closeSession),
    );
    expect(await program.exited).toBe(0);
    const replies = program.output.split(']]>]]>')[1]?.split('\n##\n') ?? [];
    expect(replies).toHaveLength(4);
    expect(replies[0]).toContain('message-id="1"');
    expect(replies[1]).toContain('operation-not-supported');
    expect(replies[2]).toContain('message-id="last"');
  });

  test('a reply of many megabytes arrives whole', async () => {
    const program = ssh();
    const before = backend.data;
    backend.data = [element(lampNamespace, 'lamps', 'x'.repeat(8 * 1024 * 1024))];
    program.end(hello('1.0', '1.1') + chunked(rpc('1', '<get/>')) + chunked(closeSession));
    expect(await program.exited).toBe(0);
    backend.data = before;
    const reply = program.output.slice(program.output.indexOf(']]>]]>') + 6);
    expect(unchunk(reply.slice(0, reply.indexOf('\n##\n') + 4))).toContain(
      `>${'x'.repeat(8 * 1024 * 1024)}<`,
    );
  });

  test('exchanges keys anew at its own wish, in the middle of a reply', async () => {
    const before = backend.data;
    backend.data = [element(lampNamespace, 'lamps', 'x'.repeat(4 * 1024 * 1024))];
    const program = ssh('-o', 'RekeyLimit=1M');
    program.end(hello('1.0', '1.1') + chunked(rpc('1', '<get/>')) + chunked(closeSession));
    expect(await program.exited).toBe(0);
    backend.data = before;
    expect(program.output).toContain('message-id="last"');
  });

  test('exchanges keys anew when the server asks for it (RFC 4253 section 9)', async () => {
    const rekeying = await serve({ rekey: { bytes: 256 * 1024, ms: 3_600_000 } });
    const before = backend.data;
    backend.data = [element(lampNamespace, 'lamps', 'x'.repeat(1024 * 1024))];
    const program = ssh('-p', String(rekeying.port), '-vv');
    await program.take(']]>]]>');
    program.write(hello('1.0', '1.1'));
    for (let i = 0; i < 8; i += 1) {
      program.write(chunked(rpc(String(i), '<get/>')));
      expect(unchunk(await program.take('\n##\n'))).toContain(`message-id="${i}"`);
    }
    program.write(chunked(closeSession));
    expect(await program.exited).toBe(0);
    backend.data = before;
    expect(program.errors.match(/SSH2_MSG_NEWKEYS received/g)?.length).toBeGreaterThan(4);
    await rekeying.close();
  });

  test('ends with 0 when the bridge is stopped, each session told so (RFC 4254 section 6.10)', async () => {
    const stopped = await serve();
    const programs = [1, 2, 3].map(() => ssh('-p', String(stopped.port)));
    for (const program of programs) {
      await program.take(']]>]]>');
      program.write(hello('1.0', '1.1') + chunked(rpc('1', '<get/>')));
      await program.take('\n##\n');
    }
    await stopped.close();
    expect(await Promise.all(programs.map(({ exited }) => exited))).toEqual([0, 0, 0]);
  });

  test('is called home (RFC 8071), and then a client like any other', async () => {
    const program = ssh('-o', `ProxyCommand=python3 -c '${acceptOnce}' ${join(directory, 'port')}`);
    const port = await portIn(join(directory, 'port'));
    const target = { name: 'x', address: '127.0.0.1', port, reconnectMinMs: 1000, reconnectMaxMs: 1000 };
    const ended = new Promise((resolve) => {
      callHomeDialer(server, systemClock)(target, { loggedIn: () => {}, ended: resolve });
    });
    await program.take(']]>]]>');
    program.write(hello('1.0', '1.1') + chunked(rpc('8', '<get/>')));
    expect(unchunk(await program.take('\n##\n'))).toContain('<room>attic</room>');
    program.write(chunked(closeSession));
    expect(await program.exited).toBe(0);
    await ended;
  });

  test.each([
    ['ssh-ed25519', 'curve25519-sha256', 'aes128-gcm@openssh.com'],
    ['ecdsa-sha2-nistp256', 'ecdh-sha2-nistp256', 'aes256-ctr'],
    ['rsa-sha2-256', 'diffie-hellman-group14-sha256', 'chacha20-poly1305@openssh.com'],
    ['rsa-sha2-512', 'diffie-hellman-group16-sha512', 'aes128-ctr'],
  ])('agrees on %s, %s and %s', async (hostKey, exchange, cipher) => {
    const program = ssh(
      ...['-o', `HostKeyAlgorithms=${hostKey}`, '-o', `KexAlgorithms=${exchange}`, '-o', `Ciphers=${cipher}`],
    );
    program.end(`${hello('1.0')}${closeSession}]]>]]>`);
    expect(await program.exited).toBe(0);
    expect(program.output).toContain('<ok/>');
  });

  test('is refused a shell', async () => {
    const program = new Program('/usr/bin/ssh', [
      ...options,
      '-p',
      String(server.port),
      'alice@127.0.0.1',
      'id',
    ]);
    expect(await program.exited).toBe(255);
    expect(program.output).toBe('');
  });

  const sftp = (...commands: readonly string[]): Program => {
    const program = new Program('/usr/bin/sftp', [
      ...options,
      '-P',
      String(server.port),
      '-b',
      '-',
      'alice@127.0.0.1',
    ]);
    program.end(`${commands.join('\n')}\n`);
    return program;
  };

  test('sftp puts an image and its manifest, and lists them', async () => {
    const image = Uint8Array.from({ length: 87_800 }, (_, i) => (i * 7) % 256);
    await writeFile(join(directory, 'image.bin'), image);
    await writeFile(join(directory, 'image.json'), '{"suite":"1"}');
    const program = sftp(
      'pwd',
      `lcd ${directory}`,
      'put image.bin',
      'put -p image.json',
      'put image.bin /again.bin',
      'ls -l',
    );
    expect([await program.exited, program.errors]).toEqual([0, '']);
    expect(program.output).toContain('Remote working directory: /');
    expect(program.output).toMatch(/-rw-r--r-- .* 87800 .* image\.bin/);
    expect(Buffer.compare(fileDrop.files.get('image.bin') ?? new Uint8Array(), image)).toBe(0);
    expect(Buffer.compare(fileDrop.files.get('again.bin') ?? new Uint8Array(), image)).toBe(0);
    expect(Buffer.from(fileDrop.files.get('image.json') ?? []).toString()).toBe('{"suite":"1"}');
  });

  test('sftp shows why a file is refused, and fails', async () => {
    await writeFile(join(directory, 'bad.bin'), 'x');
    const program = sftp(`put ${join(directory, 'bad.bin')}`);
    expect(await program.exited).toBe(1);
    expect(program.errors).toContain('bad.bin: the image does not match its manifest');
  });

  test.each([
    'get image.bin /dev/null',
    'rm image.bin',
    'mkdir x',
    'rename image.bin y',
    'cd /etc',
    'ln image.bin z',
  ])('sftp cannot %s', async (command) => {
    expect(await sftp(command).exited).toBe(1);
  });
});
