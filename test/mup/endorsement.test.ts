import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toHex } from '../../src/base/bytes.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import {
  endorse,
  endorsementText,
  formatRegistrationAnswer,
  formatRegistrationError,
  parseRegistrationAnswer,
  verifyEndorsement,
} from '../../src/mup/endorsement.ts';
import { publicKeyFromHex } from '../../src/mup/signature-scheme.ts';
import { serverPublic, vendorKey, vendorPublic } from './samples.ts';

const signature = endorse(serverPublic, 7, vendorKey, es256);
const endorsement = { serverKey: serverPublic, epoch: 7, signature };

describe('the endorsement of an update server’s key (mup-protocol §1)', () => {
  test('is the vendor’s signature over MUP-UPDATE-SERVER;<key>;<epoch>', () => {
    expect(endorsementText(serverPublic, 7)).toBe(`MUP-UPDATE-SERVER;${toHex(serverPublic)};7`);
    verifyEndorsement(endorsement, vendorPublic, es256);
  });

  test.each([
    ['another key', { ...endorsement, serverKey: vendorPublic }],
    ['another epoch', { ...endorsement, epoch: 8 }],
    ['another signature', { ...endorsement, signature: new Uint8Array(64).fill(1) }],
    ['a signature of no size', { ...endorsement, signature: new Uint8Array(0) }],
  ])('does not hold for %s', (_, changed) => {
    expect(() => verifyEndorsement(changed, vendorPublic, es256)).toThrow(
      expect.objectContaining({ code: 'endorsement-invalid' }),
    );
  });

  test('does not hold when it is missing', () => {
    expect(() => verifyEndorsement({ ...endorsement, signature: undefined }, vendorPublic, es256)).toThrow(
      expect.objectContaining({ code: 'endorsement-missing' }),
    );
  });

  test('an epoch is an unsigned 32-bit integer', () => {
    for (const epoch of [-1, 1.5, 2 ** 32, Number.NaN])
      expect(() => endorse(serverPublic, epoch, vendorKey, es256)).toThrow(
        expect.objectContaining({ code: 'bad-epoch' }),
      );
  });
});

describe('the answer to a description (mup-protocol §1)', () => {
  test('OK;<key>;<epoch>;<endorsement>, the last one empty where there is none', () => {
    expect(formatRegistrationAnswer(endorsement)).toBe(`OK;${toHex(serverPublic)};7;${toHex(signature)}`);
    const bare = { ...endorsement, signature: undefined };
    expect(formatRegistrationAnswer(bare)).toBe(`OK;${toHex(serverPublic)};7;`);
    for (const sent of [endorsement, bare])
      expect(parseRegistrationAnswer(formatRegistrationAnswer(sent))).toEqual({
        kind: 'registered',
        endorsement: sent,
      });
  });

  test('ERROR;<code>;<text>, whose text may hold anything but comes as one printable line', () => {
    const text = formatRegistrationError('description-invalid', 'a;b\n\u001b[2Jc');
    expect(text).toBe('ERROR;description-invalid;a;b\\u000a\\u001b[2Jc');
    expect(parseRegistrationAnswer(text)).toEqual({
      kind: 'refused',
      code: 'description-invalid',
      text: 'a;b\\u000a\\u001b[2Jc',
    });
    expect(parseRegistrationAnswer('ERROR;unknown-digest')).toEqual({
      kind: 'refused',
      code: 'unknown-digest',
      text: '',
    });
  });

  const key = toHex(serverPublic);
  test.each([
    '',
    'OK',
    'OK;',
    `OK;${key}`,
    `OK;${key};1`,
    `OK;${key};01;`,
    `OK;${key};-1;`,
    `OK;${key.slice(2)};1;`,
    `OK;${key};1;ab`,
    `OK;${key};1;zz`,
    `OK;${key};1;;`,
    `ok;${key};1;`,
    'ERROR',
    'ERROR;',
    'ERROR;Not A Code;x',
  ])('%j is malformed', (text) => {
    expect(parseRegistrationAnswer(text)).toEqual({ kind: 'malformed' });
  });

  test('no text makes the reader throw', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('OK', 'ERROR', key, '1', toHex(signature)));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        expect(['registered', 'refused', 'malformed']).toContain(
          parseRegistrationAnswer(parts.join(';')).kind,
        );
      }),
    );
  });

  test('a key in hex is 64 octets', () => {
    expect(publicKeyFromHex(key)).toEqual(serverPublic);
    for (const hex of ['', 'zz', key.slice(2), `${key}00`]) expect(publicKeyFromHex(hex)).toBeUndefined();
  });
});
