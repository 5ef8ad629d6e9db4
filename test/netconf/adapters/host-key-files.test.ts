import { execFileSync } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadHostKeys } from '../../../src/netconf/adapters/host-key-files.ts';
import { isFingerprint } from '../../../src/netconf/host-keys.ts';
import { describeWith } from '../../support/peers.ts';
import { connectAlice, startTestServer, withDirectory } from './ssh-fixture.ts';

describe('host keys', () => {
  test('are made at the first start, for nobody else to read, and the same afterwards', () =>
    withDirectory(async (directory) => {
      const keys = join(directory, 'keys');
      const first = await loadHostKeys(keys);
      expect(first.map(({ type }) => type)).toEqual(['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa']);
      for (const { fingerprint } of first) expect(isFingerprint(fingerprint)).toBe(true);
      for (const kind of ['ed25519', 'ecdsa', 'rsa'])
        expect((await stat(join(keys, `ssh_host_${kind}_key`))).mode & 0o777).toBe(0o600);
      expect(await loadHostKeys(keys)).toEqual(first);
    }));

  test('each of them can prove who the server is', () =>
    withDirectory(async (directory) => {
      const server = await startTestServer({ hostKeys: await loadHostKeys(directory) });
      try {
        for (const algorithm of [
          'ssh-ed25519',
          'ecdsa-sha2-nistp256',
          'rsa-sha2-256',
          'rsa-sha2-512',
        ] as const) {
          const client = await connectAlice(server.port, { algorithms: { serverHostKey: [algorithm] } });
          client.end();
        }
      } finally {
        await server.close();
      }
    }));

  test('a file that holds no key is named and not overwritten', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'ssh_host_rsa_key');
      await writeFile(path, 'no key');
      await expect(loadHostKeys(directory)).rejects.toMatchObject({ code: 'bad-host-key', where: path });
      expect(await readFile(path, 'utf8')).toBe('no key');
    }));
});

describeWith(['openssh'], 'host keys beside OpenSSH', () => {
  test('its fingerprints are ours', () =>
    withDirectory(async (directory) => {
      const [ed25519, ...others] = await loadHostKeys(directory);
      expect(others).toHaveLength(2);
      const kinds = ['ed25519', 'ecdsa', 'rsa'];
      const printed = kinds.map((kind) =>
        execFileSync('/usr/bin/ssh-keygen', ['-l', '-f', join(directory, `ssh_host_${kind}_key`)], {
          encoding: 'utf8',
        }),
      );
      expect(printed.map((line) => line.split(' ')[1])).toEqual(
        [ed25519, ...others].map((key) => key?.fingerprint),
      );
    }));
});
