import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeUtf8, uint32FromBytes } from '../../src/base/bytes.ts';
import { deferred } from '../../src/base/deferred.ts';
import { encodeSlice } from '../../src/mup/slices.ts';
import type { MemorySlot } from '../support/memory-device-store.ts';
import { ScriptedBroker } from '../support/scripted-transport.ts';
import {
  BenchDevice,
  endorsed,
  extended,
  image,
  manifestInputs,
  saysOnline,
  server,
  stranger,
  topics,
} from './bench-device.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

function presence(): string | undefined {
  return decodeUtf8(device.broker.retained.get(topics.status)?.payload ?? new Uint8Array());
}

function record(of = device): { version: number; activeSlot: 'a' | 'b'; [field: string]: unknown } {
  return JSON.parse(decodeUtf8(of.store.record ?? new Uint8Array()) ?? '');
}

function downloadSlot(): MemorySlot {
  return device.store.slots[record().activeSlot === 'a' ? 'b' : 'a'];
}

/** The device after a power cut at this moment: same state, all memory lost. */
async function powerCut(): Promise<void> {
  const store = device.store.snapshot();
  device.transport.disconnect();
  await device.agent.close();
  device = await new BenchDevice({}, { store, broker: device.broker }).start();
}

describe('an update from token to restart (mup-protocol §3)', () => {
  test('the device restarts with the new version, from the other slot, and says so', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.sendImage();
    expect(await device.fin()).toBe('10_OK');
    expect(device.broker.texts(topics.status)).toEqual(['online;1', saysOnline(1), 'offline', saysOnline(2)]);
    expect(device.agent.version).toBe(2);
    expect(record()).toMatchObject({ version: 2, activeSlot: 'b' });
    expect(device.store.slots.b.bytes).toEqual(image);
    expect(device.events.map(({ kind }) => kind).filter((kind) => !/slice|request/.test(kind))).toEqual([
      'server-key-taken',
      'registered',
      'token-issued',
      'manifest-accepted',
      'image-verified',
      'restarting',
      'restarted',
    ]);
  });

  test('after the restart it registers again and answers requests', async () => {
    device = await new BenchDevice({ pieceBytes: 100 }).startRegistered();
    await device.begin();
    await device.sendImage();
    await device.fin();
    expect(device.broker.texts(topics.description)).toHaveLength(2);
    expect((await device.token()).version).toBe(2);
  });

  test('version and key outlive the process; the next update goes back into the first slot', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.sendImage();
    await device.fin();
    await powerCut();
    expect(presence()).toBe(saysOnline(2));
    await device.begin({ newVersion: 3, oldVersion: 2 });
    await device.sendImage();
    expect(await device.fin()).toBe('10_OK');
    expect(record()).toMatchObject({ version: 3, activeSlot: 'a' });
  });

  test('after an update the old version, and the same again, are refused (§5, rollback)', async () => {
    device = await new BenchDevice().startRegistered();
    const first = await device.begin();
    await device.sendImage();
    await device.fin();
    const again = extended(await device.token(), { manifest: { oldVersion: 0 } });
    expect(await device.sendManifest(again)).toBe('25_INVALID-VERSIONNR');
    const older = extended(await device.token(), { manifest: { newVersion: 1, oldVersion: 0 } });
    expect(await device.sendManifest(older)).toBe('25_INVALID-VERSIONNR');
    expect(await device.sendManifest(first)).toBe('22_INVALID-NONCE');
  });

  test('a token of before the restart is worth nothing after it', async () => {
    device = await new BenchDevice().startRegistered();
    const token = await device.token();
    await powerCut();
    expect(await device.sendManifest(extended(token))).toBe('22_INVALID-NONCE');
  });

  test('a manifest that is not well-formed is answered so, and the token stays', async () => {
    device = await new BenchDevice().startRegistered();
    const manifest = extended(await device.token());
    const inputs = manifestInputs(manifest);
    const damages: readonly [number, string][] = [
      [0, '2'],
      [1, 'A PP'],
      [2, '00'],
      [3, 'ABCD'],
      [4, '0x10'],
      [4, '4294967296'],
      [5, '-1'],
      [6, ''],
      [7, inputs[7]?.toUpperCase() ?? ''],
      [8, '+'],
      [9, '123456'],
      [10, 'aa'],
    ];
    for (const [at, value] of damages) {
      const damaged = inputs.map((input, i) => (i === at ? value : input));
      const answer = await device.request(topics.firmware, 'SEND-EXTENDED-MANIFEST', damaged);
      expect([at, answer?.state]).toEqual([at, '20_MANIFEST-NOT-VALID']);
    }
    expect(await device.sendManifest(manifest)).toBe('10_OK');
  });
});

