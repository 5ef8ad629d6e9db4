import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeUtf8, equalBytes, fromHex, utf8 } from '../../src/base/bytes.ts';
import type { Firmware } from '../../src/device/firmware.ts';
import type { UpdateReceiver } from '../../src/device/update-receiver.ts';
import { allChecks } from '../../src/kit/checks/all.ts';
import type { MqttTransport } from '../../src/mqtt/transport.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { authenticatedHeaderBytes, decodeAuthenticatedSlice } from '../../src/mup/authenticated-slices.ts';
import type { PublicKey } from '../../src/mup/signature-scheme.ts';
import { encodeSlice } from '../../src/mup/slices.ts';
import { authenticating, type BenchDevice, countingRandom, topics, uuid } from '../device/bench-device.ts';
import { FaultyTransport } from '../support/faulty-device.ts';
import { kitOptions, results } from './bench-kit.ts';
import {
  answersEverywhere,
  blindToDigests,
  clipsSlices,
  diesOfNonsense,
  hearing,
  Mutations,
  overlooks,
  takesEveryKey,
  takesSlicesAsTheyCome,
} from './mutations.ts';

let mutations: Mutations;
beforeEach(() => {
  mutations = new Mutations();
});
afterEach(() => mutations.end());

/** The fault that is used here waits for nothing. */
const noClock = { now: () => 0, monotonic: () => 0, schedule: () => () => {} };

/** What no mutant is to lose: it is broken in one place, not dead. */
const sound = 'token/fields';

