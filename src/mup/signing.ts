import { utf8 } from '../base/bytes.ts';
import type { Profile } from '../base/description.ts';
import type { DeviceToken, ExtendedManifest, UnsignedManifest, VendorManifest } from './manifest.ts';
import { innerText, outerText } from './manifest-text.ts';
import { type PrivateKey, type PublicKey, SignatureError, type SignatureScheme } from './signature-scheme.ts';

/**
 * What the vendor does (paper §3.1): signs what an image is.
 * @throws PeerError `bad-manifest`, UsageError `bad-key`
 */
export function signManifest(
  unsigned: UnsignedManifest,
  vendorKey: PrivateKey,
  scheme: SignatureScheme,
  profile: Profile = 'mup',
): VendorManifest {
  const { suite, appId, linkOffset, digest, size, newVersion, oldVersion } = unsigned;
  const innerSignature = scheme.sign(utf8(innerText(unsigned, profile)), vendorKey);
  return { suite, appId, linkOffset, digest, size, newVersion, oldVersion, innerSignature };
}

/**
 * What the update server does (paper §3.2, step 3): binds a vendor's manifest to one device and token.
 * @throws PeerError `bad-manifest`, `bad-token`; UsageError `bad-key`
 */
export function extendManifest(
  manifest: VendorManifest,
  token: Pick<DeviceToken, 'uuid' | 'nonce'>,
  serverKey: PrivateKey,
  scheme: SignatureScheme,
  profile: Profile = 'mup',
): ExtendedManifest {
  const outerSignature = scheme.sign(utf8(outerText(manifest, token, profile)), serverKey);
  return { ...manifest, uuid: token.uuid, nonce: token.nonce, outerSignature };
}

/**
 * @throws SignatureError `inner-signature-invalid` unless the vendor signed this manifest;
 *   PeerError `bad-manifest` when it is none
 */
export function verifyInnerSignature(
  manifest: VendorManifest,
  vendorKey: PublicKey,
  scheme: SignatureScheme,
  profile: Profile = 'mup',
): void {
  const text = innerText(manifest, profile);
  if (scheme.verify(utf8(text), manifest.innerSignature, vendorKey)) return;
  throw new SignatureError(
    'inner-signature-invalid',
    'the inner signature is not the vendor’s over this manifest',
    {
      where: 'innerSignature',
      hint: 'Sign the manifest with the private key that belongs to the vendor key used here.',
    },
  );
}

/**
 * @throws SignatureError `outer-signature-invalid` unless the update server signed this manifest for this
 *   device and nonce; PeerError `bad-manifest`, `bad-token` when it is none
 */
export function verifyOuterSignature(
  extended: ExtendedManifest,
  serverKey: PublicKey,
  scheme: SignatureScheme,
  profile: Profile = 'mup',
): void {
  const text = outerText(extended, extended, profile);
  if (scheme.verify(utf8(text), extended.outerSignature, serverKey)) return;
  throw new SignatureError(
    'outer-signature-invalid',
    'the outer signature is not the update server’s over this manifest, device and nonce',
    {
      where: 'outerSignature',
      hint: 'Sign with the private key of the update server that the device trusts, for its latest token.',
    },
  );
}
