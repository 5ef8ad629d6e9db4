import type { Digest } from '../base/ids.ts';
import type { DescriptionTemplate } from '../ontology/description-template.ts';
import type { Change } from './document-store.ts';
import type { SharedDocument, SharedDocuments } from './shared-documents.ts';
import { Templates } from './templates.ts';

/**
 * The templates of the devices, in memory and in the store: each is there as long as a device is described with
 * it, or is again if what it does now cannot be stored.
 */
export class KeptTemplates {
  readonly #documents: SharedDocuments;
  readonly #isDescribed: (digest: Digest) => boolean;
  readonly #templates: Templates;
  /** Devices whose leaving of their description is being written: they have it again if that fails. */
  readonly #leavers = new Set<{ readonly digest: Digest | undefined }>();

  /**
   * @param isDescribed whether there is a device with that description
   * @param maxBytes of all of them, about
   */
  constructor(documents: SharedDocuments, isDescribed: (digest: Digest) => boolean, maxBytes: number) {
    this.#documents = documents;
    this.#isDescribed = isDescribed;
    this.#templates = new Templates(maxBytes);
  }

  /** Reads what the store holds. */
  async load(): Promise<void> {
    const templates = await this.#documents.load<DescriptionTemplate>('templates', ({ digest }) => digest);
    for (const template of templates) this.#templates.restore(template);
  }

  get(digest: Digest): DescriptionTemplate | undefined {
    return this.#templates.get(digest);
  }

  has(digest: Digest): boolean {
    return this.#templates.has(digest);
  }

  /**
   * Takes a template up for a device that is about to be stored.
   * @returns what has to be stored with that
   * @throws UnavailableError `too-many-descriptions`
   */
  take(template: DescriptionTemplate): SharedDocument {
    const { digest } = template;
    if (!this.#templates.has(digest)) this.#templates.add(template);
    return { collection: 'templates', key: digest, current: () => this.#templates.get(digest) };
  }

  /** Does what a device may leave its description by; its template stays in case that fails. */
  async leaving(digest: Digest | undefined, leave: () => Promise<void>): Promise<void> {
    const leaver = { digest };
    this.#leavers.add(leaver);
    try {
      await leave();
    } finally {
      this.#leavers.delete(leaver);
    }
  }

  /**
   * Lets a template go that no device is described with any more. One that stays on the disk because that fails
   * goes at the next start.
   */
  async forget(digest: Digest): Promise<void> {
    const removal = (): readonly Change[] => {
      const needed =
        this.#isDescribed(digest) || [...this.#leavers].some((leaver) => leaver.digest === digest);
      if (needed || !this.#templates.delete(digest)) return [];
      return this.#documents.removal('templates', digest);
    };
    await this.#documents.transact([], removal).catch(() => {});
  }

  /** Lets all go but these: what a crash, or a full disk, has left. */
  async forgetOthers(used: ReadonlySet<Digest>): Promise<void> {
    for (const digest of this.#templates.digests()) if (!used.has(digest)) await this.forget(digest);
  }
}