describe('the slice topic (paper §4.2)', () => {
  test('it is joined when a manifest is accepted, and left at FIN', async () => {
    device = await new BenchDevice().startRegistered();
    expect(device.transport.filters).not.toContain(topics.image);
    await device.begin();
    expect(device.transport.filters).toContain(topics.image);
    await device.sendImage();
    await device.fin();
    expect(device.transport.filters).not.toContain(topics.image);
  });

  test('it is not joined for a manifest that is refused', async () => {
    device = await new BenchDevice().startRegistered();
    const manifest = extended(await device.token(), { serverOf: stranger });
    expect(await device.sendManifest(manifest)).toBe('23_OUTER-SIGN-INVALID');
    expect(device.transport.filters).not.toContain(topics.image);
  });

  test('it is left when an image is refused, and when the deadline passes', async () => {
    device = await new BenchDevice({ limits: { idleDeadlineMs: 5000 } }).startRegistered();
    await device.begin();
    expect(await device.fin()).toBe('28_IMAGE-INVALID');
    expect(device.transport.filters).not.toContain(topics.image);
    await device.begin();
    device.clock.advance(5000);
    await device.settled();
    expect(device.transport.filters).not.toContain(topics.image);
    expect(device.seen('transfer-abandoned')).toHaveLength(1);
  });

  test('10_OK comes only once the subscription stands', async () => {
    const granted = deferred();
    device = new BenchDevice({
      wrap: (inner) => {
        const subscribe = inner.subscribe.bind(inner);
        inner.subscribe = async (filter, qos, handler) => {
          if (filter === topics.image) await granted.promise;
          return subscribe(filter, qos, handler);
        };
        return inner;
      },
    });
    await device.startRegistered();
    const manifest = extended(await device.token());
    const before = device.broker.texts(topics.answers).length;
    expect(await device.sendManifest(manifest)).toBeUndefined();
    expect(device.broker.texts(topics.answers)).toHaveLength(before);
    granted.resolve();
    await device.settled();
    expect(device.broker.texts(topics.answers).at(-1)).toMatch(/;10_OK$/);
    expect(device.transport.filters).toContain(topics.image);
  });

  test('where the broker refuses it, the manifest is answered with an error and the slot is free', async () => {
    device = await new BenchDevice().startRegistered();
    device.broker.refusedFilters.add(topics.image);
    expect(await device.sendManifest(extended(await device.token()))).toBe('12_ERROR');
    device.broker.refusedFilters.clear();
    expect(await device.sendManifest(extended(await device.token()))).toBe('10_OK');
  });

  test('a retained slice is not taken', async () => {
    device = await new BenchDevice().startRegistered();
    device.broker.inject(topics.image, encodeSlice(0, image.subarray(0, 100)), { retain: true });
    await device.begin();
    await device.settled();
    expect(await device.slice(0, image.subarray(0, 50))).toEqual([50]);
  });
});

