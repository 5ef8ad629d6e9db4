import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import { MupError } from '../../src/base/errors.ts';
import { formatVendorManifest, parseVendorManifest } from '../../src/mup/manifest-json.ts';
import { anyManifest, thrownBy, unsigned } from './samples.ts';

const innerSignature = 'c0'.repeat(64);
const valid = { ...unsigned, innerSignature };
const parse = (value: unknown) => parseVendorManifest(utf8(JSON.stringify(value)));

describe('the vendor manifest as JSON', () => {
  test('what is written is read again', () => {
    const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(anyManifest, signature, (fields, innerSignature) => {
        const manifest = { ...fields, innerSignature };
        expect(parseVendorManifest(utf8(formatVendorManifest(manifest)))).toEqual(manifest);
      }),
    );
  });

  test('nothing but what the vendor signed and the signature is written', () => {
    const extra = { ...parse(valid), nonce: 'secret' };
    expect(Object.keys(JSON.parse(formatVendorManifest(extra)))).toEqual(Object.keys(valid));
  });

  test.each([
    ['appid', 'appId'],
    ['Size', 'size'],
    ['newVersoin', 'newVersion'],
    ['inner_signature', 'innerSignature'],
  ])('the unknown key %s is named, with the one that is meant', (wrong, meant) => {
    expect(thrownBy(() => parse({ ...valid, [wrong]: 1 }))).toMatchObject({
      code: 'bad-manifest',
      where: wrong,
      hint: expect.stringContaining(`Did you mean "${meant}"?`),
    });
  });

  test('an unknown key that is near to none is named alone', () => {
    for (const key of ['zzzzzz', 'x'.repeat(10_000), '__proto__', '']) {
      const error = thrownBy(() => parseVendorManifest(utf8(`{${JSON.stringify(key)}: 1}`)));
      expect(error).toMatchObject({ code: 'bad-manifest', hint: expect.not.stringContaining('mean') });
    }
  });

  test.each([
    ['suite', 1],
    ['suite', '3'],
    ['appId', 'a b'],
    ['appId', 7],
    ['linkOffset', '0'],
    ['linkOffset', -1],
    ['digest', `${'ab'.repeat(31)}AB`],
    ['digest', 'ab'],
    ['size', 0],
    ['size', 4294967296],
    ['newVersion', 1.5],
    ['newVersion', null],
    ['oldVersion', true],
    ['oldVersion', [1]],
    ['innerSignature', 'c0'.repeat(63)],
    ['innerSignature', 'C0'.repeat(64)],
    ['innerSignature', 'zz'.repeat(64)],
    ['innerSignature', { length: 64 }],
  ])('%s must not be %p, and the error names the key', (key, value) => {
    expect(() => parse({ ...valid, [key]: value })).toThrow(
      expect.objectContaining({ code: 'bad-manifest', where: key }),
    );
  });

  test.each(Object.keys(valid))('%s must not be missing', (key) => {
    expect(() => parse({ ...valid, [key]: undefined })).toThrow(
      expect.objectContaining({
        code: 'bad-manifest',
        where: key,
        message: expect.stringContaining('missing'),
      }),
    );
  });

  test('what is bigger than allowed is not even parsed', () => {
    const text = utf8(JSON.stringify(valid));
    expect(() => parseVendorManifest(text, text.length - 1)).toThrow(/too big/);
    expect(parseVendorManifest(text, text.length).appId).toBe(unsigned.appId);
    expect(() => parseVendorManifest(new Uint8Array(20_000))).toThrow(/too big/);
  });

  test.each(['', '{', '[]', 'null', '"x"', '7', '[[[[', '{"suite":"1",}', '\u0000', `${'['.repeat(15_000)}`])(
    'the text %j is refused',
    (text) => {
      expect(() => parseVendorManifest(utf8(text))).toThrow(
        expect.objectContaining({ code: 'bad-manifest' }),
      );
    },
  );

  test('whatever the bytes, the outcome is a manifest or a typed error', () => {
    const mutated = fc
      .tuple(fc.nat(400), fc.integer({ min: 0, max: 255 }))
      .map(([at, byte]) => utf8(JSON.stringify(valid)).map((old, i) => (i === at ? byte : old)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(utf8), mutated), (bytes) => {
        const error = thrownBy(() => parseVendorManifest(bytes));
        expect(error === undefined || error instanceof MupError).toBe(true);
      }),
    );
  });
});
