import { afterEach, describe, expect, test } from '@jest/globals';
import { toHex } from '../../src/base/bytes.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import { ed25519, es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { PrivateKey } from '../../src/mup/signature-scheme.ts';
import { signVendorKey } from '../../src/mup/vendor-key.ts';
import {
  BenchDevice,
  description,
  endorsed,
  extended,
  manifestInputs,
  saysOnline,
  server,
  serverKey,
  stranger,
  strangerKey,
  topics,
  vendor,
} from './bench-device.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

/** The inputs of the roll-over from one key of the vendor to the next. */
function statement(counter: number, to: PrivateKey = stranger, by: PrivateKey = vendor): string[] {
  const { newKey, signature } = signVendorKey(es256.publicKeyOf(to), counter, by, es256);
  return [toHex(newKey), String(counter), toHex(signature)];
}

async function rotate(inputs: readonly string[]): Promise<string | undefined> {
  return (await device.request(topics.firmware, 'ROTATE-VENDOR-KEY', inputs))?.state;
}

/** The same lamp, which understands these suites. */
function listing({ operations, ...lamp }: DeviceDescription, ...codes: readonly string[]): DeviceDescription {
  const suites = { kind: 'enumeration' as const, values: codes.map((name) => ({ name })) };
  return {
    ...lamp,
    operations: operations.map((one) => ({
      ...one,
      inputs: one.inputs.map((input) => (input.role === 'suite' ? { ...input, type: suites } : input)),
    })),
  };
}

const presence = (): string | undefined => device.broker.texts(topics.status).at(-1);

/** The same device after a loss of power. */
async function restarted(): Promise<void> {
  const store = device.store.snapshot();
  await device.agent.close();
  device = await new BenchDevice({}, { store, broker: device.broker }).start();
}

describe('roll-over of the vendor’s key (ADR 27)', () => {
  test('the next key counts from then on, over a restart too; the one before does not', async () => {
    device = await new BenchDevice().startRegistered();
    expect(await rotate(statement(1))).toBe('10_OK');
    expect(device.seen('vendor-key-taken')).toEqual([{ kind: 'vendor-key-taken', counter: 1 }]);
    await restarted();
    const token = await device.token();
    const signedBefore = manifestInputs(extended(token));
    expect((await device.request(topics.firmware, 'SEND-EXTENDED-MANIFEST', signedBefore))?.state).toBe(
      '24_INNER-SIGN-INVALID',
    );
    await device.answerRegistration(endorsed(server, 9));
    expect(device.seen('server-key-refused')).toHaveLength(1);
    await device.answerRegistration(endorsed(server, 1, stranger));
    expect(device.seen('server-key-taken')).toEqual([{ kind: 'server-key-taken', epoch: 1 }]);
    const next = manifestInputs(extended(await device.token(), { vendorOf: stranger }));
    expect((await device.request(topics.firmware, 'SEND-EXTENDED-MANIFEST', next))?.state).toBe('10_OK');
  });

  test('an epoch that the key before had endorsed keeps out none that the next one endorses', async () => {
    device = await new BenchDevice().startRegistered(endorsed(stranger, 0xffff_ffff));
    await rotate(statement(1));
    await device.answerRegistration(endorsed(server, 1, stranger));
    expect(device.seen('server-key-taken').map(({ epoch }) => epoch)).toEqual([0xffff_ffff, 1]);
    expect(presence()).toBe(saysOnline(1));
  });

  test('the same statement again changes nothing, an older one is refused', async () => {
    device = await new BenchDevice().startRegistered();
    const [first, second] = [statement(3), statement(4, server, stranger)];
    expect(await rotate(first)).toBe('10_OK');
    expect(await rotate(first)).toBe('11_NOOP');
    expect(await rotate(second)).toBe('10_OK');
    expect(await rotate(first)).toBe('31_COUNTER-NOT-HIGHER');
    expect(await rotate(statement(4, vendor, server))).toBe('31_COUNTER-NOT-HIGHER');
    await restarted();
    expect(await rotate(first)).toBe('31_COUNTER-NOT-HIGHER');
  });

  test('of two that come at once the higher counter stays', async () => {
    device = await new BenchDevice().startRegistered();
    const both = await Promise.all([rotate(statement(2)), rotate(statement(1, server))]);
    expect(both).toEqual(['10_OK', '31_COUNTER-NOT-HIGHER']);
  });

  test.each<[string, () => string[], string]>([
    ['signed by a stranger', () => statement(1, stranger, stranger), '24_INNER-SIGN-INVALID'],
    ['signed by the update server', () => statement(1, stranger, server), '24_INNER-SIGN-INVALID'],
    ['its counter changed', () => statement(1).with(1, '2'), '24_INNER-SIGN-INVALID'],
    ['its key changed', () => statement(1).with(0, toHex(serverKey)), '24_INNER-SIGN-INVALID'],
    ['an endorsement', () => endorsement(), '24_INNER-SIGN-INVALID'],
    ['counter 0', () => statement(1).with(1, '0'), '30_KEY-NOT-VALID'],
    ['a counter with a leading zero', () => statement(1).with(1, '01'), '30_KEY-NOT-VALID'],
    ['a key of 63 octets', () => statement(1).with(0, toHex(strangerKey).slice(2)), '30_KEY-NOT-VALID'],
    ['upper case', () => statement(1).with(0, toHex(strangerKey).toUpperCase()), '30_KEY-NOT-VALID'],
    ['one field too few', () => statement(1).slice(0, 2), '30_KEY-NOT-VALID'],
  ])('%s: refused, and nothing changes', async (_, inputs, state) => {
    device = await new BenchDevice().startRegistered();
    const before = device.store.record;
    expect(await rotate(inputs())).toBe(state);
    expect(device.seen('vendor-key-refused')).toEqual([{ kind: 'vendor-key-refused', state }]);
    expect(device.store.record).toEqual(before);
  });

  test('a key of a suite that the description does not list: no bridge could update the device any more', async () => {
    const { publicKeyOf, generate } = ed25519;
    const { newKey, signature } = signVendorKey(publicKeyOf(generate()), 1, vendor, es256);
    const inputs = [toHex(newKey), '1', toHex(signature)];
    device = await new BenchDevice().startRegistered();
    expect(await rotate(inputs)).toBe('30_KEY-NOT-VALID');
    await device.agent.close();
    device = await new BenchDevice({ description: listing(description, '1', '2') }).startRegistered();
    expect(await rotate(inputs)).toBe('10_OK');
  });

  test('a device without a vendor key takes none this way', async () => {
    device = await new BenchDevice({}, { hasVendorKey: false }).start();
    expect(await rotate(statement(1))).toBe('24_INNER-SIGN-INVALID');
  });

  test('a key that could not be kept is not taken: the answer is an error', async () => {
    device = await new BenchDevice().startRegistered();
    const write = device.store.writeRecord.bind(device.store);
    device.store.writeRecord = async () => Promise.reject(new Error('disk full'));
    expect(await rotate(statement(1))).toBe('12_ERROR');
    device.store.writeRecord = write;
    expect(await rotate(statement(1))).toBe('10_OK');
  });
});

