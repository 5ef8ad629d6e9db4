import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toHex } from '../../src/base/bytes.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { PrivateKey } from '../../src/mup/signature-scheme.ts';
import { signVendorKey } from '../../src/mup/vendor-key.ts';
import type { RpcOutput } from '../../src/netconf/backend.ts';
import { stranger, uuid, vendor } from '../device/bench-device.ts';
import { BenchUpdate } from './bench-update.ts';
import { activateKey, preparedKey } from './next-server-key.ts';

/** The vendor's next key. */
const next = stranger;

let both: BenchUpdate;
beforeEach(async () => {
  both = await BenchUpdate.start();
});
afterEach(() => both.close());

/** Makes the next key of the update server and takes it into use. */
async function activate(epoch: number, endorsedBy: PrivateKey): Promise<void> {
  await activateKey(both, await preparedKey(both), epoch, endorsedBy);
}

/** Sends the device the vendor's next key. */
async function rollOver(counter = 1, by = vendor): Promise<RpcOutput> {
  const { newKey, signature } = signVendorKey(es256.publicKeyOf(next), counter, by, es256);
  const output = await both.bench.call('mqtt-lamp', 'rotateVendorKey', {
    uuidInput: uuid,
    ...{ newKey: toHex(newKey), counter: String(counter), signature: toHex(signature) },
  });
  await both.bench.settled();
  return output;
}

const taken = (): number[] => both.device.seen('server-key-taken').map(({ epoch }) => epoch);
const warned = (): unknown[] =>
  both.bench.world.logger.messages('warn').filter((text) => text.includes('has endorsed no key'));

describe('after a roll-over of the vendor’s key (ADR 27)', () => {
  test('a device is told at once of the key that the next vendor key has endorsed, which it had refused before', async () => {
    await activate(2, next);
    expect(taken()).toEqual([1]);
    expect(both.device.seen('server-key-refused')).toHaveLength(1);
    await rollOver();
    expect(taken()).toEqual([1, 2]);
    expect(warned()).toEqual([]);
  });

  test('it is told of no key that it could not verify: one that comes after is looked at without delay', async () => {
    const before = both.bench.answers(uuid).length;
    await rollOver();
    expect(both.bench.answers(uuid)).toHaveLength(before);
    expect(warned()).toHaveLength(1);
    await activate(2, next);
    expect(taken()).toEqual([1, 2]);
    expect(both.device.seen('server-key-refused')).toEqual([]);
  });

  test('one whose answer was lost is told when it says that it has the key already', async () => {
    both.bench.broker.intercept = ({ topic, payload }) =>
      topic === `mup/response/${uuid}` && !Buffer.from(payload).includes('11_NOOP') ? [] : undefined;
    await activate(2, next);
    const lost = rollOver();
    lost.catch(() => {});
    await both.bench.settled();
    both.bench.clock.advance(60_000);
    await expect(lost).rejects.toMatchObject({ fields: { appTag: 'device-timeout' } });
    expect(taken()).toEqual([1]);
    await rollOver();
    expect(taken()).toEqual([1, 2]);
  });

  test('one that has refused the key is told of nothing', async () => {
    await activate(2, next);
    const before = both.bench.answers(uuid).length;
    await expect(rollOver(1, next)).rejects.toMatchObject({ fields: { appTag: 'device-error' } });
    expect(both.bench.answers(uuid)).toHaveLength(before);
    expect(warned()).toEqual([]);
  });
});
