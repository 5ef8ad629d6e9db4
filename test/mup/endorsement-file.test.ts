import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toHex, utf8 } from '../../src/base/bytes.ts';
import { UsageError } from '../../src/base/errors.ts';
import { formatEndorsementFile, parseEndorsementFile } from '../../src/mup/endorsement-file.ts';
import { publicKey } from '../../src/mup/signature-scheme.ts';

const octets64 = fc.uint8Array({ minLength: 64, maxLength: 64 });
const good = { serverKey: 'ab'.repeat(64), epoch: 1, signature: 'cd'.repeat(64) };

describe('the endorsement file', () => {
  test('what is written is read again', () => {
    const epochs = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(octets64, epochs, octets64, (key, epoch, signature) => {
        const endorsement = { serverKey: publicKey(key), epoch, signature };
        expect(parseEndorsementFile(utf8(formatEndorsementFile(endorsement)))).toEqual(endorsement);
      }),
    );
  });

  test.each([
    ['', undefined],
    ['[]', undefined],
    ['null', undefined],
    ['"x"', undefined],
    [`${JSON.stringify(good)}x`, undefined],
    [' '.repeat(5000) + JSON.stringify(good), undefined],
    [JSON.stringify({ ...good, serverKey: good.serverKey.toUpperCase() }), 'serverKey'],
    [JSON.stringify({ ...good, serverKey: good.serverKey.slice(2) }), 'serverKey'],
    [JSON.stringify({ ...good, serverKey: undefined }), 'serverKey'],
    [JSON.stringify({ ...good, signature: '' }), 'signature'],
    [JSON.stringify({ ...good, signature: 5 }), 'signature'],
    [JSON.stringify({ ...good, epoch: -1 }), 'epoch'],
    [JSON.stringify({ ...good, epoch: 2 ** 32 }), 'epoch'],
    [JSON.stringify({ ...good, epoch: '1' }), 'epoch'],
    [JSON.stringify({ ...good, epoch: 1.5 }), 'epoch'],
    [JSON.stringify({ ...good, more: 1 }), 'more'],
  ])('%# is refused as a whole, naming the key', (text, where) => {
    expect(() => parseEndorsementFile(utf8(text))).toThrow(
      expect.objectContaining({ code: 'bad-endorsement', where }),
    );
  });

  test('no bytes make anything but an endorsement or a UsageError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8)), (bytes) => {
        try {
          expect(toHex(parseEndorsementFile(bytes).serverKey)).toHaveLength(128);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});
