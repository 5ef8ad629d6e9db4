import { sha256 } from '../../../src/base/adapters/node-runtime.ts';
import { fromHex, utf8 } from '../../../src/base/bytes.ts';
import { errorCode } from '../../../src/base/errors.ts';
import { type Digest, deviceUuid } from '../../../src/base/ids.ts';
import { DescriptionTrust } from '../../../src/bridge/description-trust.ts';
import { parsePresence, reportHolds } from '../../../src/bridge/presence.ts';
import { es256 } from '../../../src/mup/adapters/noble-curves.ts';
import { publicKeyFromHex } from '../../../src/mup/signature-scheme.ts';
import type { Device } from '../../../src/registry/device.ts';
import type { DescriptionVector } from './description-vectors.ts';
import type { PresenceVector } from './presence-vectors.ts';

/** What our own code says of a vector of presences. */
export function presenceVerdict({ uuid, deviceKey, message }: Omit<PresenceVector, 'believed'>): {
  readonly believed: boolean;
} {
  const said = parsePresence(utf8(message));
  const key = publicKeyFromHex(deviceKey);
  const believed = said !== undefined && key !== undefined && reportHolds(deviceUuid(uuid), said, key, es256);
  return { believed };
}

/** What our own code says of a vector of descriptions. */
export function descriptionVerdict(
  vector: Omit<DescriptionVector, 'verdict' | 'speaker'>,
): Pick<DescriptionVector, 'verdict' | 'speaker'> {
  const { signedBy, signerKey, signerCounter, accepted, vendorKey, message } = vector;
  const uuid = deviceUuid(vector.uuid);
  const known: Device = {
    ...{ uuid, description: '0'.repeat(64) as Digest, registeredAt: 0, lastSeen: 0, presence: 'unknown' },
    ...(signedBy !== '' && {
      signer: { by: signedBy === 'vendor' ? 'vendor' : 'device', key: signerKey, counter: signerCounter },
    }),
  };
  const trust = new DescriptionTrust({
    registry: { get: () => known, isPending: () => !accepted, removed: () => undefined },
    vendorKeys: vendorKey === '' ? [] : [vendorKey],
    acceptanceOf: () => 'open',
    ...{ scheme: es256, sha256 },
  });
  try {
    const { signer } = trust.open(uuid, fromHex(message) ?? new Uint8Array());
    return { verdict: 'taken', speaker: signer?.by ?? '' };
  } catch (error) {
    return { verdict: errorCode(error) ?? String(error), speaker: '' };
  }
}
