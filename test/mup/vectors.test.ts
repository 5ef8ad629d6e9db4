import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { isDigest } from '../../src/base/ids.ts';
import { ed25519, es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { ExtendedManifest } from '../../src/mup/manifest.ts';
import { innerText, outerText } from '../../src/mup/manifest-text.ts';
import { mynoManifestParts } from '../../src/mup/myno-manifest.ts';
import type { PublicKey } from '../../src/mup/signature-scheme.ts';
import { verifyInnerSignature, verifyOuterSignature } from '../../src/mup/signing.ts';
import { vectorDirectory, vectorFiles } from '../support/mup-vectors.ts';
import { descriptionVectors } from '../support/vectors/description-vectors.ts';
import { endorsementVectors } from '../support/vectors/endorsement-vectors.ts';
import { imageVectors } from '../support/vectors/image-vectors.ts';
import { manifestVectors } from '../support/vectors/manifest-vectors.ts';
import { mynoVectors } from '../support/vectors/myno-vectors.ts';
import { presenceVectors } from '../support/vectors/presence-vectors.ts';
import { signatureVectors } from '../support/vectors/signature-vectors.ts';
import { tokenVectors } from '../support/vectors/token-vectors.ts';
import { tokenVerdict } from '../support/vectors/verdicts.ts';
import { uuid } from './samples.ts';

const octets = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
/** As the scheme has to cope with it: whatever its length. */
const key = (hex: string): PublicKey => octets(hex) as PublicKey;
const holds = (check: () => void): boolean => {
  try {
    check();
    return true;
  } catch {
    return false;
  }
};

describe('the files of fixtures/mup', () => {
  test.each(Object.entries(vectorFiles))('%s is what test/support/mup-vectors.ts makes', (name, text) => {
    expect(readFileSync(join(vectorDirectory, name), 'utf8')).toBe(text);
  });

  const all: Readonly<Record<string, readonly { readonly name: string }[]>> = {
    signatureVectors,
    tokenVectors,
    endorsementVectors,
    manifestVectors,
    imageVectors,
    mynoVectors,
    descriptionVectors,
    presenceVectors,
  };

  test.each(Object.entries(all))(
    '%s have names of their own, and ASCII that a small parser reads',
    (_, rows) => {
      expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
      for (const row of rows)
        for (const value of Object.values(row)) {
          expect(['string', 'number', 'boolean']).toContain(typeof value);
          if (typeof value === 'string') expect(value).toMatch(/^[ !#-[\]-~]*$/);
        }
    },
  );

  test('each state of a manifest check, each decision on a key and each verdict on an image has a vector', () => {
    expect(new Set(manifestVectors.map(({ state }) => state.slice(0, 2)))).toEqual(
      new Set(['10', '20', '21', '22', '23', '24', '25', '26', '27', '29']),
    );
    expect(new Set(endorsementVectors.map(({ decision }) => decision)).size).toBe(4);
    expect(new Set(imageVectors.map(({ state }) => state)).size).toBe(2);
  });
});

describe('src/mup agrees with the vectors', () => {
  test.each(signatureVectors)('signature: $name', ({ publicKey, text, signature, valid }) => {
    const bytes = key(publicKey);
    const scheme = bytes.length === 32 ? ed25519 : es256;
    expect(scheme.verify(utf8(text), octets(signature), bytes)).toBe(valid);
  });

  test.each(tokenVectors)('token of $profile: $name', ({ valid, ...vector }) => {
    expect(tokenVerdict(vector)).toEqual({ valid });
  });

  test.each(mynoVectors)('myno: $name', (vector) => {
    const values = vector.parts.split(' ').map((part) => part.slice(part.indexOf(',') + 1));
    const [
      appId = '',
      linkOffset,
      digest = '',
      size,
      newVersion,
      oldVersion,
      inner = '',
      nonce = '',
      outer = '',
    ] = values;
    if (!isDigest(digest)) throw new Error(`${digest} is no digest`);
    const manifest: ExtendedManifest = {
      ...{ suite: '1', appId, digest, uuid, nonce },
      ...{ linkOffset: Number(linkOffset), size: Number(size) },
      ...{ newVersion: Number(newVersion), oldVersion: Number(oldVersion) },
      ...{ innerSignature: octets(inner), outerSignature: octets(outer) },
    };
    expect(mynoManifestParts(manifest).join(' ')).toBe(vector.parts);
    expect(innerText(manifest, 'myno')).toBe(vector.innerText);
    expect(outerText(manifest, manifest, 'myno')).toBe(vector.outerText);
    expect(toHex(manifest.innerSignature)).toBe(inner);
    expect({
      innerValid: holds(() => verifyInnerSignature(manifest, key(vector.vendorKey), es256, 'myno')),
      outerValid: holds(() => verifyOuterSignature(manifest, key(vector.serverKey), es256, 'myno')),
    }).toEqual({ innerValid: vector.innerValid, outerValid: vector.outerValid });
  });
});
