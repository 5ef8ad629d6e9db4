import type { Change, Collection } from '../../../src/registry/document-store.ts';
import { type Migration, migrations, type StoredDocument } from '../../../src/registry/migrations.ts';
import { numbers } from './numbers.ts';

const chosen: readonly Collection[] = ['devices', 'jobs', 'accepted'];
const keys = ['a', 'b', 'c', 'd'];

/** What version 0 held. */
export const firstDocuments: readonly StoredDocument[] = chosen.flatMap((collection) =>
  keys.slice(0, 2).map((key): StoredDocument => [collection, key, { first: `${collection} of ${key}` }]),
);

/** The migrations, and one to a version that there is not yet. */
export const nextVersion: readonly Migration[] = [
  ...migrations,
  (documents) =>
    documents.map(([collection, key, document]) => [
      collection,
      key,
      { ...(document as object), next: true },
    ]),
];

/** What a transaction of the history changes: two to four documents, so that none is merged into another. */
export function changesOf(transaction: number): readonly Change[] {
  const random = numbers(transaction);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const made = new Map<string, Change>();
  while (made.size < 2 + (transaction % 3)) {
    const [collection, key] = [pick(chosen), pick(keys)];
    const text = 'x'.repeat(Math.floor(random() ** 4 * 20_000));
    made.set(
      `${collection}/${key}`,
      random() < 0.3
        ? { kind: 'delete', collection, key }
        : { kind: 'put', collection, key, document: { transaction, text } },
    );
  }
  return [...made.values()];
}

/** What the registry holds after the first transactions of the history, as a text. */
export function stateAfter(transactions: number): string {
  const state = new Map(
    firstDocuments.map(([collection, key, document]) => [`${collection}/${key}`, { collection, document }]),
  );
  for (let i = 0; i < transactions; i += 1)
    for (const change of changesOf(i)) {
      const name = `${change.collection}/${change.key}`;
      if (change.kind === 'put')
        state.set(name, { collection: change.collection, document: change.document });
      else state.delete(name);
    }
  return asText([...state.values()]);
}

/** Documents in an order of their own, without what {@link nextVersion} adds. */
export function asText(
  documents: readonly { readonly collection: string; readonly document: unknown }[],
): string {
  const lines = documents.map(({ collection, document }) => {
    const { next: _, ...rest } = document as { readonly next?: true };
    return `${collection} ${JSON.stringify(rest)}`;
  });
  return lines.sort().join('\n');
}

/** What a store holds, as a text. */
export async function stateOf(all: (collection: Collection) => Promise<readonly unknown[]>): Promise<string> {
  const found = await Promise.all(
    chosen.map(async (collection) => (await all(collection)).map((document) => ({ collection, document }))),
  );
  return asText(found.flat());
}
