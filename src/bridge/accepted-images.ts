import type { Operation } from '../base/description.ts';
import { errorMessage } from '../base/errors.ts';
import { type DeviceUuid, type Digest, isDigest } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { SliceChainHead } from '../mup/authenticated-slices.ts';
import { parseChainHead } from '../mup/chain-head.ts';
import type { DocumentStore } from '../registry/document-store.ts';
import { storeFailed } from './rpc-errors.ts';
import { valuesByRole } from './update-fields.ts';

/** The image that a device agreed to take: what the manifest it accepted says. */
export interface AcceptedImage {
  readonly digest: Digest;
  readonly size: number;
  /** Where the device takes authenticated slices: those that the manifest promised it (ADR 28). */
  readonly slices?: SliceChainHead;
}

/** What a device agrees to when it accepts a manifest with these inputs; `undefined` when they name no image. */
export function imageAgreedTo(operation: Operation, inputs: readonly string[]): AcceptedImage | undefined {
  const values = valuesByRole(operation.inputs, inputs);
  const digest = values.get('imageDigest')?.toLowerCase();
  if (digest === undefined || !isDigest(digest)) return undefined;
  const slices = parseChainHead(values.get('sliceSize') ?? '', values.get('sliceHash') ?? '');
  return { digest, size: Number(values.get('imageSize')), ...(slices && { slices }) };
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
    for (const { uuid, ...image } of stored) this.#images.set(uuid, image);
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
