import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { concatBytes } from '../../src/base/bytes.ts';
import { UsageError } from '../../src/base/errors.ts';
import { checkManifestOperation } from '../../src/device/manifest-request.ts';
import type { ReceiverEffect, UpdateReceiver } from '../../src/device/update-receiver.ts';
import { ChainedSlices, SliceChain } from '../../src/mup/slice-chain.ts';
import { encodeSlice } from '../../src/mup/slices.ts';
import { authenticating, BenchDevice, extended, image, topics, unsigned, uuid } from './bench-device.ts';
import { acknowledged, newReceiver, stateIn } from './receiver-bench.ts';

const sliceSize = 70;

/** The slices of an image, as the update server sends them, and what its manifest says of them. */
async function chainOf(content: Uint8Array) {
  const source = {
    digest: sha256(content),
    size: content.length,
    read: (at: number, length: number) => content.subarray(at, at + length),
  };
  const chain = await SliceChain.of(source, sliceSize, sha256);
  const slices = new ChainedSlices(chain, source);
  const payloads: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += sliceSize)
    payloads.push(await slices.payload(at, Math.min(sliceSize, content.length - at)));
  return { head: chain.head, payloads };
}

let sound: Awaited<ReturnType<typeof chainOf>>;
let other: Awaited<ReturnType<typeof chainOf>>;

beforeAll(async () => {
  sound = await chainOf(image);
  // The same but for its first octet: every later slice has the same octets.
  other = await chainOf(Uint8Array.from(image, (octet, i) => (i === 0 ? octet ^ 1 : octet)));
});

/** A receiver that has accepted a manifest which promises the slices of the image. */
function accepting(): UpdateReceiver {
  const receiver = newReceiver();
  const token = { uuid, ...receiver.issueToken() };
  expect(stateIn(receiver.receiveManifest(extended(token, { slices: sound.head }), 0))).toBe('10_OK');
  return receiver;
}

const written = (effects: readonly ReceiverEffect[]): Uint8Array[] =>
  effects.flatMap((effect) => (effect.kind === 'write' ? [effect.bytes] : []));

type Injected =
  | { readonly kind: 'flipped'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly octets: number }
  | { readonly kind: 'lengthened' }
  | { readonly kind: 'other-image' }
  | { readonly kind: 'another'; readonly n: number }
  | { readonly kind: 'plain' }
  | { readonly kind: 'noise'; readonly octets: Uint8Array };

const injected: fc.Arbitrary<Injected> = fc.oneof(
  fc.record({
    kind: fc.constant('flipped' as const),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    bit: fc.nat(7),
  }),
  fc.record({ kind: fc.constant('cut' as const), octets: fc.integer({ min: 1, max: 80 }) }),
  fc.constantFrom<Injected>({ kind: 'lengthened' }, { kind: 'other-image' }, { kind: 'plain' }),
  fc.record({ kind: fc.constant('another' as const), n: fc.nat(14) }),
  fc.record({ kind: fc.constant('noise' as const), octets: fc.uint8Array({ maxLength: 120 }) }),
);

/** What an attacker who sees the slice that is due sends in its place. */
function forgedFrom(due: Uint8Array, n: number, attack: Injected): Uint8Array {
  switch (attack.kind) {
    case 'flipped': {
      const at = Math.floor(attack.at * due.length);
      return due.map((octet, i) => (i === at ? octet ^ (1 << attack.bit) : octet));
    }
    case 'cut':
      return due.subarray(0, Math.max(0, due.length - attack.octets));
    case 'lengthened':
      return concatBytes([due, Uint8Array.of(0)]);
    case 'other-image':
      return other.payloads[n] ?? new Uint8Array();
    case 'another':
      return sound.payloads[attack.n === n ? (n + 1) % 15 : attack.n] ?? new Uint8Array();
    case 'plain':
      return encodeSlice(n * sliceSize, image.subarray(n * sliceSize, (n + 1) * sliceSize));
    default:
      return attack.octets;
  }
}

describe('a device that takes authenticated slices (ADR 28)', () => {
  test('drops every other slice at once, whatever it is, and the image is whole in the end', () => {
    fc.assert(
      fc.property(fc.array(fc.array(injected, { maxLength: 4 }), { maxLength: 15 }), (attacks) => {
        const receiver = accepting();
        const slot: Uint8Array[] = [];
        for (const [n, due] of sound.payloads.entries()) {
          for (const attack of attacks[n] ?? []) {
            const effects = receiver.receiveSlice(forgedFrom(due, n, attack), 0);
            expect(written(effects)).toEqual([]);
            expect([undefined, n * sliceSize]).toContain(acknowledged(effects));
          }
          const effects = receiver.receiveSlice(due, 0);
          slot.push(...written(effects));
          expect(acknowledged(effects)).toBe(Math.min((n + 1) * sliceSize, image.length));
          // It comes twice.
          expect(written(receiver.receiveSlice(due, 0))).toEqual([]);
        }
        expect(concatBytes(slot)).toEqual(image);
        expect(stateIn(receiver.receiveFin())).toBe('10_OK');
      }),
    );
  });

  test('says how many it dropped that were not the update server’s', () => {
    const receiver = accepting();
    const [first = new Uint8Array()] = sound.payloads;
    receiver.receiveSlice(first.with(30, 0xff), 0);
    receiver.receiveSlice(first.with(4, 0xff), 0);
    // Late or early, it may well be the update server's.
    receiver.receiveSlice(sound.payloads[3] ?? first, 0);
    for (const payload of sound.payloads) receiver.receiveSlice(payload, 0);
    const [event] = receiver
      .receiveFin()
      .flatMap((effect) => (effect.kind === 'event' ? [effect.event] : []));
    expect(event).toMatchObject({ kind: 'image-verified', forged: 2 });
  });

  test('a manifest whose promise was changed or left out does not bear the update server’s signature', () => {
    for (const slices of [undefined, other.head, { ...sound.head, sliceSize: 71 }]) {
      const receiver = newReceiver();
      const { slices: _, ...signed } = extended({ uuid, ...receiver.issueToken() }, { slices: sound.head });
      const changed = slices === undefined ? signed : { ...signed, slices };
      expect(stateIn(receiver.receiveManifest(changed, 0))).toBe('23_OUTER-SIGN-INVALID');
    }
  });
});