/** A device that is broken in one place, and the checks that have to find it. */
const mutants: readonly [string, (device: Mutations) => BenchDevice, readonly string[]][] = [
  [
    'hands out one nonce for ever',
    (one) => one.device({ random: (length) => new Uint8Array(length) }),
    [
      ...['token/nonce-fresh', 'token/superseded', 'manifest/replayed'],
      ...['update/replayed', 'update/nonce-after-restart'],
    ],
  ],
  [
    'seeds its generator alike at each boot',
    (one) => {
      let random = countingRandom();
      const device = one.device({ random: (length) => random(length) });
      device.agent.onEvent(({ kind }) => {
        if (kind === 'restarting') random = countingRandom();
      });
      return device;
    },
    ['update/nonce-after-restart'],
  ],
  [
    'takes a nonce that is spent, replaced or unknown',
    (one) => {
      one.replace(
        'receiveManifest',
        (real) =>
          function (this: UpdateReceiver, manifest, now) {
            one.draw(fromHex(manifest?.nonce ?? '') ?? new Uint8Array(16));
            this.issueToken();
            return real.call(this, manifest, now);
          },
      );
      return one.device();
    },
    ['token/superseded', 'manifest/nonce-unknown', 'manifest/nonce-spent', 'manifest/replayed'],
  ],
  [
    'verifies no signature',
    (one) => one.device({ scheme: { ...es256, verify: () => true } }),
    [
      ...['manifest/outer-signature', 'manifest/inner-signature', 'manifest/mixed'],
      ...['keys/forged', 'keys/other-epoch'],
    ],
  ],
  [
    'wants a low s',
    (one) =>
      one.device({
        scheme: {
          ...es256,
          verify: (text, signature, key) => (signature[32] ?? 0) < 0x80 && es256.verify(text, signature, key),
        },
      }),
    ['manifest/every-s'],
  ],
  ['does not look at the UUID', (one) => overlooks(one, () => ({ uuid })), ['manifest/other-device']],
  ['does not look at the App ID', (one) => overlooks(one, () => ({ appId: 'APP' })), ['manifest/other-app']],
  [
    'takes every version',
    (one) => {
      let taken = 1000;
      return overlooks(one, () => {
        taken += 1;
        return { newVersion: taken };
      });
    },
    ['manifest/version-same', 'manifest/version-lower', 'update/rollback'],
  ],
  [
    'compares versions as texts',
    (one) => {
      let runs = '1';
      one.replace(
        'receiveManifest',
        (real) =>
          function (this: UpdateReceiver, manifest, now) {
            const isHigher = manifest === undefined || String(manifest.newVersion) > runs;
            return real.call(this, isHigher ? manifest : { ...manifest, newVersion: 0 }, now);
          },
      );
      const device = one.device();
      device.agent.onEvent((event) => {
        if (event.kind === 'restarted') runs = String(event.version);
      });
      return device;
    },
    ['update/versions-as-numbers'],
  ],
  [
    'takes every difference',
    (one) => overlooks(one, () => ({ oldVersion: 0 })),
    ['manifest/wrong-precursor'],
  ],
  ['takes every size', (one) => overlooks(one, () => ({ size: 1 })), ['manifest/too-big']],
  [
    'takes a second manifest in the place of the first',
    (one) => {
      one.replace(
        'receiveManifest',
        (real) =>
          function (this: UpdateReceiver, ...given) {
            this.abandon('another one came');
            return real.apply(this, given);
          },
      );
      return one.device();
    },
    ['manifest/changed-after-acceptance'],
  ],
  [
    'accepts what is no manifest',
    (one) => {
      one.replace('receiveManifest', () => () => [{ kind: 'answer', state: '10_OK' }]);
      return one.device();
    },
    ['manifest/malformed', 'manifest/suite-unknown', 'manifest/order'],
  ],
  [
    'takes slices as they come',
    takesSlicesAsTheyCome,
    ['slices/duplicate', 'slices/lost', 'slices/overlapping', 'slices/resumed'],
  ],
  ['writes beyond the size', clipsSlices, ['slices/oversized']],
  [
    'takes what is retained',
    (one) => one.device({}, (inner) => hearing(inner, (message) => ({ ...message, retain: false }))),
    ['slices/retained', 'rpc/retained'],
  ],
  ['does not compare the digest', blindToDigests, ['image/altered', 'manifest/changed-after-acceptance']],
  [
    'says 10_OK to every FIN',
    (one) => {
      one.replace('receiveFin', () => () => [{ kind: 'answer', state: '10_OK' }]);
      return one.device();
    },
    ['image/truncated', 'image/altered', 'image/without-manifest', 'image/abort'],
  ],
  [
    'does not know ABORT',
    (one) => {
      one.replace('receiveAbort', () => () => [{ kind: 'answer', state: '12_ERROR' }]);
      return one.device();
    },
    ['image/abort', 'image/abort-idle'],
  ],
  [
    'takes every key',
    takesEveryKey,
    ['keys/unendorsed', 'keys/forged', 'keys/other-epoch', 'keys/older-epoch'],
  ],
  [
    'never takes another key',
    (one) =>
      one.device({}, (inner) =>
        hearing(inner, (message) =>
          message.topic === topics.descriptionStatus && !Buffer.from(message.payload).includes(';1;')
            ? undefined
            : message,
        ),
      ),
    ['keys/rotated'],
  ],
  [
    'takes every next key of its vendor',
    (one) =>
      one.device({
        scheme: {
          ...es256,
          verify: (text, ...rest) =>
            decodeUtf8(text)?.startsWith('MUP-VENDOR-KEY;') === true || es256.verify(text, ...rest),
        },
      }),
    ['vendor/forged', 'vendor/changed', 'vendor/other-purpose'],
  ],
  [
    'does not know the prefix of the text that is signed for a next key',
    (one) =>
      one.device({
        scheme: {
          ...es256,
          verify: (text, ...rest) =>
            es256.verify(text, ...rest) ||
            es256.verify(utf8((decodeUtf8(text) ?? '').replace('VENDOR-KEY', 'UPDATE-SERVER')), ...rest),
        },
      }),
    ['vendor/other-purpose'],
  ],
  [
    'forgets the counter of its vendor’s key',
    (one) => {
      one.keepVendorKey(
        (real) =>
          function (this: Firmware, key) {
            return real.call(this, key, 0);
          },
      );
      return one.device();
    },
    ['vendor/repeated', 'vendor/replayed'],
  ],
  [
    'believes what the vendor’s key before has endorsed',
    (one) => {
      const seen: PublicKey[] = [];
      return one.device({
        scheme: {
          ...es256,
          verify: (text, signature, key) => {
            if (!seen.some((kept) => equalBytes(kept, key))) seen.push(key);
            const endorsed = decodeUtf8(text)?.startsWith('MUP-UPDATE-SERVER;') === true;
            const keys = endorsed ? seen : [key];
            return keys.some((one) => es256.verify(text, signature, one));
          },
        },
      });
    },
    ['vendor/earlier-endorsement'],
  ],
  [
    'takes a next key for no more than an answer',
    (one) => {
      one.keepVendorKey(() => async () => {});
      return one.device();
    },
    ['vendor/rolled-over'],
  ],
  [
    'says that it runs what it does not',
    (one) => one.device({}, (inner) => new FaultyTransport(inner, topics, noClock, { claimedVersion: 7 })),
    ['registration/online', 'update/version-reported'],
  ],
  [
    'lets others say that it is gone',
    (one) =>
      one.device({}, (inner) =>
        hearing(inner, (message) => (message.topic === topics.status ? undefined : message)),
      ),
    ['registration/contradicted'],
  ],
  ['answers where it is told to', answersEverywhere, ['rpc/response-topic']],
];

