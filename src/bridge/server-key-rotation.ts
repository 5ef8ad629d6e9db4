import { toHex, utf8 } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { verifyEndorsement } from '../mup/endorsement.ts';
import { parseEndorsementFile } from '../mup/endorsement-file.ts';
import { keyId } from '../mup/key-id.ts';
import type { ServerKey } from '../mup/server-keys.ts';
import { type PublicKey, publicKeyFromHex, type SignatureScheme, suiteOf } from '../mup/signature-scheme.ts';
import { es256Suite, isSuiteCode } from '../mup/suites.ts';
import type { RpcInput, RpcOutput } from '../netconf/backend.ts';
import { bridgeNamespace } from '../netconf/namespaces.ts';
import { RpcError } from '../netconf/rpc-error.ts';
import type { Device } from '../registry/device.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { element, type XmlElement } from '../xml/element.ts';
import { container, leaf } from './bridge-elements.ts';
import { operationFailed } from './rpc-errors.ts';
import type { ServerKeys } from './server-keys.ts';
import { operationOf } from './update-fields.ts';

export interface ServerKeyRotationDependencies {
  readonly serverKeys: ServerKeys;
  readonly registry: DeviceRegistry;
  /** Tells a registered device of all keys, or of these; resolves when they are sent. */
  readonly announce: (uuid: DeviceUuid, keys?: readonly ServerKey[]) => Promise<void>;
  readonly scheme: SignatureScheme;
  readonly logger: Logger;
}

/** Devices that an error names; the others are counted. */
const maxNamed = 10;

/** The RPCs by which the update server moves from one key to the next, and where its devices are on that way (ADR 27). */
export class ServerKeyRotation {
  readonly #deps: ServerKeyRotationDependencies;
  #closed = false;

  constructor(deps: ServerKeyRotationDependencies) {
    this.#deps = deps;
  }

  /** Devices that were not told yet are told when they register next. */
  close(): void {
    this.#closed = true;
  }

