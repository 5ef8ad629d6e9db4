import { toHex } from '../base/bytes.ts';
import type { Profile } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { isDeviceUuid } from '../base/ids.ts';
import type { DeviceToken, ExtendedManifest, UnsignedManifest, VendorManifest } from './manifest.ts';
import { badField, checkUnsignedManifest, clipped } from './manifest-fields.ts';
import { es256Suite, suiteName } from './suites.ts';
import { isNonce } from './token.ts';

/**
 * The text that the vendor signs (mup-protocol §3; paper §3.1): the fields joined by `;`. `myno` leaves
 * the suite out: its devices know ES256 alone.
 * @throws PeerError `bad-manifest` when a field breaks its rule, or the profile does not know the suite
 */
export function innerText(manifest: UnsignedManifest, profile: Profile): string {
  checkUnsignedManifest(manifest);
  if (profile === 'myno' && manifest.suite !== es256Suite)
    throw badField('suite', manifest.suite, `${suiteName(es256Suite)} for devices of the profile myno`);
  const { suite, appId, linkOffset, digest, size, newVersion, oldVersion } = manifest;
  const common = [appId, linkOffset, digest, size, newVersion, oldVersion];
  return (profile === 'mup' ? [suite, ...common] : common).join(';');
}

/**
 * The text that the update server signs (mup-protocol §3): the whole signed inner manifest, bound to one
 * device and one token, and where the device takes authenticated slices what they have to be (ADR 28). `myno`
 * knows no UUID and no such slices.
 * @throws PeerError `bad-manifest`, `bad-token` when a field breaks its rule
 */
export function outerText(
  manifest: VendorManifest & Pick<ExtendedManifest, 'slices'>,
  token: Pick<DeviceToken, 'uuid' | 'nonce'>,
  profile: Profile,
): string {
  checkBinding(token, profile);
  const inner = [innerText(manifest, profile), toHex(manifest.innerSignature)];
  if (profile !== 'mup') return [...inner, token.nonce].join(';');
  const { slices } = manifest;
  const cut = slices === undefined ? [] : [slices.sliceSize, slices.hash];
  return [...inner, token.uuid, token.nonce, ...cut].join(';');
}

function checkBinding({ uuid, nonce }: Pick<DeviceToken, 'uuid' | 'nonce'>, profile: Profile): void {
  if (!isDeviceUuid(uuid))
    throw new PeerError('bad-token', `${JSON.stringify(clipped(uuid))} is not a device UUID`, {
      where: 'uuid',
    });
  if (!isNonce(nonce, profile))
    throw new PeerError('bad-token', `${JSON.stringify(clipped(nonce))} is not a nonce`, { where: 'nonce' });
}
