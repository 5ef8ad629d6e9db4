import { createPrivateKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import ssh2 from 'ssh2';
import { formatEd25519, isFingerprint } from '../../src/netconf/host-keys.ts';

/** PKCS#8 of an Ed25519 seed (RFC 8410 §7): a fixed prefix and the seed. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

describe('an Ed25519 key in the format of OpenSSH', () => {
  test('is read back as the same key, whatever its octets and comment', () => {
    const seeds = fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 31, maxLength: 31 }).map((rest) => Uint8Array.of(0, ...rest)),
    );
    fc.assert(
      fc.property(seeds, fc.stringMatching(/^[a-z-]{0,12}$/), (seed, comment) => {
        const key = createPrivateKey({
          key: Buffer.concat([pkcs8Prefix, seed]),
          format: 'der',
          type: 'pkcs8',
        });
        const publicKey = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
        const read = ssh2.utils.parseKey(formatEd25519(publicKey, seed, Buffer.from('abcd'), comment));
        expect(read).not.toBeInstanceOf(Error);
        if (read instanceof Error) return;
        expect(read.getPublicSSH().subarray(-32)).toEqual(publicKey);
        expect(read.comment).toBe(comment);
      }),
    );
  });
});

describe('fingerprints', () => {
  test.each(['SHA256:', 'SHA256:abc', `MD5:${'A'.repeat(43)}`, `SHA256:${'A'.repeat(43)}=`, ''])(
    '%j is none',
    (text) => {
      expect(isFingerprint(text)).toBe(false);
    },
  );
});
