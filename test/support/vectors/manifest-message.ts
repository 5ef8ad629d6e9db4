import { server, signText, type VectorKey, vendor } from './keys.ts';

/** The fields of a manifest as texts, so that each can be what it must not be. */
export interface ManifestTexts {
  readonly suite: string;
  readonly appId: string;
  readonly linkOffset: string;
  readonly digest: string;
  readonly size: string;
  readonly newVersion: string;
  readonly oldVersion: string;
  readonly uuid: string;
  readonly nonce: string;
}

export const soundTexts: ManifestTexts = {
  suite: '1',
  appId: 'APP',
  linkOffset: '0',
  digest: '17c36f0ade2e54c614c2c5aef5e39cbc24d228c954222bf985026bf4fe18540d',
  size: '100719',
  newVersion: '2',
  oldVersion: '1',
  uuid: 'F97DF79-8A12-4F4F-8F69-6B8F3C2E78DD',
  nonce: '000102030405060708090a0b0c0d0e0f',
};

export interface ManifestParts extends ManifestTexts {
  readonly innerSignature: string;
  readonly outerSignature: string;
}

export interface Signers {
  readonly vendorOf?: VectorKey;
  readonly serverOf?: VectorKey;
}

/** The text that the vendor signs (mup-protocol §3). */
export function innerTextOf(texts: ManifestTexts): string {
  const { suite, appId, linkOffset, digest, size, newVersion, oldVersion } = texts;
  return [suite, appId, linkOffset, digest, size, newVersion, oldVersion].join(';');
}

/** Signs the texts whatever they say: what is wrong with them, the device has to find itself. */
export function signedParts(
  changes: Partial<ManifestTexts> = {},
  { vendorOf = vendor, serverOf = server }: Signers = {},
): ManifestParts {
  const texts = { ...soundTexts, ...changes };
  return outerSigned({ ...texts, innerSignature: signText(innerTextOf(texts), vendorOf) }, serverOf);
}

/** The update server's signature over a manifest with an inner signature, whatever that is. */
export function outerSigned(
  inner: Omit<ManifestParts, 'outerSignature'>,
  serverOf: VectorKey = server,
): ManifestParts {
  const text = [innerTextOf(inner), inner.innerSignature, inner.uuid, inner.nonce].join(';');
  return { ...inner, outerSignature: signText(text, serverOf) };
}

/** The request as it goes over the wire (mup-protocol §2 and §3, step 3). */
export function messageOf(parts: ManifestParts): string {
  const { innerSignature, uuid, nonce, outerSignature } = parts;
  const fields = [innerTextOf(parts), innerSignature, uuid, nonce, outerSignature];
  return `4f2a;SEND-EXTENDED-MANIFEST;${fields.join(';')}`;
}
