import { utf8 } from '../base/bytes.ts';
import type { Profile } from '../base/description.ts';
import { type ErrorDetails, UsageError } from '../base/errors.ts';
import type { DeviceToken, ExtendedManifest, UnsignedManifest, VendorManifest } from './manifest.ts';
import { innerText, outerText } from './manifest-text.ts';
import {
  type PrivateKey,
  type PublicKey,
  SignatureError,
  type SignatureScheme,
  suiteOf,
} from './signature-scheme.ts';
import { suiteName } from './suites.ts';

/**
 * What the vendor does (paper §3.1): signs what an image is.
 * @throws PeerError `bad-manifest`; UsageError `bad-key`, `wrong-suite` when the key is not of the manifest's suite
 */
export function signManifest(
  unsigned: UnsignedManifest,
  vendorKey: PrivateKey,
  scheme: SignatureScheme,
  profile: Profile = 'mup',
): VendorManifest {
  const { suite, appId, linkOffset, digest, size, newVersion, oldVersion } = unsigned;
  const text = innerText(unsigned, profile);
  checkSigningKey(unsigned, vendorKey);
  const innerSignature = scheme.sign(utf8(text), vendorKey);
  return { suite, appId, linkOffset, digest, size, newVersion, oldVersion, innerSignature };
}

/**
 * What the update server does (paper §3.2, step 3): binds a vendor's manifest to one device and token.
 * @throws PeerError `bad-manifest`, `bad-token`; UsageError `bad-key`, `wrong-suite` as {@link signManifest}
 */
export function extendManifest(
  manifest: VendorManifest & Pick<ExtendedManifest, 'slices'>,
  token: Pick<DeviceToken, 'uuid' | 'nonce'>,
  serverKey: PrivateKey,
  scheme: SignatureScheme,
  profile: Profile = 'mup',
): ExtendedManifest {
  const text = outerText(manifest, token, profile);
  checkSigningKey(manifest, serverKey);
  const outerSignature = scheme.sign(utf8(text), serverKey);
  return { ...manifest, uuid: token.uuid, nonce: token.nonce, outerSignature };
}

/**
 * @throws SignatureError `inner-signature-invalid` unless the vendor signed this manifest, `wrong-suite` when
 *   the key is not of the manifest's suite, before any cryptography;
 *   PeerError `bad-manifest` when it is none
 */
export function verifyInnerSignature(
  manifest: VendorManifest,
  vendorKey: PublicKey,
  scheme: SignatureScheme,
  profile: Profile = 'mup',
): void {
  const text = innerText(manifest, profile);
  checkVerifyingKey(manifest, vendorKey);
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
 *   device and nonce, `wrong-suite` as {@link verifyInnerSignature}; PeerError `bad-manifest`, `bad-token` when it is none
 */
export function verifyOuterSignature(
  extended: ExtendedManifest,
  serverKey: PublicKey,
  scheme: SignatureScheme,
  profile: Profile = 'mup',
): void {
  const text = outerText(extended, extended, profile);
  checkVerifyingKey(extended, serverKey);
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

function checkSigningKey({ suite }: UnsignedManifest, key: PrivateKey): void {
  if (key.suite !== suite) throw new UsageError('wrong-suite', mismatch(suite, key.suite), wrongSuite);
}

function checkVerifyingKey({ suite }: UnsignedManifest, key: PublicKey): void {
  const keys = suiteOf(key);
  if (keys !== suite) throw new SignatureError('wrong-suite', mismatch(suite, keys), wrongSuite);
}

const wrongSuite: ErrorDetails = { where: 'suite', hint: 'Use a key of the suite that the manifest names.' };

function mismatch(manifest: string, key: string): string {
  return `the manifest is of suite ${suiteName(manifest)}, the key of suite ${suiteName(key)}`;
}
