import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Change,
  type Collection,
  collections,
  type DocumentStore,
} from '../../src/registry/document-store.ts';

/** A store and what opens it again, as the next start of the bridge does. */
export interface StoreUnderTest {
  readonly store: DocumentStore;
  reopen(): Promise<DocumentStore>;
}

const put = (collection: Collection, key: string, document: unknown): Change => ({
  kind: 'put',
  collection,
  key,
  document,
});

const remove = (collection: Collection, key: string): Change => ({ kind: 'delete', collection, key });

/** Holds what every {@link DocumentStore} promises; a further implementation is done when it passes. */
export function describeDocumentStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}: what every document store promises`, () => {
    let under: StoreUnderTest;
    let store: DocumentStore;

    beforeEach(async () => {
      under = await open();
      store = under.store;
    });

    const reopened = async (): Promise<void> => {
      await store.close();
      store = await under.reopen();
    };

    test('it is empty at first', async () => {
      for (const collection of collections) expect(await store.all(collection)).toEqual([]);
    });

    test('documents survive a restart, collection by collection', async () => {
      await store.put('devices', 'D1', { a: 1 });
      await store.put('devices', 'D2', { a: 2 });
      await store.put('modules', 'D1', { b: 1 });
      await store.delete('devices', 'D2');
      await reopened();
      expect(await store.all('devices')).toEqual([{ a: 1 }]);
      expect(await store.all('modules')).toEqual([{ b: 1 }]);
      expect(await store.all('jobs')).toEqual([]);
    });

    test('a transaction changes documents of several collections', async () => {
      await store.put('jobs', 'J', { state: 'transfer' });
      await store.transact([
        put('devices', 'D', { a: 1 }),
        put('accepted', 'D', { digest: 'x' }),
        remove('jobs', 'J'),
      ]);
      await reopened();
      expect(await Promise.all(collections.map((collection) => store.all(collection)))).toEqual([
        [{ a: 1 }],
        [],
        [],
        [],
        [],
        [{ digest: 'x' }],
        [],
      ]);
    });

    test('of two changes of one document in a transaction the last counts', async () => {
      await store.transact([
        put('jobs', 'A', 1),
        remove('jobs', 'B'),
        remove('jobs', 'A'),
        put('jobs', 'B', 2),
      ]);
      expect(await store.all('jobs')).toEqual([2]);
      await store.transact([put('jobs', 'A', 1), put('jobs', 'A', 3)]);
      await reopened();
      expect(new Set(await store.all('jobs'))).toEqual(new Set([2, 3]));
    });

    test('a transaction of nothing is done, and so is taking away what is not there', async () => {
      await store.transact([]);
      await store.delete('jobs', 'J');
      expect(await store.all('jobs')).toEqual([]);
    });

    test('what is asked of one document happens in the order it was asked for', async () => {
      const writes = Array.from({ length: 20 }, (_, i) => store.put('jobs', 'J', { i }));
      const both = store.transact([put('jobs', 'J', 'both'), put('jobs', 'K', 'both')]);
      await Promise.all([...writes, both, store.delete('jobs', 'J'), store.put('jobs', 'J', { i: 'last' })]);
      await reopened();
      expect(new Set(await store.all('jobs'))).toEqual(new Set([{ i: 'last' }, 'both']));
    });

    test('reading shows what was asked for before it, though nobody waited for that', async () => {
      const writing = store.put('jobs', 'J', 1);
      expect(await store.all('jobs')).toEqual([1]);
      await writing;
    });

    test('what happens to a document after the call is not stored', async () => {
      const document = { state: 'before' };
      const writing = store.put('jobs', 'J', document);
      document.state = 'after';
      await writing;
      expect(await store.all('jobs')).toEqual([{ state: 'before' }]);
    });

    test('closing waits for what was asked for', async () => {
      const writing = store.put('jobs', 'J', 1);
      await reopened();
      await writing;
      expect(await store.all('jobs')).toEqual([1]);
    });

    test('any text may stand in keys and documents', async () => {
      const texts = [
        '',
        '\n',
        '\u0000',
        '\u2028',
        'ä',
        '😀',
        '\ud800',
        '__proto__',
        '"',
        '\\n',
        '../../x',
        '%',
      ];
      for (const text of texts) await store.put('descriptions', text, { text, [text]: [text, null, 1e300] });
      await reopened();
      const known = texts.map((text) => ({ text, [text]: [text, null, 1e300] }));
      expect(new Set((await store.all('descriptions')).map((document) => JSON.stringify(document)))).toEqual(
        new Set(known.map((document) => JSON.stringify(document))),
      );
    });

    test('it holds what a map would hold after the same transactions, over restarts too', async () => {
      const key = fc.constantFrom('a', 'b', 'c');
      const collection = fc.constantFrom<Collection>('devices', 'jobs');
      const change = fc.oneof(
        fc.record({ kind: fc.constant('put' as const), collection, key, document: fc.jsonValue() }),
        fc.record({ kind: fc.constant('delete' as const), collection, key }),
      );
      const step = fc.oneof(
        { weight: 9, arbitrary: fc.array(change, { maxLength: 4 }) },
        fc.constant('restart'),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          under = await open();
          store = under.store;
          const model = new Map<string, string>();
          for (const taken of steps) {
            if (typeof taken === 'string') await reopened();
            else {
              // Not awaited: some are written together.
              void store.transact(taken);
              for (const made of taken)
                if (made.kind === 'put')
                  model.set(`${made.collection}/${made.key}`, JSON.stringify(made.document));
                else model.delete(`${made.collection}/${made.key}`);
            }
          }
          for (const name of ['devices', 'jobs'] as const) {
            const expected = [...model].filter(([id]) => id.startsWith(name)).map(([, text]) => text);
            const found = (await store.all(name)).map((document) => JSON.stringify(document));
            expect(found.sort()).toEqual(expected.sort());
          }
          await store.close();
        }),
        { numRuns: 40 },
      );
    });
  });
}
