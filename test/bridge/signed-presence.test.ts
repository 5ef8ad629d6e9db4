import { afterEach, describe, expect, test } from '@jest/globals';
import { decodeUtf8, toHex, utf8 } from '../../src/base/bytes.ts';
import type { DeviceAgentOptions } from '../../src/device/options.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { signPresence } from '../../src/mup/signed-presence.ts';
import { stranger, topics, uuid } from '../device/bench-device.ts';
import { presenceVerdict } from '../support/vectors/description-verdict.ts';
import { presenceVectors } from '../support/vectors/presence-vectors.ts';
import { newWorld } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';

const signKey = es256.generate();
const signed = (version: number, key = signKey): string =>
  toHex(signPresence(uuid, { firmwareVersion: version }, key, es256));

let both: BenchUpdate;
afterEach(() => both.close());

const start = async (options: Partial<DeviceAgentOptions> = { signKey }): Promise<void> => {
  both = await BenchUpdate.start({}, newWorld(), undefined, options);
};
const say = async (status: string): Promise<void> => {
  both.bench.broker.inject(topics.status, status);
  await both.bench.settled();
};
const version = (): number | undefined => both.bench.registry.get(uuid)?.firmwareVersion;

describe('a device with a key of its own signs which version it runs (ADR 29)', () => {
  test('and is updated as any other', async () => {
    await start();
    await both.reaches(await both.order(await both.bench.addImage()), 'succeeded');
    expect(version()).toBe(2);
  });

  test.each([
    ['no signature', 'online;9'],
    ['the signature of another version', `online;9;${signed(8)}`],
    [
      'a signature without the key of the update server that it names',
      `online;9;${'ab'.repeat(8)};${signed(9)}`,
    ],
    ['the signature of another key', `online;9;${signed(9, stranger)}`],
  ])('what somebody else says with %s is not believed', async (_, status) => {
    await start();
    await say(status);
    expect(version()).toBe(1);
    await say(`online;9;${signed(9)}`);
    expect(version()).toBe(9);
  });

  test('no update succeeds by what somebody else says, nor by an answer that he gives', async () => {
    await start();
    const goOn = both.standStillIn('restarting');
    const job = await both.order(await both.bench.addImage());
    await both.reaches(job, 'restarting');
    // It has restarted and hands out tokens of the new version, as somebody could who read the requests.
    for (let turn = 0; turn < 20; turn += 1) {
      await say('online;2');
      both.bench.clock.advance(1000);
    }
    expect(await both.state(job)).toBe('restarting');
    goOn();
    await say(`online;2;${signed(2)}`);
    await both.reaches(job, 'succeeded', 1000);
  });

  test('nor does one fail by a version that somebody else puts into a token', async () => {
    await start();
    const { broker, clock } = both.bench;
    let forged = 0;
    broker.intercept = (message) => {
      const text = decodeUtf8(message.payload) ?? '';
      if (message.topic !== topics.answers || !text.endsWith(';1')) return undefined;
      forged += 1;
      return [{ ...message, payload: utf8(text.replace(/;1$/, ';2')) }];
    };
    const job = await both.order(await both.bench.addImage());
    for (let turn = 0; turn < 200 && forged < 3; turn += 1) {
      clock.advance(100);
      await both.bench.settled();
    }
    expect([forged, await both.state(job)]).toEqual([3, 'requesting-token']);
    broker.intercept = undefined;
    await both.reaches(job, 'succeeded', 1000);
  });

  test('that a device without one is believed shows that this test would notice', async () => {
    await start({});
    both.standStillIn('restarting');
    const job = await both.order(await both.bench.addImage());
    await both.reaches(job, 'restarting');
    await say('online;2');
    await both.reaches(job, 'succeeded', 1000);
  });
});

test.each(presenceVectors)('vector of fixtures/mup/presences.json: $name', ({ believed, ...vector }) => {
  expect(presenceVerdict(vector)).toEqual({ believed });
});
