import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import type { Change } from '../../src/registry/document-store.ts';
import {
  changeText,
  headerLine,
  readLine,
  readPlaces,
  recordLine,
} from '../../src/registry/journal-format.ts';

const key = fc.oneof(fc.string({ minLength: 1 }), fc.uuid(), fc.constantFrom('mqtt-board', 'a"],["b', '\\'));
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    collection: fc.constant('jobs' as const),
    key,
    document: fc.json().map((text) => JSON.parse(text)),
  }),
  fc.record({
    kind: fc.constant('put' as const),
    collection: fc.constant('devices' as const),
    key,
    document: fc.array(fc.array(fc.string())),
  }),
  fc.record({ kind: fc.constant('delete' as const), collection: fc.constant('devices' as const), key }),
);

const withoutLineFeed = (line: Uint8Array): Uint8Array => line.subarray(0, -1);

describe('the places in a line of the journal', () => {
  test('are those of the line, whatever its documents hold', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.array(change, { maxLength: 4 }), (at, synced, changes) => {
        const line = withoutLineFeed(recordLine({ at, synced, changes: changes.map(changeText) }, sha256));
        expect(withoutDocuments(readPlaces(line, sha256))).toEqual(withoutDocuments(readLine(line, sha256)));
      }),
    );
  });

  test('of a single put are told without its document', () => {
    const put = changeText({
      kind: 'put',
      collection: 'jobs',
      key: '00112233445566aa',
      document: [['a'], { b: 'c' }],
    });
    const line = withoutLineFeed(recordLine({ at: 7, synced: 5, changes: [put] }, sha256));
    expect(readPlaces(line, sha256)).toEqual({
      kind: 'record',
      at: 7,
      synced: 5,
      changes: [['jobs', '00112233445566aa', undefined]],
    });
  });

  test('are none where a bit has changed; a header is one', () => {
    const line = withoutLineFeed(recordLine({ at: 7, synced: 5, changes: ['["jobs","a",1]'] }, sha256));
    const blank = 32;
    for (let i = 0; i < line.length; i += 1) {
      if (i === blank) continue;
      const flipped = Uint8Array.from(line, (octet, at) => (at === i ? octet ^ 1 : octet));
      expect(readPlaces(flipped, sha256)).toBeUndefined();
    }
    expect(readPlaces(withoutLineFeed(headerLine(3, sha256)), sha256)).toEqual({
      kind: 'header',
      version: 3,
    });
  });
});

/** A put keeps its third member, which tells it from a removal. */
function withoutDocuments(line: ReturnType<typeof readLine>): unknown {
  if (line?.kind !== 'record') return line;
  const changes = line.changes.map(([collection, key, ...document]) => [collection, key, document.length]);
  return { ...line, changes };
}
