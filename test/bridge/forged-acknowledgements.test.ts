import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { encodeAcknowledgement } from '../../src/mup/slices.ts';
import { topics } from '../device/bench-device.ts';
import { until } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';

const image = Uint8Array.from({ length: 30_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
/** Octets of the slices that the device takes before it stands still. */
const arrived = 20 * 600;

describe('acknowledgements that anybody may publish (mup-protocol §5)', () => {
  let both: BenchUpdate;
  let job: string;
  let goOn: () => void;

  const forge = async (offset: number): Promise<void> => {
    both.bench.broker.inject(topics.ack, encodeAcknowledgement(offset));
    await both.bench.settled();
  };
  /** Methods of all requests, FIN and ABORT by name. */
  const asked = (): string[] =>
    both.bench.broker
      .texts(topics.firmware)
      .map((request) => request.split(';').slice(1))
      .map(([method = '', input = '']) => (method === 'SEND-FIRMWARE-IMAGE' ? input : method));
  const oneUpdate = ['GET-DEVICE-TOKEN', 'SEND-EXTENDED-MANIFEST', 'FIN'];

  beforeEach(async () => {
    both = await BenchUpdate.start();
    goOn = both.standStillIn('transferring');
    job = await both.order(await both.bench.addImage(image, 2));
    await both.reaches(job, 'transferring');
    await until(() => both.slices() > 20, 'the slices');
  });
  afterEach(() => both.close());

  test('of octets that were not sent: the transfer goes on, and the update succeeds', async () => {
    for (const offset of [image.length, arrived + 601, image.length]) await forge(offset);
    expect(await both.state(job)).toBe('transferring');
    goOn();
    await both.reaches(job, 'succeeded', 100);
    expect(asked()).toEqual(oneUpdate);
  });

  test('of octets that were not sent, after the connection broke and came back', async () => {
    both.bench.transport.disconnect();
    both.bench.transport.reconnect();
    await both.reaches(job, 'transferring', 100);
    await forge(image.length);
    expect(await both.state(job)).toBe('transferring');
    goOn();
    await both.reaches(job, 'succeeded', 100);
    expect(asked()).toEqual(oneUpdate);
  });

  test('of the whole image, to a bridge that has forgotten what it sent: the update begins again', async () => {
    await both.restartBridge();
    await both.reaches(job, 'transferring', 100);
    await forge(image.length);
    goOn();
    await both.reaches(job, 'succeeded', 1000);
    expect(asked()).toEqual([...oneUpdate, 'ABORT', ...oneUpdate]);
  });

  test('a device is believed what it got from the bridge before its restart', async () => {
    await both.restartBridge();
    await both.reaches(job, 'transferring', 100);
    const before = both.slices();
    goOn();
    await both.reaches(job, 'succeeded', 100);
    expect(asked()).toEqual(oneUpdate);
    // One slice asks where the device is, and may do so more than once.
    expect(both.slices() - before).toBeLessThan((image.length - arrived) / 600 + 5);
  });
});
