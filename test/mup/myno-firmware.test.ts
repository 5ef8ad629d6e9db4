import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { utf8 } from '../../src/base/bytes.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { ExtendedManifest } from '../../src/mup/manifest.ts';
import { parseVendorManifest } from '../../src/mup/manifest-json.ts';
import { mynoManifestParts } from '../../src/mup/myno-manifest.ts';
import { extendManifest, signManifest } from '../../src/mup/signing.ts';
import { MynoFirmware } from '../support/myno-firmware.ts';
import { trapOf } from '../support/myno-traps.ts';
import { root } from '../support/peers.ts';
import { serverKey, serverPublic, unsigned, uuid, vendorKey, vendorPublic } from './samples.ts';

const published = JSON.parse(readFileSync(join(root, 'fixtures', 'mup', 'published-vector.json'), 'utf8'));
const image = Buffer.from('what the vendor made');
const digest = createHash('sha256').update(image).digest('hex') as typeof unsigned.digest;

function manifest(content = { digest, size: image.length }): ExtendedManifest {
  const signed = signManifest({ ...unsigned, ...content }, vendorKey, es256, 'myno');
  return extendManifest(signed, { uuid, nonce: '123456' }, serverKey, es256, 'myno');
}

describe('the traps of the prototype’s device, which the tests’ own has too (mup-protocol §3)', () => {
  let firmware: MynoFirmware;
  /** Sends the parts of a manifest in some order. @returns the last answer */
  const send = (parts: readonly string[]): string =>
    parts.map((part) => firmware.request(`PUB-UPDATE-MANIFEST;${part}`).text).at(-1) ?? '';
  const swapped = (a: number, b: number): string[] => {
    const parts = mynoManifestParts(manifest());
    const [first = '', second = ''] = [parts[a], parts[b]];
    return parts.with(a, second).with(b, first);
  };

  beforeEach(() => {
    firmware = new MynoFirmware({ vendor: vendorPublic, updateServer: serverPublic });
  });

  test('the published vector is accepted with the published keys', () => {
    const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
    firmware = new MynoFirmware({
      vendor: hex(published.vendorKey),
      updateServer: hex(published.serverKey),
    });
    const vector = {
      ...parseVendorManifest(utf8(JSON.stringify(published.manifest))),
      uuid,
      nonce: published.nonce,
      outerSignature: hex(published.outerSignature),
    };
    expect(send(mynoManifestParts(vector))).toBe('MANIFEST-SUCCESS');
  });

  test('nonce and version are always the same, also after an update', () => {
    const token = firmware.request('GET-DEVICE-TOKEN').text;
    expect([token, send(mynoManifestParts(manifest()))]).toEqual(['123456,1;OK', 'MANIFEST-SUCCESS']);
    expect(firmware.slice(0, image)).toBe('0,OK');
    expect(firmware.request('PUB-UPDATE-IMAGE;FIN').text).toBe('FIRMWARE-SUCCESS');
    expect([firmware.installed, firmware.request('GET-DEVICE-TOKEN').text]).toEqual([[2], token]);
  });

  test.each([
    ['size before hash', () => swapped(2, 3)],
    ['nonce before the inner signature', () => swapped(6, 7)],
    ['a signature that does not hold', () => mynoManifestParts({ ...manifest(), newVersion: 3 })],
    ['a part left out', () => mynoManifestParts(manifest()).toSpliced(4, 1)],
  ])('%s: OK, and the manifest is not accepted', (_, parts) => {
    expect(send(parts())).toBe('OK');
    expect(firmware.slice(0, image)).toBeUndefined();
  });

  test('what is left of an aborted image spoils the next one, unless a FIN has cleared it', () => {
    const again = (): string => {
      send(mynoManifestParts(manifest()));
      firmware.slice(0, image);
      return firmware.request('PUB-UPDATE-IMAGE;FIN').text;
    };
    send(mynoManifestParts(manifest()));
    firmware.slice(0, Uint8Array.of(1));
    expect(again()).toBe('ERROR');
    send(mynoManifestParts(manifest()));
    firmware.slice(0, Uint8Array.of(1));
    expect(firmware.request('PUB-UPDATE-IMAGE;FIN').text).toBe('ERROR');
    expect(again()).toBe('FIRMWARE-SUCCESS');
  });

  test('lengths, properties and repetitions', () => {
    const end = (packetBytes: number, more: Partial<Parameters<typeof trapOf>[0]> = {}) =>
      trapOf({ packetBytes, hasProperties: false, ...more })?.end;
    const deadly = Array.from({ length: 1500 }, (_, bytes) => bytes).filter((bytes) => end(bytes) === 'deaf');
    expect(deadly).toEqual([513, 514, 611, 612, 1123, 1124, 1221, 1222]);
    expect([end(511, { hasProperties: true }), end(512, { hasProperties: true })]).toEqual([
      undefined,
      'dead',
    ]);
    const slice = (payloadBytes: number, repeated: boolean) => ({ slice: { payloadBytes, repeated } });
    expect([end(1080, slice(1023, false)), end(1080, slice(1022, false))]).toEqual(['deaf', undefined]);
    expect([end(511, slice(450, true)), end(512, slice(451, true))]).toEqual([undefined, 'deaf']);
  });
});
