import { sha256 } from '../../../src/base/adapters/node-runtime.ts';
import type { VendorManifest } from '../../../src/mup/manifest.ts';

/** A firmware image, larger than a sector and not of whole ones. */
export function imageOf(i: number): Uint8Array {
  return Uint8Array.from({ length: 3000 + 7000 * i }, (_, at) => (at * (i + 3)) & 0xff);
}

export function manifestOf(i: number): VendorManifest {
  const content = imageOf(i);
  return {
    suite: '1',
    appId: 'APP',
    linkOffset: 0,
    digest: sha256(content),
    size: content.length,
    newVersion: i + 1,
    oldVersion: 0,
    innerSignature: new Uint8Array(64).fill(7),
  };
}
