/** The collections of the registry. */
export type Collection = 'devices' | 'templates' | 'modules' | 'jobs' | 'descriptions' | 'accepted';

/**
 * Where the registry keeps what survives a restart: JSON documents by collection and key. Behind one
 * asynchronous interface, so that a shared database can take the place of the embedded store. What is asked
 * of one document happens in the order it was asked for.
 */
export interface DocumentStore {
  /**
   * When it resolves the document survives the end of the process, and one of `jobs`, `accepted` or
   * `descriptions` a power cut too. After
   * a crash the old or the new document is there, never a mix.
   */
  put(collection: Collection, key: string, document: unknown): Promise<void>;
  delete(collection: Collection, key: string): Promise<void>;
  /** All documents of a collection, in no particular order. */
  all(collection: Collection): Promise<readonly unknown[]>;
}
