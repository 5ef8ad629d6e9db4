import type { StoredChange } from './journal-format.ts';

/** A document with its collection and key. */
export type StoredDocument = Extract<StoredChange, readonly [unknown, unknown, unknown]>;

/** Makes the documents of one version those of the next. Throws nothing: what it gets was written by us. */
export type Migration = (documents: readonly StoredDocument[]) => readonly StoredDocument[];

/**
 * The step from each version of the registry to the next. A released step is never changed: there are
 * registries behind it.
 */
export const migrations: readonly Migration[] = [
  // 0 to 1: the files of one document each became the journal.
  (documents) => documents,
];

/** Takes documents of a version to the newest, or to another, step by step. */
export function migrate(
  documents: readonly StoredDocument[],
  from: number,
  steps: readonly Migration[],
  to = steps.length,
): readonly StoredDocument[] {
  return steps.slice(from, to).reduce((made, step) => step(made), documents);
}
