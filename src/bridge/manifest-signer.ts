import type { DeviceDescription } from '../base/description.ts';
import { errorMessage } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { describedSuites } from '../mup/described-suites.ts';
import { keyId } from '../mup/key-id.ts';
import type { DeviceToken, ExtendedManifest, VendorManifest } from '../mup/manifest.ts';
import { keyOfSuite, type ServerKey } from '../mup/server-keys.ts';
import type { PrivateKey, SignatureScheme } from '../mup/signature-scheme.ts';
import { extendManifest } from '../mup/signing.ts';
import { checkUpdate } from '../mup/update-checks.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { refusedIf } from './rpc-errors.ts';
import type { ServerKeys } from './server-keys.ts';

export interface ManifestSignerDependencies {
  readonly serverKeys: Pick<ServerKeys, 'find' | 'inOrderFor'>;
  readonly registry: Pick<DeviceRegistry, 'get' | 'keeps'>;
  readonly scheme: SignatureScheme;
  readonly logger: Logger;
}

/** Signs manifests for devices, each with the key of the update server that the device keeps (ADR 27). */
export class ManifestSigner {
  readonly #deps: ManifestSignerDependencies;
  readonly #signedWith = new WeakMap<ExtendedManifest, PrivateKey>();

  constructor(deps: ManifestSignerDependencies) {
    this.#deps = deps;
  }

  /**
   * The key that signs a manifest for a device: the one that the device keeps, where that is known, else the newest.
   * @throws RpcError with the codes of `mup/keyOfSuite`
   */
  keyFor(description: DeviceDescription, manifest: Pick<VendorManifest, 'suite'>): PrivateKey {
    return refusedIf(() => keyOfSuite(manifest, describedSuites(description), this.#keysOf(description)));
  }

  /** The other keys that the device may keep instead of the one that a manifest was signed with. */
  othersFor(description: DeviceDescription, manifest: ExtendedManifest): PrivateKey[] {
    const used = this.#signedWith.get(manifest);
    return this.#keysOf(description)
      .map(({ key }) => key)
      .filter((key) => key.suite === manifest.suite && key !== used);
  }

  /**
   * Refuses what the device would refuse.
   * @throws RpcError with the codes of `mup/checkUpdate`
   */
  sign(
    { profile }: DeviceDescription,
    manifest: VendorManifest,
    token: DeviceToken,
    key: PrivateKey,
  ): ExtendedManifest {
    refusedIf(() => checkUpdate(manifest, token));
    const extended = extendManifest(manifest, token, key, this.#deps.scheme, profile);
    this.#signedWith.set(extended, key);
    return extended;
  }

  /** A device has accepted a manifest, and so shown which key it keeps. Never rejects. */
  async accepted({ uuid }: DeviceDescription, manifest: ExtendedManifest): Promise<void> {
    const { registry, scheme, logger } = this.#deps;
    const key = this.#signedWith.get(manifest);
    if (key === undefined) return;
    try {
      await registry.keeps(uuid, keyId(scheme.publicKeyOf(key)));
    } catch (error) {
      logger.warn('which key a device keeps was not stored', { uuid, reason: errorMessage(error) });
    }
  }

  /** Whether the device is known to keep a key that the update server has. */
  isTrustedBy({ uuid }: DeviceDescription): boolean {
    const { serverKeys, registry } = this.#deps;
    const kept = registry.get(uuid)?.serverKey;
    return kept !== undefined && serverKeys.find(kept) !== undefined;
  }

  #keysOf({ uuid }: DeviceDescription): readonly ServerKey[] {
    const { serverKeys, registry } = this.#deps;
    return serverKeys.inOrderFor(registry.get(uuid)?.serverKey);
  }
}