test.each(mutants)('a device that %s is found', async (_, make, ids) => {
  expect(allChecks.map(({ id }) => id)).toEqual(expect.arrayContaining([...ids]));
  const device = make(mutations);
  const found = await results(device, kitOptions(device), ({ id }) => id === sound || ids.includes(id));
  const outcomes = ids.map((id) => [id, found.get(id)?.outcome]);
  expect(outcomes).toEqual(ids.map((id) => [id, 'failed']));
  expect(found.get(sound)?.outcome).toBe('passed');
});

describe('of a device with authenticated slices', () => {
  const outcomes = async (device: BenchDevice, ids: readonly string[]): Promise<unknown[]> => {
    const found = await results(device, kitOptions(device, authenticating), ({ id }) => ids.includes(id));
    return ids.map((id) => found.get(id)?.outcome);
  };

  test('one that takes them from everybody is found', async () => {
    mutations.replace(
      'receiveManifest',
      (real) =>
        function (this: UpdateReceiver, manifest, now) {
          if (manifest === undefined) return real.call(this, manifest, now);
          const { slices: _, ...unannounced } = manifest;
          return real.call(this, unannounced, now);
        },
    );
    mutations.replace(
      'receiveSlice',
      (real) =>
        function (this: UpdateReceiver, payload, now) {
          const slice = decodeAuthenticatedSlice(payload);
          return slice === undefined ? [] : real.call(this, encodeSlice(slice.offset, slice.bytes), now);
        },
    );
    const device = mutations.device({ scheme: { ...es256, verify: () => true } }, undefined, authenticating);
    expect(await outcomes(device, ['slices/authenticated', sound])).toEqual(['failed', 'passed']);
  });

  test('one that refuses a second manifest, and goes by it all the same, is found', async () => {
    mutations.replace(
      'receiveManifest',
      (real) =>
        function (this: UpdateReceiver, ...given) {
          if (this.manifest === undefined) return real.apply(this, given);
          this.abandon('another one came');
          real.apply(this, given);
          return [{ kind: 'answer', state: '26_SAVESLOT-IN-USE' }];
        },
    );
    const device = mutations.device({}, undefined, authenticating);
    const ids = ['manifest/changed-after-acceptance', sound];
    expect(await outcomes(device, ids)).toEqual(['failed', 'passed']);
  });

  test('one that a slice without octets ends is found', async () => {
    let isDead = false;
    const hears = (inner: MqttTransport): MqttTransport =>
      hearing(inner, (message) => {
        isDead ||= message.topic === topics.image && message.payload.length === authenticatedHeaderBytes;
        return isDead ? undefined : message;
      });
    const device = mutations.device({}, hears, authenticating);
    expect(await outcomes(device, [sound, 'slices/empty'])).toEqual(['passed', 'failed']);
  });
});

test('a device that dies of a check has failed it, and is asked nothing more', async () => {
  const device = diesOfNonsense(mutations);
  const ids = ['registration/online', 'rpc/malformed', 'token/fields'];
  const found = await results(device, kitOptions(device), ({ id }) => ids.includes(id));
  expect(ids.map((id) => found.get(id)?.outcome)).toEqual(['passed', 'failed', 'error']);
  expect(found.get('token/fields')?.reason).toBe('the device answers no more since rpc/malformed');
});
