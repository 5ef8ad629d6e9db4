import { afterEach, describe, expect, test } from '@jest/globals';
import { decodeUtf8, utf8 } from '../../src/base/bytes.ts';
import { encodePieces } from '../../src/mqtt/description-pieces.ts';
import { BenchDevice, endorsed, server, stranger, topics } from './bench-device.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

const descriptionPieces = encodePieces(utf8('{"the description of": "%s"}'), 10).map(decodeUtf8);

describe('answers that somebody else sends (mup-protocol §5, substituted update server key)', () => {
  const limits = { refusedRetryMs: 60_000 };

  test('a key that does not hold registers nobody: the answer of the bridge still does', async () => {
    device = await new BenchDevice({ limits }).startRegistered(endorsed(stranger, 9, stranger));
    expect(device.seen('server-key-refused')).toHaveLength(1);
    expect(device.seen('registered')).toEqual([]);
    await device.answerRegistration(endorsed(server, 1));
    expect(device.seen('registered')).toHaveLength(1);
  });

  test('after one that was believed to be no bridge, the device asks again without a new connection', async () => {
    device = await new BenchDevice({ limits }).startRegistered(endorsed(stranger, 9, stranger));
    device.clock.advance(60_000);
    await device.settled();
    expect(device.broker.texts(topics.description)).toHaveLength(2 * descriptionPieces.length);
  });

  test.each([
    ['refusals', 'ERROR;description-invalid;no'],
    ['bad keys', endorsed(stranger, 9, stranger)],
  ])('%s that keep coming do not put off the next attempt', async (_, answer) => {
    device = await new BenchDevice({ limits }).startRegistered(answer);
    for (let second = 0; second < 60; second += 10) {
      device.clock.advance(10_000);
      await device.settled();
      await device.answerRegistration(answer);
    }
    expect(device.broker.texts(topics.description)).toHaveLength(2 * descriptionPieces.length);
  });

  test('few of many keys are looked at for each announcement', async () => {
    device = await new BenchDevice({ limits }).startRegistered();
    device.transport.disconnect();
    device.transport.reconnect();
    await device.settled();
    for (let n = 0; n < 100; n += 1) await device.answerRegistration(endorsed(stranger, 9, stranger));
    expect(device.seen('server-key-refused')).toHaveLength(8);
  });

  test('a device that cannot tell keys apart is registered with none', async () => {
    device = await new BenchDevice({}, { hasVendorKey: false }).startRegistered();
    expect(device.events.map(({ kind }) => kind)).toEqual(['server-key-refused', 'registered']);
  });
});
