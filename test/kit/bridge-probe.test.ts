import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { utf8 } from '../../src/base/bytes.ts';
import { PeerError } from '../../src/base/errors.ts';
import { bridgePresence } from '../../src/kit/bridge-probe.ts';
import { formatRegistrationError } from '../../src/mup/endorsement.ts';
import { countingRandom } from '../device/bench-device.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { ScriptedBroker } from '../support/scripted-transport.ts';
import { drive } from './bench-kit.ts';

let broker: ScriptedBroker;
let clock: ManualClock;
beforeEach(() => {
  broker = new ScriptedBroker();
  clock = new ManualClock();
});
afterEach(() => expect(broker.retained.size).toBe(0));

const asked = () => drive({ broker, clock }, bridgePresence(broker.connect(), countingRandom(), clock));

/** Somebody answers whatever is said on the topic of descriptions. */
async function answersWith(text: string): Promise<void> {
  const other = broker.connect();
  await other.subscribe('mup/description/+', 1, ({ topic }) => {
    void other.publish(`${topic}/status`, utf8(text));
  });
}

test('nobody answers: there is no bridge', async () => {
  expect(await asked()).toBe('none');
});

test('a bridge does not know the digest, and says so', async () => {
  await answersWith(formatRegistrationError('unknown-digest', 'send the description'));
  expect(await asked()).toBe('there');
});

test('it is asked in the name of a device that there is not', async () => {
  await asked();
  const { topic = '' } = broker.published.find(({ payload }) => payload.length > 64) ?? {};
  expect(topic).toMatch(/^mup\/description\/mup-device-test-[0-9a-f]{16}$/);
  expect(broker.texts(topic)).toEqual([expect.stringMatching(/^1\/1;sha256:[0-9a-f]{64}$/)]);
});

test('an access list that lets the kit subscribe and delivers nothing leaves it open', async () => {
  broker.intercept = ({ topic }) => (topic.endsWith('/status') ? [] : undefined);
  expect(await asked()).toBe('unheard');
});

test('an access list that refuses the message leaves it open, too', async () => {
  const transport = broker.connect();
  transport.publish = () => Promise.reject(new PeerError('mqtt-refused', 'the broker refuses a message'));
  expect(await drive({ broker, clock }, bridgePresence(transport, countingRandom(), clock))).toBe('unheard');
});

test('what is no answer of a bridge is none', async () => {
  await answersWith('hello');
  expect(await asked()).toBe('none');
});
