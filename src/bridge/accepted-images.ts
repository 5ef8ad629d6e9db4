import { errorMessage } from '../base/errors.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { DocumentStore } from '../registry/document-store.ts';
import { storeFailed } from './rpc-errors.ts';

/** The image that a device agreed to take: what the manifest it accepted says. */
export interface AcceptedImage {
  readonly digest: Digest;
  readonly size: number;
}

/** As the store keeps it, by the device's UUID. */
interface AcceptedDocument extends AcceptedImage {
  readonly uuid: DeviceUuid;
}

/** What devices accepted and have not taken yet; survives a restart of the bridge. */
export class AcceptedImages {
  readonly #store: DocumentStore;
  readonly #logger: Logger;
  readonly #images = new Map<DeviceUuid, AcceptedImage>();

  constructor(deps: { readonly store: DocumentStore; readonly logger: Logger }) {
    this.#store = deps.store;
    this.#logger = deps.logger;
  }

  /** Reads what the store holds. */
  async restore(): Promise<void> {
    const stored = (await this.#store.all('accepted')) as readonly AcceptedDocument[];
    for (const { uuid, digest, size } of stored) this.#images.set(uuid, { digest, size });
  }

  get(uuid: DeviceUuid): AcceptedImage | undefined {
    return this.#images.get(uuid);
  }

  has(uuid: DeviceUuid): boolean {
    return this.#images.has(uuid);
  }

  /**
   * The device has accepted an image; on disk when it resolves.
   * @throws RpcError `store-failed`: it is known until the bridge ends
   */
  async keep(uuid: DeviceUuid, image: AcceptedImage): Promise<void> {
    this.#images.set(uuid, image);
    try {
      await this.#store.put('accepted', uuid, { uuid, ...image } satisfies AcceptedDocument);
    } catch (error) {
      throw storeFailed(errorMessage(error));
    }
  }

  /**
   * The device has taken or dropped it. One that comes up again after a restart, since this did not get onto the disk,
   * is dropped by the device when it is asked for the next token.
   */
  delete(uuid: DeviceUuid): void {
    if (!this.#images.delete(uuid)) return;
    this.#store
      .delete('accepted', uuid)
      .catch((error) =>
        this.#logger.error('an accepted image was not forgotten', { uuid, reason: errorMessage(error) }),
      );
  }
}