describe('the device agent with authenticated slices (ADR 28)', () => {
  const description = { ...authenticating, maxSliceSize: 100 };
  const newDevice = (store?: BenchDevice['store']): BenchDevice =>
    new BenchDevice({ description }, store && { store });
  const send = async (device: BenchDevice, payloads: readonly Uint8Array[]): Promise<void> => {
    for (const payload of payloads) device.broker.inject(topics.image, payload, { qos: 0 });
    await device.settled();
  };
  const begun = async (): Promise<BenchDevice> => {
    const device = await newDevice().startRegistered();
    const manifest = extended(await device.token(), { slices: sound.head });
    expect(await device.sendManifest(manifest)).toBe('10_OK');
    return device;
  };

  test('takes the image, and boots it', async () => {
    const device = await begun();
    await send(device, sound.payloads);
    expect(await device.fin()).toBe('10_OK');
    await device.settled();
    expect(device.agent.version).toBe(2);
  });

  test.each([
    ['says nothing of slices', undefined],
    ['promises larger slices than it takes', 101],
  ])('refuses a manifest that %s', async (_, size) => {
    const device = await newDevice().startRegistered();
    const slices = size === undefined ? {} : { slices: { ...sound.head, sliceSize: size } };
    expect(await device.sendManifest(extended(await device.token(), slices))).toBe('20_MANIFEST-NOT-VALID');
  });

  test('goes on after a loss of power, where the chain holds', async () => {
    const device = await begun();
    await send(device, sound.payloads.slice(0, 6));
    const again = await newDevice(device.store.snapshot()).startRegistered();
    expect(again.seen('transfer-resumed')).toEqual([{ kind: 'transfer-resumed', offset: 6 * sliceSize }]);
    await send(again, sound.payloads.slice(6));
    expect(await again.fin()).toBe('10_OK');
  });

  test.each([
    ['an octet of the third slice', 'b', 2 * sliceSize + 3, 2],
    ['an octet of the first slice', 'b', 0, 0],
    ['the hash of the fifth slice', 'hashes', 3 * 16 + 2, 3],
  ] as const)('goes on before %s where that was lost with the power', async (_, where, at, slices) => {
    const device = await begun();
    await send(device, sound.payloads.slice(0, 6));
    const store = device.store.snapshot();
    const slot = where === 'hashes' ? store.hashes : store.slots[where];
    slot.bytes = slot.bytes.with(at, (slot.bytes[at] ?? 0) ^ 0xff) as typeof slot.bytes;
    const again = await newDevice(store).startRegistered();
    expect(again.seen('transfer-resumed')).toMatchObject([{ offset: slices * sliceSize }]);
    await send(again, sound.payloads.slice(slices));
    expect(await again.fin()).toBe('10_OK');
  });

  test.each(['b', 'hashes'] as const)('a write to %s that was cut short counts as none', async (where) => {
    const device = await begun();
    await send(device, sound.payloads.slice(0, 6));
    const store = device.store.snapshot();
    const slot = where === 'hashes' ? store.hashes : store.slots[where];
    slot.bytes = slot.bytes.slice(0, -3);
    const again = await newDevice(store).startRegistered();
    expect(again.seen('transfer-resumed')).toMatchObject([{ offset: 5 * sliceSize }]);
  });

  test('an operation that takes the one field without the other is none', () => {
    const operation = authenticating.operations.find(({ role }) => role === 'manifest');
    const inputs = operation?.inputs.filter(({ role }) => role !== 'sliceSize') ?? [];
    expect(() => operation && checkManifestOperation({ ...operation, inputs })).toThrow(UsageError);
  });

  test('slices of an image that the vendor did not sign end with 28 all the same', async () => {
    const device = await newDevice().startRegistered();
    // Only the update server can promise them, and it is not trusted with the image.
    const manifest = extended(await device.token(), { slices: other.head, manifest: { ...unsigned } });
    await device.sendManifest(manifest);
    await send(device, other.payloads);
    expect(await device.fin()).toBe('28_IMAGE-INVALID');
  });
});
