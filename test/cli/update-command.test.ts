import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeUtf8 } from '../../src/base/bytes.ts';
import { UsageError } from '../../src/base/errors.ts';
import { parseBridgeFile } from '../../src/cli/bridge-file.ts';
import { runMup, temporaryDirectory } from '../support/cli.ts';
import { image, uuid } from '../support/scripted-bridge.ts';

describe('mup update on the command line', () => {
  const base = temporaryDirectory();

  async function prepared(): Promise<string> {
    const cwd = mkdtempSync(join(base(), 'case-'));
    writeFileSync(join(cwd, 'fw.bin'), image);
    await runMup(['keygen', 'vendor', '--out', 'vendor.pem'], { cwd });
    await runMup(['keygen', 'server', '--state-dir', 'state'], { cwd });
    const sign = ['sign', 'fw.bin', '--key', 'vendor.pem', '--app-id', 'a', '--new-version', '2'];
    await runMup(sign, { cwd });
    return cwd;
  }
  const update = ['update', '--device', uuid, '--image', 'fw.bin', '--state-dir', 'state'];
  const fingerprint = `SHA256:${'A'.repeat(43)}`;
  const remote = ['--host', '127.0.0.1', '--host-key', fingerprint, '--user', 'anna'];

  test('without a running bridge ends with 6, and --json says so', async () => {
    const cwd = await prepared();
    const { code, stdout, stderr } = await runMup([...update, '--json'], { cwd });
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({ result: 'failed', exitCode: 6, code: 'bridge-not-running' });
    expect(stderr).toMatch(/^mup: no bridge runs on this state directory .*\n$/);
  });

  test('with a bridge that is gone ends with 6', async () => {
    const cwd = await prepared();
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    await new Promise((resolve) => server.close(resolve));
    const options = { cwd, env: { MUP_PASSWORD: 'x' } };
    const { code, stderr } = await runMup([...update, ...remote, '--port', String(port)], options);
    expect([code, stderr]).toEqual([6, expect.stringContaining(`127.0.0.1:${port}`)]);
  });

  test.each([
    [['--host', '127.0.0.1', '--user', 'anna'], '--host-key is missing'],
    [['--host', '127.0.0.1', '--host-key', fingerprint], '--user is missing'],
    [remote, 'nothing is given for anna to log in with'],
    [[...remote, '--identity', 'none'], 'none'],
    [[...remote, '--identity', 'fw.bin'], 'chmod 600'],
    [[...remote, '--port', '0'], '--port'],
    [['--device', '../x'], '--device'],
    [['--image', 'none.bin'], 'none.bin'],
    [['--image', 'f'.repeat(64), '--key', 'state/keys/update-server.pem'], '--manifest'],
    [['--image', 'f'.repeat(64), '--manifest', 'fw.json'], 'not of image'],
    [['--manifest', 'fw.bin'], 'not'],
    [['--key', 'vendor.pub.pem'], 'vendor.pub.pem'],
  ])('%j is named before anything is sent', async (more, what) => {
    const { code, stderr } = await runMup([...update, ...more], { cwd: await prepared() });
    expect([1, 2]).toContain(code);
    expect(stderr).toMatch(/^mup: [^\n]*\n$/);
    expect(stderr).toContain(what);
  });

  test('a truncated image is refused before anything is sent', async () => {
    const cwd = await prepared();
    writeFileSync(join(cwd, 'fw.bin'), image.slice(1));
    const { code, stderr } = await runMup(update, { cwd });
    expect([code, stderr]).toEqual([1, expect.stringContaining('2999 octets')]);
  });

  test('a damaged bridge.json is said to be so', async () => {
    const cwd = await prepared();
    mkdirSync(join(cwd, 'state'), { recursive: true });
    for (const text of ['', '{}', '[]', '{"netconf":{"host":1,"port":2}}']) {
      writeFileSync(join(cwd, 'state', 'bridge.json'), text);
      const { code, stderr } = await runMup(update, { cwd });
      expect([code, stderr]).toEqual([2, expect.stringContaining('bridge.json')]);
    }
  });
});

test('no bytes make anything but a bridge file or a UsageError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => new TextEncoder().encode(text)),
      ),
      (bytes) => {
        expect(decodeUtf8(bytes) ?? '').not.toContain('netconf');
        expect(() => parseBridgeFile(bytes)).toThrow(UsageError);
      },
    ),
  );
});
