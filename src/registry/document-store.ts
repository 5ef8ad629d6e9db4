/** The collections of the registry. */
export const collections = [
  'devices',
  'templates',
  'modules',
  'jobs',
  'descriptions',
  'accepted',
  'removed',
] as const;

/** The name of one of {@link collections}. */
export type Collection = (typeof collections)[number];

/** One document that is put in place of the one with its key, if there is any. */
export interface Put {
  readonly kind: 'put';
  readonly collection: Collection;
  readonly key: string;
  /** Plain JSON, as it is at the call: what happens to it afterwards is not stored. */
  readonly document: unknown;
}

/** One document that is taken away, if it is there. */
export interface Delete {
  readonly kind: 'delete';
  readonly collection: Collection;
  readonly key: string;
}

export type Change = Put | Delete;

/**
 * Where the registry keeps what survives a restart: JSON documents by collection and key. Behind one
 * asynchronous interface, so that a shared database can take the place of the embedded store; what every
 * implementation promises is in test/registry/document-store-contract.ts.
 */
export interface DocumentStore {
  /**
   * Makes several changes, all or none: whenever the process or the power ends, nobody finds a part of them.
   * When it resolves they survive a power cut. When it rejects none of them is seen by {@link all}; whether
   * they are there after a restart is open, and the next change of the same documents decides it. What is
   * asked of one document happens in the order it was asked for.
   */
  transact(changes: readonly Change[]): Promise<void>;
  /** A transaction of one {@link Put}. */
  put(collection: Collection, key: string, document: unknown): Promise<void>;
  /** A transaction of one {@link Delete}. */
  delete(collection: Collection, key: string): Promise<void>;
  /** All documents of a collection, in no particular order, after everything that was asked for before. */
  all(collection: Collection): Promise<readonly unknown[]>;
  /** Ends the store after everything that was asked for before; nothing may be asked for afterwards. */
  close(): Promise<void>;
}
