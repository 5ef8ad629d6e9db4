import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { vendor } from '../device/bench-device.ts';
import { description, operation } from '../support/example-description.ts';
import { signedText } from '../support/signed-text.ts';
import { BenchBridge, newWorld, until } from './bench-bridge.ts';

const one = deviceUuid('dev-1');
const two = deviceUuid('dev-2');

const text = '{"a lamp of the prototype":"%s"}';
const lamp = description({
  profile: 'myno',
  operations: [operation('on', { answerTopic: 'response/dev-1' })],
});
const better = description({
  profile: 'myno',
  operations: [...lamp.operations, operation('off', { answerTopic: 'response/dev-1' })],
});

describe('bootstrap of the prototype (mup-protocol §1)', () => {
  let bench: BenchBridge;

  const send = (topic: string, payload: string): void => bench.broker.inject(`yang/config${topic}`, payload);
  /** Sends a description as the prototype does, and returns the answers so far. */
  const create = async (operation = '/create', said = text, uuid = one): Promise<string[]> => {
    for (let at = 0; at < said.length; at += 10) send(operation, `${uuid};${said.slice(at, at + 10)}`);
    send(operation, `${uuid};END`);
    return answers(operation === '' ? '/create' : operation, uuid);
  };
  const answers = async (operation: string, uuid = one): Promise<string[]> => {
    for (let turn = 0; turn < 5; turn += 1) await bench.settled();
    return bench.broker.texts(`yang/config${operation}/response/${uuid}`);
  };

  beforeEach(async () => {
    bench = await BenchBridge.start();
    bench.world.reader.knows(text, lamp);
    bench.world.reader.knows('better', better);
    bench.world.reader.knows('of profile mup', description());
  });
  afterEach(() => bench.close());

  test('delete: ERROR for a device whose description is signed; a message without signature frees no UUID', async () => {
    expect(await create('/create', signedText(one, text, vendor))).toEqual(['OK']);
    send('/delete', one);
    expect(await answers('/delete')).toEqual(['ERROR']);
    expect(bench.registry.get(one)?.signer).toBeDefined();
  });

  test.each(['/create', ''])(
    'pieces on yang/config%s and an END: OK on …/create/response/<uuid>',
    async (topic) => {
      expect(await create(topic)).toEqual(['OK']);
      expect(bench.registry.describe(one)?.operations.map(({ name }) => name)).toEqual(['on']);
      expect(bench.registry.get(one)?.presence).toBe('unknown');
      // It is no business of this device.
      expect(bench.answers(one)).toEqual([]);
    },
  );

  test('ERROR for what is refused, with the reason in the log; what was registered stays', async () => {
    await create();
    expect(await create('/create', 'nonsense')).toEqual(['OK', 'ERROR']);
    expect(bench.registry.describe(one)?.operations).toHaveLength(1);
    expect(bench.world.logger.lines).toContainEqual(
      expect.objectContaining({
        message: 'description refused',
        fields: expect.objectContaining({ uuid: one, code: 'description-malformed' }),
      }),
    );
    send('/create', 'dev-2;END');
    expect(await answers('/create', two)).toEqual(['ERROR']);
  });

  test('update: OK for a device that is known, NOTFOUND for another', async () => {
    expect(await create('/update', 'better')).toEqual(['NOTFOUND']);
    await create();
    expect(await create('/update', 'better')).toEqual(['NOTFOUND', 'OK']);
    expect(bench.registry.describe(one)?.operations).toHaveLength(2);
  });

  test('retrieve: whether the bridge holds the description, so that it need not be sent', async () => {
    send('/retrieve', one);
    expect(await answers('/retrieve')).toEqual(['NOTFOUND']);
    await create();
    await bench.close();
    bench = await BenchBridge.start(bench.world);
    send('/retrieve', one);
    expect(await answers('/retrieve')).toEqual(['NOTFOUND', 'OK']);
  });

  test('delete: after what was sent before it, and NOTFOUND the second time', async () => {
    void create();
    send('/delete', one);
    expect(await answers('/delete')).toEqual(['OK']);
    expect(bench.registry.get(one)).toBeUndefined();
    send('/delete', one);
    expect(await answers('/delete')).toEqual(['OK', 'NOTFOUND']);
  });

  test('the prototype’s five seconds between pieces are no silence', async () => {
    for (let at = 0; at < text.length; at += 10) {
      send('/create', `${one};${text.slice(at, at + 10)}`);
      await bench.settled();
      bench.clock.advance(5000);
    }
    send('/create', `${one};END`);
    expect(await answers('/create')).toEqual(['OK']);
  });

  test('a device that falls silent is forgotten, and may begin again', async () => {
    send('/create', `${one};half a description`);
    await bench.settled();
    bench.clock.advance(defaultConfig.registration.assemblyIdleMs + 10_000);
    expect(bench.world.logger.messages('warn')).toEqual(['a description was not completed']);
    expect(await create()).toEqual(['OK']);
  });

  test('a device that must be accepted hears of it when it is', async () => {
    await bench.close();
    bench = await BenchBridge.start(bench.world, {
      registration: { ...defaultConfig.registration, acceptance: 'approve' },
    });
    expect(await create()).toEqual([]);
    send('/retrieve', one);
    expect(await answers('/retrieve')).toEqual(['OK']);
    await bench.call('mup-bridge', 'accept-device', { device: one });
    expect(await answers('/create')).toEqual(['OK']);
  });

  describe('topics that name no device are not enough to', () => {
    test.each(['/create', '/update'])('%s: take over a device of profile mup', async (topic) => {
      await bench.register(description({ operations: [operation('mine')] }));
      expect(await create(topic)).toEqual(['ERROR']);
      expect(bench.registry.describe(one)?.operations.map(({ name }) => name)).toEqual(['mine']);
      send('/delete', one);
      expect(await answers('/delete')).toEqual(['ERROR']);
      expect(bench.registry.get(one)).toBeDefined();
    });

    test('register a device of profile mup', async () => {
      expect(await create('/create', 'of profile mup')).toEqual(['ERROR']);
    });

    test('change or remove what an operator has described', async () => {
      await bench.call('mup-bridge', 'add-device', { device: one, description: text });
      expect(await create('/update', 'better')).toEqual(['ERROR']);
      send('/delete', one);
      expect(await answers('/delete')).toEqual(['ERROR']);
      expect(bench.registry.describe(one)?.operations).toHaveLength(1);
    });

    test('remove a device while it is updated', async () => {
      const roles = ['token', 'manifest', 'firmware'] as const;
      const operations = roles.map((role) => operation(role, { role, answerTopic: 'response/dev-1' }));
      bench.world.reader.knows('updatable', description({ profile: 'myno', operations }));
      await create('/create', 'updatable');
      await bench.call('mup-bridge', 'update-firmware', { device: one, digest: await bench.addImage() });
      send('/delete', one);
      expect(await answers('/delete')).toEqual(['ERROR']);
    });
  });

  test.each(['', ';', 'a b', `${one};`, '\u0000', 'x'.repeat(100)])(
    'delete and retrieve of %j are counted and not answered',
    async (payload) => {
      const before = bench.broker.published.length;
      send('/delete', payload);
      send('/retrieve', payload);
      send('/create', ` ${payload}`);
      await bench.settled();
      expect(bench.broker.published).toHaveLength(before + 3);
    },
  );

  test('a retained message is no device that asks', async () => {
    bench.broker.inject('yang/config/delete', one, { retain: true });
    await bench.close();
    bench = await BenchBridge.start(bench.world);
    expect(await create()).toEqual(['OK']);
    expect(bench.registry.get(one)).toBeDefined();
  });

  test('a broker that keeps these topics shut is no reason not to hear other devices', async () => {
    const world = newWorld();
    world.broker.refusedFilters.add('yang/config/create');
    await bench.close();
    bench = await BenchBridge.start(world);
    expect(world.logger.messages('warn')).toEqual(['devices of the prototype are not heard']);
    await bench.register(description());
    await until(() => bench.answers(one).length > 0);
  });
});
