import { expect, test } from '@jest/globals';
import type { Digest } from '../../src/base/ids.ts';
import type { DeviceDeps } from '../../src/device/options.ts';
import type { Collection, DocumentStore } from '../../src/registry/document-store.ts';
import type { Doubles } from './double.ts';
import { runMynoSeed, runSeed } from './run.ts';

/** A rule is broken on purpose: some seed has to show it, and soon. */
const maxSeeds = 150;

/** A store that says that something is written before it is. */
function hasty(real: DocumentStore): DocumentStore {
  const hurry = (writing: Promise<void>): Promise<void> => {
    writing.catch(() => {});
    return Promise.resolve();
  };
  return {
    ...real,
    transact: (changes) => hurry(real.transact(changes)),
    put: (collection, key, document) => hurry(real.put(collection, key, document)),
  };
}

/** A store that does not give back what is in one collection. */
function forgetful(collection: Collection): (real: DocumentStore) => DocumentStore {
  return (real) => ({ ...real, all: async (asked) => (asked === collection ? [] : real.all(asked)) });
}

/** A device that takes every image for the one whose manifest it checked last. */
function blind(real: DeviceDeps): DeviceDeps {
  let promised = '' as Digest;
  return {
    ...real,
    scheme: {
      ...real.scheme,
      verify(message, signature, key) {
        const [digest] = /[0-9a-f]{64}/.exec(new TextDecoder().decode(message)) ?? [];
        promised = (digest ?? promised) as Digest;
        return real.scheme.verify(message, signature, key);
      },
    },
    startSha256: () => ({ update: () => {}, digest: () => promised }),
  };
}

async function expectFound(run: typeof runSeed, doubles: Doubles, expected: RegExp): Promise<void> {
  const found: string[] = [];
  for (let seed = 1; seed <= maxSeeds && !expected.test(found.join('\n')); seed += 1)
    found.push(...(await run(seed, { doubles })).violations);
  expect(found.join('\n')).toMatch(expected);
}

test.each<[string, Doubles, RegExp]>([
  ['an effect does not wait for its record', { bridgeStore: hasty }, /is lost|had ended/],
  ['a bridge forgets its jobs', { bridgeStore: forgetful('jobs') }, /is lost/],
  ['a bridge forgets its devices', { bridgeStore: forgetful('devices') }, /cannot be updated any more/],
  [
    'no deadline comes',
    {
      bridgeClock: (real) => ({
        ...real,
        schedule: (delayMs, task) => real.schedule(delayMs > 20_000 ? 1e9 : delayMs, task),
      }),
    },
    /did not end/,
  ],
  [
    'jobs share an id',
    { bridgeRandom: (length) => new Uint8Array(length) },
    /two orders|is another device's|had ended/,
  ],
  [
    'a nonce is used again',
    { deviceDeps: (real) => ({ ...real, random: (length) => new Uint8Array(length) }) },
    /accepted the nonce 0+ twice/,
  ],
  [
    'no signature is checked',
    { deviceDeps: (real) => ({ ...real, scheme: { ...real.scheme, verify: () => true } }) },
    /booted something that is not the vendor's version 5/,
  ],
  ['no digest is checked', { deviceDeps: blind }, /booted something that is not the vendor's version/],
])('%s: the harness finds it', (_, doubles, expected) => expectFound(runSeed, doubles, expected), 120_000);

test.each<[string, Doubles, RegExp]>([
  [
    'nobody waits for the answer of a device that takes one message at a time',
    {
      bridgeClock: (real) => ({
        ...real,
        schedule: (delayMs, task) => real.schedule(Math.min(delayMs, 500), task),
      }),
    },
    /came before its last answer went out/,
  ],
  [
    'a bridge forgets devices that describe themselves once a boot',
    { bridgeStore: forgetful('devices') },
    /cannot be updated any more/,
  ],
  ['a bridge forgets their jobs', { bridgeStore: forgetful('jobs') }, /is lost/],
])(
  '%s: the harness finds it with devices of the prototype',
  (_, doubles, expected) => expectFound(runMynoSeed, doubles, expected),
  120_000,
);
