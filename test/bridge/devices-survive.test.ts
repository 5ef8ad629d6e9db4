import { expect, test } from '@jest/globals';
import type { Profile } from '../../src/base/description.ts';
import { textOf } from '../../src/xml/element.ts';
import { description, operation } from '../support/example-description.ts';
import { BenchBridge } from './bench-bridge.ts';

/** Devices of the prototype describe themselves once per boot: a bridge that forgot them would be blind. */
test.each<Profile>(['mup', 'myno'])(
  'a device of the profile %s is served after a restart of the bridge although it says nothing of itself again',
  async (profile) => {
    const [topic, answerTopic] = [
      'device/dev-1',
      profile === 'mup' ? 'mup/response/dev-1' : 'response/dev-1',
    ];
    const lamp = operation('on', { topic, answerTopic, states: [{ name: '10_OK' }, { name: '12_ERROR' }] });
    const made = description({ profile, operations: [lamp] });
    const before = await BenchBridge.start();
    const modules = (bench: BenchBridge): string[] =>
      bench.backend.modules().map(({ schema }) => `${schema.name}@${schema.revision}`);
    await before.register(made);
    const served = modules(before);
    await before.close();
    before.broker.retained.clear();
    const said = before.broker.published.length;

    const bench = await BenchBridge.start(before.world);
    expect(modules(bench)).toEqual(served);
    // What was in flight when the bridge ended may still hold up a device of the prototype.
    bench.clock.advance(10_000);
    const requests = bench.play(topic, answerTopic, () => (profile === 'mup' ? '10_OK' : 'OK'));
    const answer = await bench.call('mqtt-lamp', 'on', { uuidInput: made.uuid });
    expect([answer.map(textOf), requests]).toEqual([['10_OK'], ['ON']]);
    const since = bench.broker.published.slice(said).map((message) => message.topic);
    expect(since).toEqual([topic, answerTopic]);
    await bench.close();
  },
);