describe('slices on the wire', () => {
  test('each is answered with the next expected offset: reordered, repeated, too long, after FIN', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    expect(await device.slice(300, image.subarray(300, 600))).toEqual([0]);
    expect(await device.slice(0, image.subarray(0, 300))).toEqual([300]);
    expect(await device.slice(0, image.subarray(0, 300))).toEqual([300]);
    expect(await device.slice(300, new Uint8Array(701))).toEqual([300]);
    expect(downloadSlot().bytes).toEqual(image.subarray(0, 300));
    await device.sendImage(image, 300);
    await device.fin();
    expect(await device.slice(1000, Uint8Array.of(1))).toEqual([]);
    expect(device.store.slots.b.bytes).toEqual(image);
  });

  test('a slice that another client injects makes the image invalid, and the old firmware runs on', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.slice(0, new Uint8Array(300));
    await device.sendImage(image, 300);
    expect(await device.fin()).toBe('28_IMAGE-INVALID');
    expect(device.agent.version).toBe(1);
    expect(device.store.slots.b.bytes).toHaveLength(0);
    expect(record()).not.toHaveProperty('pendingBoot');
  });

  test('whatever else comes on the slice topic, only the expected bytes are taken', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.slice(0, image.subarray(0, 300));
    const hostile = fc.uint8Array({ maxLength: 2000 }).filter((payload) => uint32FromBytes(payload) !== 300);
    const payloads = fc.sample(hostile, { numRuns: 300, seed: 1 });
    for (const payload of payloads) device.broker.inject(topics.image, payload);
    await device.settled();
    expect(downloadSlot().bytes).toEqual(image.subarray(0, 300));
    await device.sendImage(image, 300);
    expect(await device.fin()).toBe('10_OK');
  });

  test('after a reconnect the transfer goes on where it was', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.slice(0, image.subarray(0, 300));
    device.transport.disconnect();
    device.transport.reconnect();
    await device.settled();
    expect(await device.slice(0, image.subarray(0, 300))).toEqual([300]);
    await device.sendImage(image, 300);
    expect(await device.fin()).toBe('10_OK');
  });

  test('after a power cut the transfer goes on where it was', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.slice(0, image.subarray(0, 300));
    await powerCut();
    expect(device.seen('transfer-resumed')).toEqual([{ kind: 'transfer-resumed', offset: 300 }]);
    expect(await device.slice(0, image.subarray(0, 300))).toEqual([300]);
    await device.sendImage(image, 300);
    expect(await device.fin()).toBe('10_OK');
    expect(presence()).toBe(saysOnline(2));
  });
});

describe('interleaved updates (mup-protocol §5)', () => {
  test('a second server cannot change what the first one’s image is compared with', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.slice(0, image.subarray(0, 500));
    const second = extended(await device.token(), { manifest: { newVersion: 9, size: 500 } });
    expect(await device.sendManifest(second)).toBe('26_SAVESLOT-IN-USE');
    await device.sendImage(image, 500);
    expect(await device.fin()).toBe('10_OK');
    expect(device.agent.version).toBe(2);
  });

  test('two manifests for one token: the second is refused, whatever it is', async () => {
    device = await new BenchDevice().startRegistered();
    const token = await device.token();
    expect(await device.sendManifest(extended(token, { vendorOf: stranger }))).toBe('24_INNER-SIGN-INVALID');
    expect(await device.sendManifest(extended(token))).toBe('22_INVALID-NONCE');
  });
});

describe('trust in the update server (mup-protocol §1)', () => {
  test('a key that a stranger endorsed is refused, and manifests signed with it are', async () => {
    device = await new BenchDevice().startRegistered(endorsed(stranger, 5, stranger));
    expect(device.seen('server-key-refused')).toHaveLength(1);
    const manifest = extended(await device.token(), { serverOf: stranger });
    expect(await device.sendManifest(manifest)).toBe('23_OUTER-SIGN-INVALID');
  });

  test('a kept key is not replaced by one of a lower epoch, not even after a restart', async () => {
    device = await new BenchDevice().startRegistered(endorsed(server, 3));
    await powerCut();
    await device.answerRegistration(endorsed(stranger, 2));
    expect(device.seen('server-key-refused')).toHaveLength(1);
    expect(await device.sendManifest(extended(await device.token()))).toBe('10_OK');
  });

  test('the vendor may endorse a new key', async () => {
    device = await new BenchDevice().startRegistered(endorsed(server, 3));
    await powerCut();
    await device.answerRegistration(endorsed(stranger, 4));
    expect(await device.sendManifest(extended(await device.token()))).toBe('23_OUTER-SIGN-INVALID');
    const manifest = extended(await device.token(), { serverOf: stranger });
    expect(await device.sendManifest(manifest)).toBe('10_OK');
  });
});

