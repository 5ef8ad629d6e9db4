import { equalBytes } from '../base/bytes.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { RandomBytes } from '../base/random.ts';
import { type Endorsement, endorse } from '../mup/endorsement.ts';
import type { DeviceToken, ExtendedManifest, UnsignedManifest, VendorManifest } from '../mup/manifest.ts';
import type { PrivateKey, PublicKey, SignatureScheme } from '../mup/signature-scheme.ts';
import { type SignedDescription, verifySignedDescription } from '../mup/signed-description.ts';
import { type OnlinePresence, presenceHolds } from '../mup/signed-presence.ts';
import { extendManifest, signManifest } from '../mup/signing.ts';
import { signVendorKey, type VendorKeyStatement } from '../mup/vendor-key.ts';
import type { TestedProfile } from './check.ts';
import type { Cuts } from './cuts.ts';

export interface SignerOptions {
  readonly profile: TestedProfile;
  readonly cuts: Cuts;
  /** Octets of image in a slice, where slices are authenticated. */
  readonly sliceBytes: number;
  readonly scheme: SignatureScheme;
  readonly vendorKey: PrivateKey;
  /** The update server's key, as which the kit signs. */
  readonly serverKey: PrivateKey;
  /** Epoch of the vendor's endorsement of it. */
  readonly epoch: number;
  /** Counter of the next key that the vendor signs; higher than that of the key which the device holds. */
  readonly vendorCounter: number;
  readonly appId: string;
  readonly random: RandomBytes;
  readonly sha256: (bytes: Uint8Array) => Digest;
  /** A new key, of the vendor key's suite. */
  readonly generateKey: () => PrivateKey;
}

/** An update server's key with an endorsement of its owner's own making. */
export function endorsementBy(
  options: Pick<SignerOptions, 'scheme' | 'vendorKey' | 'serverKey' | 'epoch'>,
): Endorsement {
  const { scheme, vendorKey, epoch } = options;
  const serverKey = scheme.publicKeyOf(options.serverKey);
  return { serverKey, epoch, signature: endorse(serverKey, epoch, vendorKey, scheme) };
}

/** What an update server signs, but for the token. */
export type Signable = VendorManifest & Pick<ExtendedManifest, 'slices'>;

/** What of a manifest is other than it should be, and who signs it. */
export interface ManifestChanges extends Partial<UnsignedManifest> {
  /** Signs in the vendor's place. */
  readonly vendorKey?: PrivateKey;
}

/** The vendor and the update server in one: makes what a device is to take, and what it must not take. */
export class Signer {
  /** A key that nobody trusts. */
  readonly stranger: PrivateKey;
  readonly #options: SignerOptions;
  #serverKey: PrivateKey;
  #epoch: number;
  #vendorKey: PrivateKey;
  #nextCounter: number;

  constructor(options: SignerOptions) {
    this.#options = options;
    this.#serverKey = options.serverKey;
    this.#epoch = options.epoch;
    this.#vendorKey = options.vendorKey;
    this.#nextCounter = options.vendorCounter;
    this.stranger = options.generateKey();
  }

  get serverKey(): PrivateKey {
    return this.#serverKey;
  }

  /** The one that the device holds the public half of. */
  get vendorKey(): PrivateKey {
    return this.#vendorKey;
  }

  /** Counter of the next key that the vendor signs. */
  get nextCounter(): number {
    return this.#nextCounter;
  }

  /** Epoch of the key that the device was given last. */
  get epoch(): number {
    return this.#epoch;
  }

  generateKey(): PrivateKey {
    return this.#options.generateKey();
  }

  /** From now on the kit signs with this key. */
  useServerKey(key: PrivateKey, epoch: number): void {
    this.#serverKey = key;
    this.#epoch = epoch;
  }

  /** From now on the device holds this key of the vendor, which came with that counter. */
  useVendorKey(key: PrivateKey, counter: number): void {
    this.#vendorKey = key;
    this.#nextCounter = Math.max(this.#nextCounter, counter + 1);
  }

  /** The word of the key that the device holds, or of another one, for the one that is to follow it (ADR 27). */
  nextVendorKey(key: PrivateKey, counter = this.#nextCounter, by = this.vendorKey): VendorKeyStatement {
    const { scheme } = this.#options;
    return signVendorKey(scheme.publicKeyOf(key), counter, by, scheme);
  }

  /** Whether a key is the one that the device holds of the vendor. */
  isVendors(key: PublicKey): boolean {
    return equalBytes(key, this.#options.scheme.publicKeyOf(this.vendorKey));
  }

  /** @throws SignatureError unless the owner of its key has signed a description for this device */
  verifyDescription(uuid: DeviceUuid, signed: SignedDescription): void {
    verifySignedDescription(uuid, signed, this.#options);
  }

  /** Whether the owner of the key has said what a device says of itself. */
  presenceHolds(uuid: DeviceUuid, { said, signature }: OnlinePresence, key: PublicKey): boolean {
    return signature !== undefined && presenceHolds(uuid, said, signature, key, this.#options.scheme);
  }

  /** The vendor's word, or another one's, for an update server's key. */
  endorsement(serverKey = this.#serverKey, epoch = this.#epoch, vendorKey = this.vendorKey): Endorsement {
    return endorsementBy({ scheme: this.#options.scheme, vendorKey, serverKey, epoch });
  }

  /** The vendor's manifest of an image. */
  manifestOf(image: Uint8Array, newVersion: number, changes: ManifestChanges = {}): VendorManifest {
    const { scheme, appId, sha256, profile } = this.#options;
    const { vendorKey = this.vendorKey, ...fields } = changes;
    const facts = { linkOffset: 0, digest: sha256(image), size: image.length, newVersion, oldVersion: 0 };
    return signManifest({ suite: vendorKey.suite, appId, ...facts, ...fields }, vendorKey, scheme, profile);
  }

  /** What the update server says of the slices of an image. */
  slicesOf(image: Uint8Array): Pick<ExtendedManifest, 'slices'> {
    return this.#options.cuts.inManifest(image, this.#options.sliceBytes);
  }

  /** The update server's part: binds a manifest to a device and its token. */
  extend(
    manifest: Signable,
    token: Pick<DeviceToken, 'uuid' | 'nonce'>,
    by = this.#serverKey,
  ): ExtendedManifest {
    return extendManifest(manifest, token, by, this.#options.scheme, this.#options.profile);
  }

  /** An image that nothing boots. */
  image(octets: number): Uint8Array {
    return this.#options.random(octets);
  }

  /** A nonce that no device has handed out. */
  nonce(): Uint8Array {
    return this.#options.random(16);
  }
}
