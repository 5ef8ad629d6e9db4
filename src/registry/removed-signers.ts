import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { Device } from './device.ts';
import type { Change, DocumentStore } from './document-store.ts';

/** What stays known of a removed device whose description its vendor had signed (ADR 29). */
export interface RemovedSigner {
  readonly uuid: DeviceUuid;
  /** Of the last description. */
  readonly counter: number;
  /** Digest of its template. */
  readonly description: Digest;
  /** Milliseconds since the epoch. */
  readonly removedAt: number;
}

/**
 * The vendor's word of devices that were removed, so that no older word of theirs brings one back. A vendor counts
 * for ever; a device that signs by itself may have lost its counter, and to be removed is what helps it then.
 */
export class RemovedSigners {
  readonly #max: number;
  /** Those that were removed first come first. */
  readonly #removed: Map<DeviceUuid, RemovedSigner>;

  private constructor(max: number, removed: readonly RemovedSigner[]) {
    this.#max = max;
    this.#removed = new Map(removed.map((one) => [one.uuid, one]));
  }

  /** Reads what the store holds. @param max more are forgotten, the oldest first */
  static async open(store: Pick<DocumentStore, 'all'>, max: number): Promise<RemovedSigners> {
    const stored = (await store.all('removed')) as readonly RemovedSigner[];
    return new RemovedSigners(
      max,
      stored.toSorted((a, b) => a.removedAt - b.removedAt),
    );
  }

  get(uuid: DeviceUuid): RemovedSigner | undefined {
    return this.#removed.get(uuid);
  }

  /**
   * Notes a device that is removed. It does no harm where that fails: what a device that is there was signed for last
   * stands with it. @returns what is to be stored with its removal
   */
  note({ uuid, signer, description }: Device, now: number): readonly Change[] {
    if (signer?.by !== 'vendor') return [];
    const document: RemovedSigner = { uuid, counter: signer.counter, description, removedAt: now };
    this.#removed.delete(uuid);
    this.#removed.set(uuid, document);
    return [{ kind: 'put', collection: 'removed', key: uuid, document }, ...this.#makeRoom()];
  }

  #makeRoom(): readonly Change[] {
    const oldest = [...this.#removed.keys()].slice(0, Math.max(0, this.#removed.size - this.#max));
    for (const uuid of oldest) this.#removed.delete(uuid);
    return oldest.map((key) => ({ kind: 'delete', collection: 'removed', key }) as const);
  }
}