describe('a disk that fails', () => {
  test('while the slot is emptied: the manifest is answered with an error', async () => {
    device = await new BenchDevice().startRegistered();
    const token = await device.token();
    device.store.recordFault = new Error('ENOSPC');
    expect(await device.sendManifest(extended(token))).toBe('12_ERROR');
    expect(await device.sendManifest(extended(await device.token()))).toBe('10_OK');
  });

  test('while a slice is written: the transfer is given up', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    downloadSlot().fault = new Error('ENOSPC');
    expect(await device.slice(0, image.subarray(0, 300))).toEqual([]);
    expect(device.seen('transfer-abandoned')).toHaveLength(1);
    expect(await device.fin()).toBe('28_IMAGE-INVALID');
    expect(await device.sendManifest(extended(await device.token()))).toBe('10_OK');
  });

  test('while the image is made durable: the answer is an error and the old firmware runs on', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.sendImage();
    downloadSlot().fault = new Error('EIO');
    expect(await device.fin()).toBe('12_ERROR');
    expect(device.agent.version).toBe(1);
    expect(device.broker.texts(topics.status)).toEqual(['online;1', saysOnline(1)]);
  });
});

describe('a power cut at any moment of an update', () => {
  test('leaves the old firmware or the new one, whole, and a device that can be updated', async () => {
    // A snapshot of the store after every change of its record or slots, each one started afresh.
    device = await new BenchDevice().startRegistered();
    const moments = [device.store.snapshot()];
    await device.begin();
    moments.push(device.store.snapshot());
    for (let at = 0; at < image.length; at += 250) {
      await device.slice(at, image.subarray(at, at + 250));
      moments.push(device.store.snapshot());
    }
    const seal = device.store.writeRecord.bind(device.store);
    device.store.writeRecord = async (bytes) => {
      moments.push(device.store.snapshot());
      await seal(bytes);
      moments.push(device.store.snapshot());
    };
    await device.fin();
    await device.agent.close();
    expect(moments.length).toBeGreaterThan(8);
    for (const store of moments) {
      device = await new BenchDevice({}, { store, broker: new ScriptedBroker() }).start();
      const { version } = device.agent;
      expect([1, 2]).toContain(version);
      if (version === 2) expect(device.store.slots.b.bytes).toEqual(image);
      // The key was asked for anew where the power failed before it was kept.
      expect([`online;${version}`, saysOnline(version ?? 0)]).toContain(presence());
      // A download that goes on holds the slot until it is ended.
      if (version === 1) await device.fin();
      await device.begin({ newVersion: 7, oldVersion: 0 });
      await device.sendImage();
      expect(await device.fin()).toBe('10_OK');
      expect(device.agent.version).toBe(7);
      await device.agent.close();
    }
  });

  test('an image that decayed between FIN and boot is not booted', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.sendImage();
    let decayed: BenchDevice['store'] | undefined;
    const write = device.store.writeRecord.bind(device.store);
    device.store.writeRecord = async (bytes) => {
      await write(bytes);
      decayed ??= device.store.snapshot();
    };
    await device.fin();
    await device.agent.close();
    const store = decayed ?? device.store;
    store.slots.b.bytes[17] = 0xee;
    device = await new BenchDevice({}, { store, broker: new ScriptedBroker() }).start();
    expect(device.agent.version).toBe(1);
    expect(device.store.slots.b.bytes).toHaveLength(0);
  });
});
