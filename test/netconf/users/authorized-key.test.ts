import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import ssh2 from 'ssh2';
import { MupError } from '../../../src/base/errors.ts';
import { parseAuthorizedKey } from '../../../src/netconf/users/authorized-key.ts';
import { newEd25519 } from '../adapters/ssh-fixture.ts';

const ed25519 = newEd25519('two words');
const [type = '', encoded = ''] = ed25519.public.split(' ');

describe('a line of authorized_keys', () => {
  test.each([
    ['ssh-ed25519', ed25519.public],
    ['ecdsa-sha2-nistp256', ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).public],
    ['ecdsa-sha2-nistp384', ssh2.utils.generateKeyPairSync('ecdsa', { bits: 384 }).public],
    ['ssh-rsa', ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }).public],
  ])('of type %s is taken', (expected, line) => {
    expect(parseAuthorizedKey(`${line}\n`)).toMatchObject({
      type: expected,
      blob: Uint8Array.from(Buffer.from(line.split(' ')[1] ?? '', 'base64')),
    });
  });

  test('keeps its comment', () => {
    expect(parseAuthorizedKey(ed25519.public).comment).toBe('two words');
  });

  test.each([
    ['nothing', ''],
    ['a private key', ed25519.private],
    ['two lines', `${ed25519.public}\n${ed25519.public}`],
    ['options in front, which we do not honour', `command="id" ${ed25519.public}`],
    ['DSA', `ssh-dss ${encoded}`],
    ['a type that is not the one inside', `ssh-rsa ${encoded}`],
    ['no base64', `${type} !!!!`],
    ['a key that is cut off', `${type} ${encoded.slice(0, 40)}`],
    [
      'a key with something behind it',
      `${type} ${Buffer.concat([Buffer.from(encoded, 'base64'), Buffer.alloc(4)]).toString('base64')}`,
    ],
    ['RSA of 1024 bits', ssh2.utils.generateKeyPairSync('rsa', { bits: 1024 }).public],
    ['a line too long', `${type} ${encoded} ${'x'.repeat(20_000)}`],
  ])('is refused: %s', (_what, line) => {
    expect(() => parseAuthorizedKey(line)).toThrow(expect.objectContaining({ code: 'bad-authorized-key' }));
  });

  test('no text is refused in another way', () => {
    const text = fc.oneof(
      fc.string(),
      fc.uint8Array().map((bytes) => `${type} ${Buffer.from(bytes).toString('base64')}`),
    );
    fc.assert(
      fc.property(text, (line) => {
        try {
          parseAuthorizedKey(line);
        } catch (error) {
          expect(error).toBeInstanceOf(MupError);
        }
      }),
    );
  });
});
