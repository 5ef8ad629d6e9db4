import { toHex } from '../base/bytes.ts';
import type { AcceptancePolicy } from '../base/config.ts';
import type { DeviceDescription } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { SignatureScheme } from '../mup/signature-scheme.ts';
import {
  isSignedDescription,
  parseSignedDescription,
  type SignedDescription,
  verifySignedDescription,
} from '../mup/signed-description.ts';
import type { DescriptionSigner } from '../registry/device.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import type { RemovedSigner } from '../registry/removed-signers.ts';

export interface DescriptionTrustDependencies {
  readonly registry: Pick<DeviceRegistry, 'get' | 'isPending' | 'removed'>;
  /** Keys of the vendors that the operator trusts with descriptions, hex. */
  readonly vendorKeys: readonly string[];
  /** Which devices are accepted. */
  readonly acceptanceOf: (uuid: DeviceUuid, description: DeviceDescription) => AcceptancePolicy;
  readonly scheme: SignatureScheme;
  readonly sha256: (bytes: Uint8Array) => Digest;
}

/** A description without its signature, which holds where there was one. */
export interface OpenedDescription {
  readonly octets: Uint8Array;
  readonly signer: DescriptionSigner | undefined;
}

/** What is done with a description that is in order. */
export interface Admission {
  /** Whether the device is registered, or waits until a user accepts it. */
  readonly kind: 'register' | 'hold';
  /** Who has to sign what the device says of itself from now on. */
  readonly signer: DescriptionSigner | undefined;
}

/** Why descriptions are refused that somebody else may have sent. */
const foreignCodes: readonly string[] = [
  'bad-signature',
  'signature-required',
  'wrong-key',
  'old-description',
];

/** Whether a refusal may mean that somebody else has described the device. */
export function isForeign(code: string): boolean {
  return foreignCodes.includes(code);
}

/**
 * Whose word counts for a device (ADR 29). Whoever signed the first description of a device is its signer: its
 * own key, or the vendors that the operator trusts. From then on nobody else describes it, under any policy.
 */
export class DescriptionTrust {
  readonly #deps: DescriptionTrustDependencies;
  readonly #vendorKeys: ReadonlySet<string>;

  constructor(deps: DescriptionTrustDependencies) {
    this.#deps = deps;
    this.#vendorKeys = new Set(deps.vendorKeys.map((key) => key.toLowerCase()));
  }

  /**
   * Checks what can be checked before anything reads the description.
   * @throws PeerError one of {@link isForeign}
   */
  open(uuid: DeviceUuid, bytes: Uint8Array): OpenedDescription {
    const { registry } = this.#deps;
    const kept = registry.get(uuid)?.signer;
    if (!isSignedDescription(bytes)) {
      if (kept !== undefined) throw unsigned('earlier descriptions of this device were signed');
      return { octets: bytes, signer: undefined };
    }
    const signed = parseSignedDescription(bytes);
    const signer = this.#signerOf(signed);
    if (kept !== undefined) checkSuccession(kept, signer, registry.isPending(uuid));
    const removed = this.#removed(uuid, signer);
    if (removed !== undefined && signer.counter < removed.counter) throw outdated(removed);
    verifySignedDescription(uuid, signed, this.#deps);
    return { octets: signed.octets, signer };
  }

  /**
   * Whether a device is taken with a description that was read, by the policy that holds for it. What is
   * registered already stays so: policies are about unknown and pending devices, but that `signed` takes
   * nothing without a signature.
   * @param digest of the description's template
   * @throws PeerError `signature-required`, `old-description`
   */
  admit(
    uuid: DeviceUuid,
    { signer }: OpenedDescription,
    digest: Digest,
    description: DeviceDescription,
  ): Admission {
    const { registry, acceptanceOf } = this.#deps;
    const known = registry.get(uuid);
    const kept = known?.signer;
    const again = kept !== undefined && kept.key === signer?.key && kept.counter === signer.counter;
    if (again && known?.description !== digest) throw outdated(kept);
    const removed = this.#removed(uuid, signer);
    if (removed !== undefined && removed.counter === signer?.counter && removed.description !== digest)
      throw outdated(removed);
    const policy = acceptanceOf(uuid, description);
    if (known !== undefined && !registry.isPending(uuid)) return accepted(policy, kept, signer);
    if (policy !== 'signed') return { kind: policy === 'open' ? 'register' : 'hold', signer };
    if (signer === undefined) throw unsigned('the bridge takes signed descriptions alone');
    return { kind: signer.by === 'vendor' ? 'register' : 'hold', signer };
  }

  /** What vendors had signed last of a device that was removed, where they have signed nothing of it since. */
  #removed(uuid: DeviceUuid, signer: DescriptionSigner | undefined): RemovedSigner | undefined {
    const { registry } = this.#deps;
    if (signer?.by !== 'vendor' || registry.get(uuid)?.signer?.by === 'vendor') return undefined;
    return registry.removed(uuid);
  }

  #signerOf({ key, counter }: SignedDescription): DescriptionSigner {
    const hex = toHex(key);
    return { by: this.#vendorKeys.has(hex) ? 'vendor' : 'device', key: hex, counter };
  }
}

/** A device that is accepted, where a signature succeeds the one before. */
function accepted(
  policy: AcceptancePolicy,
  kept: DescriptionSigner | undefined,
  signer: DescriptionSigner | undefined,
): Admission {
  // A key that comes later binds nobody: it may be that of whoever would take the device over.
  const binding = kept !== undefined || signer?.by === 'vendor' ? signer : undefined;
  if (policy === 'signed' && binding === undefined)
    throw unsigned(
      'the device is registered without a signature',
      'Sign it with a trusted vendor’s key; or remove the device, and accept it with its own key.',
    );
  return { kind: 'register', signer: binding };
}

/**
 * Whether a signer may follow another one. A vendor may speak for a device that nobody has accepted yet,
 * whoever has spoken for it before.
 */
function checkSuccession(kept: DescriptionSigner, signer: DescriptionSigner, pending: boolean): void {
  const isSame = signer.by === kept.by && (kept.by === 'vendor' || signer.key === kept.key);
  if (!isSame && !(pending && signer.by === 'vendor'))
    throw new PeerError('wrong-key', `the description is not signed by its ${whose(kept)}`, {
      hint: 'If the device has a new key, remove it from the bridge first.',
    });
  if (isSame && signer.counter < kept.counter) throw outdated(kept);
}

function whose({ by }: DescriptionSigner): string {
  return by === 'vendor' ? 'vendor, in a key that the bridge trusts' : "device's own key";
}

function unsigned(why: string, hint = 'Sign the description, or let its vendor sign it.'): PeerError {
  return new PeerError('signature-required', `the description is not signed: ${why}`, { hint });
}

function outdated({ counter }: Pick<DescriptionSigner, 'counter'>): PeerError {
  return new PeerError('old-description', `a newer description was taken: its counter is ${counter}`, {
    hint: 'A description that says something else needs a higher counter.',
  });
}