  /** Makes the next key. @throws RpcError `bad-suite` */
  async prepare(input: RpcInput): Promise<RpcOutput> {
    const { suite = es256Suite } = input;
    if (!isSuiteCode(suite))
      throw new RpcError('application', 'invalid-value', 'this is no suite', {
        appTag: 'bad-suite',
        path: 'suite',
      });
    const key = await attempt('suite', () => this.#deps.serverKeys.prepare(suite));
    return [element(bridgeNamespace, 'key', keyId(key)), element(bridgeNamespace, 'public-key', toHex(key))];
  }

  /** Takes a key into use, and tells devices of it. @throws RpcError with the code of what is wrong */
  async activate(input: RpcInput): Promise<RpcOutput> {
    const { serverKeys } = this.#deps;
    const text = input['endorsement'];
    const { serverKey } = await attempt('endorsement', async () => {
      const endorsement = parseEndorsementFile(utf8(typeof text === 'string' ? text : ''));
      await serverKeys.activate(endorsement);
      return endorsement;
    });
    void this.#announceAll();
    return [element(bridgeNamespace, 'key', keyId(serverKey))];
  }

  /**
   * Takes a key out of use.
   * @throws RpcError `unknown-key`, `last-key`; `devices-left-behind` unless forced: which devices are not known to
   *   keep another one
   */
  async retire(input: RpcInput): Promise<RpcOutput> {
    const { serverKeys } = this.#deps;
    const id = input['key'];
    const key = typeof id === 'string' ? serverKeys.find(id) : undefined;
    if (key === undefined)
      throw new RpcError(
        'application',
        'data-missing',
        `no key ${String(id)} of the update server is in use`,
        {
          appTag: 'unknown-key',
          path: 'key',
        },
      );
    if (serverKeys.isLast(key)) throw lastKey();
    const behind = [...this.#keepers(key)];
    if (behind.length > 0 && input['force'] === undefined)
      throw operationFailed(
        'devices-left-behind',
        `${behind.length} devices are not known to keep another key: ${named(behind)}`,
      );
    // Somebody may have retired the other ones meanwhile.
    if (!(await attempt('key', () => serverKeys.retire(key)))) throw lastKey();
    return [];
  }

  /**
   * A device holds the vendor's next key from now on. It is told of the keys which that one has endorsed: they may have been
   * announced when it could not verify them. Of the others it is not told: it would spend on one of them the only check that
   * it makes of unasked keys for a while.
   */
  async vendorKeyTaken(uuid: DeviceUuid, newKey: string): Promise<void> {
    const { serverKeys, announce, logger } = this.#deps;
    const vendorKey = publicKeyFromHex(newKey);
    const endorsed = serverKeys.active.filter((one) => this.#isEndorsedBy(one, vendorKey));
    if (endorsed.length > 0) return announce(uuid, endorsed);
    logger.warn('a device holds a vendor key that has endorsed no key of the update server', {
      uuid,
      hint: 'Have the key endorsed with the vendor’s new key: mup endorse, then mup rotate activate.',
    });
  }

  /** What `get` shows. */
  elements(): XmlElement {
    const { serverKeys } = this.#deps;
    return container('update-server', [
      ...serverKeys.active.map((one) => {
        const { serverKey, epoch, signature } = one.endorsement;
        const id = keyId(serverKey);
        return container('key', [
          leaf('id', id),
          leaf('public-key', toHex(serverKey)),
          leaf('suite', one.key.suite),
          leaf('state', 'active'),
          leaf('epoch', epoch),
          leaf('endorsed', String(signature !== undefined)),
          leaf(
            'devices',
            this.#count((device) => device.serverKey === id),
          ),
          leaf('not-moved', this.#keepers(one).length),
        ]);
      }),
      ...serverKeys.prepared.map((key) =>
        container('key', [
          leaf('id', keyId(key)),
          leaf('public-key', toHex(key)),
          leaf('suite', suiteOf(key)),
          leaf('state', 'prepared'),
        ]),
      ),
    ]);
  }

  /** Which key a device keeps, and since which epoch, as far as it is known. */
  ofDevice({ serverKey }: Device): readonly (XmlElement | undefined)[] {
    const epoch =
      serverKey === undefined ? undefined : this.#deps.serverKeys.find(serverKey)?.endorsement.epoch;
    return [leaf('server-key', serverKey), leaf('server-key-epoch', epoch)];
  }

  /** Updatable devices that keep a key, or of which nobody knows which one they keep. */
  #keepers({ endorsement }: ServerKey): readonly DeviceUuid[] {
    const { registry, serverKeys } = this.#deps;
    const id = keyId(endorsement.serverKey);
    const found: DeviceUuid[] = [];
    for (const { uuid, serverKey, module } of registry.all()) {
      // What nobody has accepted is not updated, and may be any number of strangers.
      if (module === undefined) continue;
      const moved = serverKey !== undefined && serverKey !== id && serverKeys.find(serverKey) !== undefined;
      const kind = moved ? undefined : registry.kind(uuid);
      if (kind !== undefined && operationOf(kind, 'manifest') !== undefined) found.push(uuid);
    }
    return found;
  }

  #isEndorsedBy({ endorsement }: ServerKey, vendorKey: PublicKey | undefined): boolean {
    if (vendorKey === undefined) return false;
    try {
      verifyEndorsement(endorsement, vendorKey, this.#deps.scheme);
      return true;
    } catch {
      return false;
    }
  }

  #count(holds: (device: Device) => boolean): number {
    let count = 0;
    for (const device of this.#deps.registry.all()) if (holds(device)) count += 1;
    return count;
  }

  /** One after the other, so that a large fleet does not fill the queue to the broker. */
  async #announceAll(): Promise<void> {
    const { registry, announce, logger } = this.#deps;
    for (const { uuid, presence, module } of [...registry.all()]) {
      if (this.#closed) return;
      if (module === undefined || presence === 'offline' || registry.kind(uuid)?.profile !== 'mup') continue;
      await announce(uuid);
    }
    logger.info('registered devices were told of the update server’s keys');
  }
}

function lastKey(): RpcError {
  return operationFailed(
    'last-key',
    'the update server has no other key of this suite: prepare and activate one first',
  );
}

/** @param path the leaf that is wrong where something is */
async function attempt<T>(path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new RpcError('application', 'invalid-value', error.message, { appTag: error.code, path });
  }
}

function named(uuids: readonly DeviceUuid[]): string {
  const first = uuids.slice(0, maxNamed).join(', ');
  return uuids.length > maxNamed ? `${first}, and ${uuids.length - maxNamed} more` : first;
}