/** Signed by the vendor, but as the key of an update server. */
function endorsement(): string[] {
  const [, key = '', epoch = '', signature = ''] = endorsed(stranger, 1).split(';');
  return [key, epoch, signature];
}

describe('a key of the update server that comes to a registered device (ADR 27)', () => {
  test('is taken when its epoch is higher, and the device says so', async () => {
    device = await new BenchDevice().startRegistered();
    expect(presence()).toBe(saysOnline(1));
    await device.answerRegistration(endorsed(stranger, 2));
    expect(presence()).toBe(saysOnline(1, strangerKey));
  });

  test('a lower or equal epoch costs nothing, whoever signed it', async () => {
    device = await new BenchDevice().startRegistered(endorsed(server, 5));
    for (const epoch of [4, 5]) await device.answerRegistration(endorsed(stranger, epoch));
    expect(device.seen('server-key-refused')).toEqual([]);
    await device.answerRegistration(endorsed(stranger, 6));
    expect(device.seen('server-key-taken').map(({ epoch }) => epoch)).toEqual([5, 6]);
  });

  test('one signature is checked in ten minutes, so that nobody drains a battery', async () => {
    device = await new BenchDevice().startRegistered();
    for (let i = 0; i < 5; i += 1) await device.answerRegistration(endorsed(stranger, 2 + i, stranger));
    expect(device.seen('server-key-refused')).toHaveLength(1);
    await device.answerRegistration(endorsed(stranger, 2));
    expect(presence()).toBe(saysOnline(1));
    device.clock.advance(600_000);
    await device.answerRegistration(endorsed(stranger, 2));
    expect(presence()).toBe(saysOnline(1, strangerKey));
  });

  test('of two announced at once the first that holds is taken', async () => {
    device = await new BenchDevice().start();
    device.broker.inject(topics.descriptionStatus, endorsed(stranger, 2, stranger));
    device.broker.inject(topics.descriptionStatus, endorsed(server, 1));
    await device.settled();
    expect(device.seen('registered')).toHaveLength(1);
    expect(presence()).toBe(saysOnline(1));
  });

  test('a device without a vendor key trusts no second one', async () => {
    device = await new BenchDevice({ trustFirstKey: true }, { hasVendorKey: false }).startRegistered();
    await device.answerRegistration(endorsed(stranger, 2));
    expect(presence()).toBe(saysOnline(1));
  });
});
