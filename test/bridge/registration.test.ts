import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defaultConfig, type RegistrationConfig } from '../../src/base/config.ts';
import { deferred } from '../../src/base/deferred.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import { InternalError, UnavailableError, UsageError } from '../../src/base/errors.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { encodePieces } from '../../src/mqtt/description-pieces.ts';
import { parseRegistrationAnswer } from '../../src/mup/endorsement.ts';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import type { DescriptionTemplate } from '../../src/ontology/description-template.ts';
import { serverKey } from '../device/bench-device.ts';
import { dataPoint, description, operation } from '../support/example-description.ts';
import { templateOf } from '../support/scripted-reader.ts';
import { BenchBridge, newWorld, until } from './bench-bridge.ts';

const one = deviceUuid('dev-1');
const two = deviceUuid('dev-2');

const lampText = 'a lamp %s, as JSON-LD';
const lamp = description({ operations: [operation('on')] });
const betterText = 'a better lamp %s';
const better = description({ operations: [operation('on'), operation('off')] });

describe('registration (mup-protocol §1)', () => {
  let bench: BenchBridge;

  const start = async (changes: Partial<RegistrationConfig> = {}, world = newWorld()): Promise<void> => {
    bench = await BenchBridge.start(world, {
      registration: { ...defaultConfig.registration, ...changes },
    });
    bench.world.reader.knows(lampText, lamp);
    bench.world.reader.knows(betterText, better);
  };

  const answersOf = async (uuid = one, count = 1): Promise<ReturnType<typeof parseRegistrationAnswer>[]> => {
    await until(() => bench.answers(uuid).length >= count, `${count} answers to ${uuid}`);
    await bench.settled();
    return bench.answers(uuid).map(parseRegistrationAnswer);
  };

  const refusals = (): unknown[] =>
    bench.world.logger.lines.filter(({ message }) => message === 'description refused');

  beforeEach(() => start());
  afterEach(() => bench.close());

  test('pieces become a registered device, a served module, and the answer with the endorsed key', async () => {
    bench.describe(one, lampText);
    const [answer] = await answersOf();
    expect(answer).toMatchObject({ kind: 'registered', endorsement: { serverKey, epoch: 1 } });
    expect(bench.registry.describe(one)?.operations.map(({ topic }) => topic)).toEqual(['device/dev-1']);
    expect(bench.backend.modules().map(({ schema }) => schema.name)).toContain('mqtt-lamp');
    expect(bench.world.logger.messages('info')).toContain('device registered');
  });

  test('what a description says in vain is logged once for all devices that send it', async () => {
    bench.world.reader.knows('wordy', { ...lamp, remarks: ['myno:x: nothing refers to this individual.'] });
    for (const uuid of [one, deviceUuid('dev-2')]) {
      bench.describe(uuid, 'wordy');
      await answersOf(uuid);
    }
    expect(bench.world.logger.lines.filter(({ message }) => message.includes('says more'))).toEqual([
      expect.objectContaining({
        level: 'info',
        fields: expect.objectContaining({ remarks: ['myno:x: nothing refers to this individual.'] }),
      }),
    ]);
  });

  test('a refusal says what is wrong and where, and is logged once for each reason', async () => {
    const finding = {
      node: 'myno:opOn',
      path: 'myno:mqttTopic',
      found: 'nothing',
      expected: 'a topic',
      message: 'An operation has a topic.',
      example: '"myno:mqttTopic": "relay"',
    };
    bench.world.reader.answers('bad', async () => {
      throw new DescriptionError('description-invalid', 'the description breaks a shape', [finding]);
    });
    for (let i = 1; i <= 3; i += 1) {
      bench.describe(one, 'bad');
      await answersOf(one, i);
    }
    expect(parseRegistrationAnswer(bench.answers(one)[2] ?? '')).toMatchObject({
      kind: 'refused',
      code: 'description-invalid',
      text: expect.stringMatching(/An operation has a topic\..*\(myno:opOn myno:mqttTopic\)/),
    });
    expect(refusals()).toHaveLength(1);
    bench.describe(one, 'something else');
    await answersOf(one, 4);
    expect(refusals()).toHaveLength(2);
    // Once it was accepted, the next refusal is news.
    bench.describe(one, lampText);
    await answersOf(one, 5);
    bench.describe(one, 'something else');
    await answersOf(one, 6);
    expect(refusals()).toHaveLength(3);
  });

  test('an earlier registration stays in force after a bad description', async () => {
    bench.describe(one, lampText);
    await answersOf();
    const before = bench.registry.get(one);
    bench.describe(one, 'nonsense');
    expect((await answersOf(one, 2))[1]).toMatchObject({ kind: 'refused', code: 'description-malformed' });
    expect(bench.registry.get(one)).toEqual(before);
    expect(bench.registry.describe(one)?.operations).toHaveLength(1);
  });

  test.each<[string, Partial<DeviceDescription>]>([
    ['a wildcard', { operations: [operation('x', { topic: 'device/+/dev-1' })] }],
    ['a system topic', { operations: [operation('x', { topic: '$SYS/dev-1' })] }],
    ['the topic of another device', { operations: [operation('x', { topic: 'device/dev-2' })] }],
    ['the bridge’s own topic', { operations: [operation('x', { topic: 'mup/status/dev-1' })] }],
    [
      'an answer topic of another device',
      { operations: [operation('x', { answerTopic: 'mup/response/dev-2' })] },
    ],
    [
      'a slice topic of another device',
      { operations: [operation('x', { inputTopic: 'mup/firmware/dev-2/image' })] },
    ],
    [
      'an acknowledgement topic with NUL',
      { operations: [operation('x', { acknowledgementTopic: 'a\0/dev-1' })] },
    ],
    ['a measurement of another device', { dataPoints: [dataPoint('t', { topic: 'sensors/dev-2' })] }],
    ['a measurement under a wildcard', { dataPoints: [dataPoint('t', { topic: 'dev-1/#' })] }],
  ])('a description that names %s is refused as a whole', async (_, changes) => {
    bench.world.reader.knows('topics', description(changes));
    bench.describe(one, 'topics');
    expect((await answersOf())[0]).toMatchObject({ kind: 'refused', code: 'bad-topic' });
    expect(bench.registry.get(one)).toBeUndefined();
    expect(bench.backend.modules().map(({ schema }) => schema.name)).not.toContain('mqtt-lamp');
  });

  test('a topic with the names of two devices belongs to the one that named it first', async () => {
    const sensors = deviceUuid('sensors');
    bench.world.reader.knows(
      'steals',
      description({ uuid: sensors, dataPoints: [dataPoint('t', { topic: 'sensors/dev-1' })] }),
    );
    bench.world.reader.knows(
      'named',
      description({ dataPoints: [dataPoint('t', { topic: 'sensors/dev-1' })] }),
    );
    bench.describe(one, 'named');
    expect((await answersOf(one))[0]?.kind).toBe('registered');
    bench.describe(sensors, 'steals');
    expect((await answersOf(sensors))[0]).toMatchObject({ kind: 'refused', code: 'bad-topic' });
  });

  test('a device that is called as a level of others’ topics does not keep them out', async () => {
    const words = ['mup', 'firmware', 'image', 'ack', 'response', 'device'].map(deviceUuid);
    for (const word of words) {
      bench.describe(word, lampText);
      expect((await answersOf(word))[0]?.kind).toBe('registered');
    }
    const updatable = operation('update', {
      role: 'firmware',
      inputTopic: 'mup/firmware/%s/image',
      acknowledgementTopic: 'mup/firmware/%s/ack',
    });
    bench.world.reader.knows('updatable', description({ operations: [updatable] }));
    bench.describe(one, 'updatable');
    expect((await answersOf(one))[0]?.kind).toBe('registered');
  });

  test('a description that holds the UUID of another device is refused', async () => {
    const foreign: DescriptionTemplate = {
      digest: bench.world.reader.knows('literal', lamp).digest,
      description: description({ uuid: two }),
    };
    bench.world.reader.answers('literal', async () => foreign);
    bench.describe(one, 'literal');
    expect((await answersOf())[0]).toMatchObject({ kind: 'refused', code: 'uuid-mismatch' });
  });

  test('a name that is no device UUID is counted, logged once, and not answered', async () => {
    const before = bench.broker.published.length;
    for (let i = 0; i < 3; i += 1) bench.broker.inject('mup/description/-bad_', '1/1;x');
    await bench.settled();
    expect(bench.broker.published).toHaveLength(before + 3);
    expect(refusals()).toHaveLength(1);
  });

  test('a digest that the bridge does not hold is asked for in full, one that it holds is enough', async () => {
    const { digest } = bench.world.reader.knows(lampText, lamp);
    bench.describe(one, `sha256:${digest}`, 100);
    expect((await answersOf())[0]).toMatchObject({ kind: 'refused', code: 'unknown-digest' });
    bench.describe(one, lampText);
    await answersOf(one, 2);
    const { length } = bench.world.reader.asked;
    bench.describe(two, `sha256:${digest}`, 100);
    expect((await answersOf(two))[0]).toMatchObject({ kind: 'registered' });
    expect(bench.registry.describe(two)?.operations[0]?.topic).toBe('device/dev-2');
    expect(bench.world.reader.asked).toHaveLength(length);
  });

  test('a digest of a description in a folder of the operator is enough for the first device, too', async () => {
    const { digest } = bench.world.reader.knows(lampText, lamp);
    bench.world.library.set(digest, new TextEncoder().encode(lampText));
    bench.describe(one, `sha256:${digest}`, 100);
    expect((await answersOf())[0]).toMatchObject({ kind: 'registered' });
    expect(bench.registry.describe(one)?.operations[0]?.topic).toBe('device/dev-1');
  });

  test('pieces of two devices interleave, in any order', async () => {
    const bytes = new TextEncoder().encode(lampText);
    const pieces = [one, two].flatMap((uuid) =>
      encodePieces(bytes, 3).map((piece) => ({ topic: `mup/description/${uuid}`, piece })),
    );
    const [{ topic, piece } = { topic: '', piece: new Uint8Array() }] = fc.sample(
      fc.constantFrom(...pieces),
      1,
    );
    // One of them twice, as QoS 1 may bring it.
    const shuffled = fc.sample(fc.shuffledSubarray(pieces, { minLength: pieces.length }), {
      numRuns: 1,
      seed: 7,
    });
    bench.broker.inject(topic, piece);
    for (const message of shuffled.flat()) bench.broker.inject(message.topic, message.piece);
    expect((await answersOf(one))[0]?.kind).toBe('registered');
    expect((await answersOf(two))[0]?.kind).toBe('registered');
  });

  test('descriptions of one device at once are taken in order, and of those that wait only the newest', async () => {
    const reading = deferred<DescriptionTemplate>();
    bench.world.reader.answers('slow', () => reading.promise);
    bench.describe(one, 'slow');
    for (let i = 0; i < 50; i += 1) bench.describe(one, lampText);
    bench.describe(one, betterText);
    await bench.settled();
    expect(bench.world.reader.asked).toEqual(['slow']);
    reading.resolve(bench.world.reader.knows('slow', description({ category: 'Slow' })));
    expect(await answersOf(one, 2)).toHaveLength(2);
    expect(bench.world.reader.asked).toEqual(['slow', betterText]);
    expect(bench.registry.describe(one)?.operations).toHaveLength(2);
  });

  test('a reader that never answers one device does not hold up others', async () => {
    bench.world.reader.answers('hangs', () => new Promise(() => {}));
    bench.describe(one, 'hangs');
    bench.describe(two, lampText);
    expect((await answersOf(two))[0]?.kind).toBe('registered');
    expect(bench.answers(one)).toEqual([]);
  });

  test.each<[string, Error, string]>([
    ['a bug', new TypeError("Cannot read 'x' of undefined at /srv/mup/src/reader.ts:7"), 'internal'],
    ['an invariant', new InternalError('the tree at /srv/mup is broken'), 'internal'],
    ['a file', new UsageError('store-damaged', 'damaged', { where: '/srv/mup/registry/x.json' }), 'internal'],
    ['the disk', Object.assign(new Error("ENOSPC, write '/srv/mup/x'"), { code: 'ENOSPC' }), 'internal'],
    ['its load', new UnavailableError('reader-busy', '1000 descriptions wait to be read'), 'busy'],
  ])('what fails inside because of %s is told without any detail', async (_, error, code) => {
    bench.world.reader.answers('fails', async () => {
      throw error;
    });
    bench.describe(one, 'fails');
    expect((await answersOf())[0]).toMatchObject({ kind: 'refused', code });
    expect(bench.answers(one)[0]).not.toMatch(/\/srv|reader\.ts|ENOSPC| at /);
  });

  test('a registration that cannot be stored is refused, and is none', async () => {
    bench.world.store.fault = () => Object.assign(new Error("ENOSPC '/srv/mup'"), { code: 'ENOSPC' });
    bench.describe(one, lampText);
    expect((await answersOf())[0]).toMatchObject({ kind: 'refused', code: 'internal' });
    expect(bench.registry.get(one)).toBeUndefined();
    expect(bench.world.logger.messages('error')).toEqual(['description refused']);
    bench.world.store.fault = undefined;
    bench.describe(one, lampText);
    expect((await answersOf(one, 2))[1]?.kind).toBe('registered');
  });

  test('one device more than registration.maxDevices is refused', async () => {
    await bench.close();
    await start({ maxDevices: 1 });
    bench.describe(one, lampText);
    await answersOf(one);
    bench.describe(two, lampText);
    expect((await answersOf(two))[0]).toMatchObject({ kind: 'refused', code: 'too-many-devices' });
  });

  test('a description that is not completed is dropped and logged; the device may begin again', async () => {
    const [piece = new Uint8Array()] = encodePieces(new TextEncoder().encode(lampText), 7);
    bench.broker.inject(`mup/description/${one}`, piece);
    await bench.settled();
    bench.clock.advance(defaultConfig.registration.assemblyIdleMs + 10_000);
    expect(bench.world.logger.messages('warn')).toEqual(['a description was not completed']);
    bench.describe(one, lampText);
    expect((await answersOf())[0]?.kind).toBe('registered');
  });

  test('a contradiction is served as a variant, and logged when it comes, not at every boot', async () => {
    bench.describe(one, lampText);
    await answersOf();
    bench.world.reader.knows(
      'other',
      description({ operations: [operation('on', { states: [{ name: 'OK' }] })] }),
    );
    for (let i = 1; i <= 2; i += 1) {
      bench.describe(two, 'other');
      await answersOf(two, i);
    }
    expect(bench.registry.get(two)?.module).toBe('mqtt-lamp-2');
    expect(bench.world.logger.lines.filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({ fields: expect.objectContaining({ module: 'mqtt-lamp-2', uuid: two }) }),
    ]);
  });

  test('a slow registration does not put an older revision of the module back', async () => {
    // Its module is on disk, so that the first does not write it.
    await bench.registry.register(deviceUuid('dev-3'), templateOf(description(), lampText));
    const written = deferred();
    bench.world.store.delay = ({ key }) => (key === one ? written.promise : undefined);
    bench.describe(one, lampText);
    await until(() => bench.world.store.calls.some(({ key }) => key === one), 'the writing of the first');
    bench.describe(two, betterText);
    await answersOf(two);
    written.resolve();
    await answersOf(one);
    const served = bench.backend.modules().find(({ schema }) => schema.name === 'mqtt-lamp');
    expect([...(served?.schema.rpcs.keys() ?? [])]).toEqual(['on', 'off']);
  });

  test('a module without devices that has to make room is served no more', async () => {
    const filler = (i: number): DescriptionTemplate =>
      templateOf(description({ category: `kind ${i}` }), `kind ${i}`);
    const { maxModules } = defaultConfig.registration;
    for (let i = 0; i < maxModules; i += 1) await bench.registry.register(one, filler(i));
    await bench.close();
    bench = await BenchBridge.start(bench.world);
    const names = (): string[] => bench.backend.modules().map(({ schema }) => schema.name);
    const before = names().length;
    expect(names()).toContain('mqtt-kind-0');
    bench.describe(two, lampText);
    await answersOf(two);
    expect(names()).toHaveLength(before);
    expect(names()).toContain('mqtt-lamp');
    expect(names()).not.toContain('mqtt-kind-0');
  });

  test('a bridge that stops answers nothing: the device would take it for a refusal', async () => {
    const reading = deferred<DescriptionTemplate>();
    bench.world.reader.answers('slow', () => reading.promise);
    bench.describe(one, 'slow');
    await bench.settled();
    await bench.bridge.close();
    reading.reject(new UnavailableError('reader-closed', 'the reader is closed'));
    await bench.settled();
    expect(bench.answers(one)).toEqual([]);
  });

  test('no message on a description topic does anything but register or be refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 60 }),
            fc.constantFrom('1/2;a', '2/2;b', '1/1;', ';', '1/99999;x'),
          ),
          {
            maxLength: 10,
          },
        ),
        async (messages) => {
          for (const message of messages) bench.broker.inject(`mup/description/${two}`, message);
          await bench.settled();
          for (const answer of bench.answers(two))
            expect(parseRegistrationAnswer(answer).kind).toBe('refused');
          expect(bench.registry.get(two)).toBeUndefined();
        },
      ),
      { numRuns: 50 },
    );
  });
});
