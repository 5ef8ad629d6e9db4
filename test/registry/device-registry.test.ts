import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defaultConfig } from '../../src/base/config.ts';
import { deferred } from '../../src/base/deferred.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import type { DescriptionTemplate } from '../../src/ontology/description-template.ts';
import { DeviceRegistry } from '../../src/registry/device-registry.ts';
import { maxVariants } from '../../src/registry/module-catalog.ts';
import { dataPoint, description, field, operation } from '../support/example-description.ts';
import { MemoryDocumentStore, type StoreCall } from '../support/memory-document-store.ts';
import {
  begin,
  clock,
  dimmed,
  first,
  lamp,
  on,
  onOff,
  open,
  registry,
  second,
  store,
  template,
  third,
} from './registry-fixture.ts';

describe('the device registry', () => {
  test('a restart keeps devices, descriptions, modules and revisions; presence is unknown until heard', async () => {
    await registry.register(first, on);
    clock.advance(1000);
    await registry.register(second, onOff);
    await registry.heard(second, 'online', 7);
    const again = await open();
    expect(again.modules()).toEqual(registry.modules());
    expect(again.modules()[0]?.revisions.map(({ date }) => date)).toEqual(['2021-01-02', '2021-01-01']);
    expect(again.describe(second)).toEqual(registry.describe(second));
    expect(again.get(second)).toEqual({
      ...registry.get(second),
      presence: 'unknown',
      firmwareVersion: 7,
    });
    expect(again.get(first)?.registeredAt).toBe(clock.now() - 1000);
    // The revision goes on from where it was: names and dates are not used twice.
    await again.register(third, lamp('on', 'off', 'blink'));
    expect(again.modules()[0]?.revisions[0]?.date).toBe('2021-01-03');
  });

  test('a registration says what it did', async () => {
    expect(await registry.register(first, on)).toMatchObject({ outcome: 'registered', change: 'new' });
    expect(await registry.register(first, on)).toMatchObject({ outcome: 'confirmed', change: 'same' });
    expect(await registry.register(first, onOff)).toMatchObject({ outcome: 'changed', change: 'extended' });
    expect(await registry.register(second, on)).toMatchObject({ outcome: 'registered', change: 'same' });
  });

  test('a contradiction gets a numbered variant of the module, with its reason (design: Names)', async () => {
    await registry.register(first, on);
    const variant = await registry.register(second, dimmed);
    expect(variant.model.name).toBe('mqtt-lamp-2');
    expect(variant.contradictions).toEqual([expect.stringMatching(/^mqtt-lamp: .*on/)]);
    expect(registry.get(first)?.module).toBe('mqtt-lamp');
    // Both again, over a restart and in the other order: each finds its own.
    const again = await open();
    expect((await again.register(second, dimmed)).model.name).toBe('mqtt-lamp-2');
    expect((await again.register(first, on)).model.name).toBe('mqtt-lamp');
  });

  test('the same operations and data points stand in a module, whatever order devices come in', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const parts = fc.array(fc.subarray(names, { minLength: 1 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(parts, fc.infiniteStream(fc.nat()), async (subsets, random) => {
        const shuffled = subsets
          .map((subset) => ({ subset, at: random.next().value ?? 0 }))
          .sort((x, y) => x.at - y.at)
          .map(({ subset }) => subset);
        const made = await Promise.all(
          [subsets, shuffled].map(async (order) => {
            const fresh = await DeviceRegistry.open({
              store: new MemoryDocumentStore(),
              clock,
              ...defaultConfig.registration,
            });
            for (const [i, subset] of order.entries())
              await fresh.register(
                deviceUuid(`dev-${i}`),
                template(
                  description({
                    operations: subset.map((name) => operation(name)),
                    dataPoints: subset.map((name) => dataPoint(`point-${name}`)),
                  }),
                ),
              );
            return fresh.modules().map((model) => ({
              name: model.name,
              operations: model.operations.map(({ name }) => name).sort(),
              dataPoints: model.dataPoints.map(({ name }) => name).sort(),
            }));
          }),
        );
        expect(made[1]).toEqual(made[0]);
      }),
      { numRuns: 30 },
    );
  });

  test('a template goes with its last device; the module stays for its clients', async () => {
    await registry.register(first, on);
    await registry.register(second, on);
    expect(await registry.remove(first)).toBe(true);
    expect(registry.template(on.digest)).toBeDefined();
    await registry.register(second, onOff);
    expect(registry.template(on.digest)).toBeUndefined();
    expect(store.keys('templates')).toEqual([onOff.digest]);
    expect(await registry.remove(second)).toBe(true);
    expect(await registry.remove(second)).toBe(false);
    expect([store.keys('templates'), store.keys('devices')]).toEqual([[], []]);
    expect(registry.modules()).toHaveLength(1);
    expect(registry.describe(second)).toBeUndefined();
  });

  test('one device more than the limit is refused, one that is registered may change', async () => {
    const small = await open(1);
    await small.register(first, on);
    await expect(small.register(second, on)).rejects.toMatchObject({ code: 'too-many-devices' });
    await small.register(first, onOff);
    expect(small.size).toBe(1);
  });

  test('a device is stored with the module and the template that it needs, or not at all', async () => {
    await registry.register(first, on);
    expect(store.calls.map(({ collection }) => collection)).toEqual(['templates', 'modules', 'devices']);
    await registry.register(second, on);
    await registry.register(second, onOff);
    await registry.remove(first);
    expect(store.calls.slice(3).map(({ kind, collection }) => `${kind} ${collection}`)).toEqual([
      'put devices',
      ...['put templates', 'put modules', 'put devices'],
      ...['delete devices', 'delete templates'],
    ]);
    expect(store.transactions).toEqual([3, 1, 3, 1, 1]);
  });

  test('what an operator brought is stored with its device, and goes with it', async () => {
    const along = [{ kind: 'put', collection: 'descriptions', key: first, document: 'text' }] as const;
    store.fault = ({ collection }) => (collection === 'descriptions' ? new Error('disk full') : undefined);
    await expect(registry.register(first, on, { by: 'operator', along })).rejects.toThrow('disk full');
    expect([store.keys('devices'), registry.size]).toEqual([[], 0]);
    store.fault = undefined;
    await registry.register(first, on, { by: 'operator', along });
    expect(store.keys('descriptions')).toEqual([first]);
    await registry.remove(first);
    expect([store.keys('devices'), store.keys('descriptions')]).toEqual([[], []]);
  });

  test('a description that its last device leaves while another takes it stays on disk', async () => {
    await registry.register(first, on);
    await Promise.all([
      registry.register(second, onOff),
      registry.register(first, onOff),
      registry.register(third, on),
    ]);
    const again = await open();
    for (const uuid of [first, second, third]) expect(again.describe(uuid)).toEqual(registry.describe(uuid));
    expect(again.describe(third)).toBeDefined();
  });

  describe('while a device waits for the description that its sibling is writing', () => {
    /** Writes of the first device, and so those that wait for them, go on when it is called. */
    let goOn: () => void;
    let registering: Promise<unknown>[];

    beforeEach(async () => {
      const [begun, written] = [deferred(), deferred()];
      goOn = written.resolve;
      store.delay = ({ key }) => {
        if (key !== first) return undefined;
        begun.resolve();
        return written.promise;
      };
      registering = [registry.register(first, on)];
      await begun.promise;
      registering.push(registry.register(second, on));
    });

    test('what it says of itself is on disk afterwards', async () => {
      await registry.heard(second, 'online', 7, 'a key');
      goOn();
      await Promise.all(registering);
      expect((await open()).get(second)).toMatchObject({ firmwareVersion: 7, serverKey: 'a key' });
    });

    test('it may be removed, and does not come back', async () => {
      await registry.remove(second);
      goOn();
      await Promise.all(registering);
      expect(registry.get(second)).toBeUndefined();
      expect((await open()).get(second)).toBeUndefined();
    });
  });

  test('a device that is removed while it describes itself anew does not come back when that fails', async () => {
    await registry.register(first, on);
    const written = deferred();
    store.delay = ({ kind }) => (kind === 'put' ? written.promise : undefined);
    store.fault = ({ kind }) => (kind === 'put' ? new Error('disk full') : undefined);
    const changing = registry.register(first, onOff);
    const removing = registry.remove(first);
    written.resolve();
    await expect(changing).rejects.toThrow('disk full');
    expect(await removing).toBe(true);
    expect(registry.get(first)).toBeUndefined();
    const again = await open();
    expect(again.get(first)).toBeUndefined();
    expect(store.keys('templates')).toEqual([]);
  });

  test('whatever devices do at once, each that is on disk has its description and its module there', async () => {
    const kinds = [on, onOff, dimmed, lamp('on', 'off', 'blink')];
    const uuids = [first, second, third];
    const step = fc.record({
      uuid: fc.constantFrom(...uuids),
      kind: fc.constantFrom(...kinds),
      remove: fc.boolean(),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.array(step, { maxLength: 3 }), { maxLength: 6 }),
        async (s, rounds) => {
          await begin();
          for (const round of rounds) {
            const failing = new Set(round.filter(({ fails }) => fails).map(({ uuid }) => uuid as string));
            store.fault = ({ key }) => (failing.has(key) ? new Error('disk full') : undefined);
            store.delay = () => s.schedule(Promise.resolve());
            // One device does one thing at a time.
            const doing = uuids.flatMap((uuid) => round.filter((one) => one.uuid === uuid).slice(0, 1));
            const done = Promise.allSettled(
              doing.map(({ uuid, kind, remove }) =>
                remove ? registry.remove(uuid) : registry.register(uuid, kind),
              ),
            );
            await s.waitFor(done);
          }
          store.fault = undefined;
          store.delay = undefined;
          const again = await open();
          expect(new Set(store.keys('templates'))).toEqual(
            new Set([...again.all()].map((device) => device.description)),
          );
          expect([...again.all()].map(({ uuid }) => uuid).sort()).toEqual(
            [...registry.all()].map(({ uuid }) => uuid).sort(),
          );
          for (const { uuid, module } of again.all()) {
            expect(again.describe(uuid)).toEqual(registry.describe(uuid));
            expect(again.describe(uuid)).toBeDefined();
            const said = again.module(module ?? '')?.operations.map(({ name }) => name);
            const able = again.describe(uuid)?.operations.map(({ name }) => name) ?? [];
            expect(said).toEqual(expect.arrayContaining(able));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('nothing is written when a device says what it had said before', async () => {
    await registry.register(first, on);
    const { length } = store.calls;
    await registry.register(first, on);
    await registry.heard(first, 'online');
    expect(store.calls).toHaveLength(length);
  });

  test.each(['modules', 'templates', 'devices'] as const)(
    'when %s cannot be written the device is not registered, and the next attempt leaves all on disk',
    async (collection) => {
      store.fault = (call) => (call.collection === collection ? new Error('disk full') : undefined);
      await expect(registry.register(first, on)).rejects.toThrow('disk full');
      expect(registry.get(first)).toBeUndefined();
      expect(registry.size).toBe(0);
      store.fault = undefined;
      await registry.register(first, on);
      const again = await open();
      expect(again.describe(first)).toEqual(registry.describe(first));
      expect(again.modules()).toEqual(registry.modules());
    },
  );

  test('an earlier registration stays in force when a later one cannot be written', async () => {
    await registry.register(first, on);
    const before = registry.get(first);
    store.fault = ({ collection }) => (collection === 'devices' ? new Error('disk full') : undefined);
    await expect(registry.register(first, onOff)).rejects.toThrow('disk full');
    expect(registry.get(first)).toEqual(before);
    expect(registry.describe(first)?.operations.map(({ name }) => name)).toEqual(['on']);
    store.fault = undefined;
    expect((await registry.register(first, onOff)).outcome).toBe('changed');
    expect((await open()).describe(first)?.operations).toHaveLength(2);
  });

  test('a device that cannot be taken off the disk stays', async () => {
    await registry.register(first, on);
    store.fault = ({ kind }) => (kind === 'delete' ? new Error('disk full') : undefined);
    await expect(registry.remove(first)).rejects.toThrow('disk full');
    expect(registry.get(first)).toBeDefined();
  });

  test('siblings at once: each is on disk with its module and template when it is answered', async () => {
    const released = deferred();
    store.delay = () => released.promise;
    const failed: StoreCall[] = [];
    store.fault = (call) => {
      if (call.collection !== 'modules' || failed.length > 0) return undefined;
      failed.push(call);
      return new Error('disk full');
    };
    const outcomes = Promise.allSettled([registry.register(first, on), registry.register(second, on)]);
    released.resolve();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    const again = await open();
    expect([...again.all()].map(({ uuid }) => uuid)).toEqual([second]);
    expect(again.describe(second)).toBeDefined();
    expect(again.module('mqtt-lamp')).toEqual(registry.module('mqtt-lamp'));
  });

  test('an older device does not put an older revision of the module back on the disk', async () => {
    await Promise.all([registry.register(first, on), registry.register(second, onOff)]);
    expect((await open()).module('mqtt-lamp')?.revisions).toHaveLength(2);
  });

  test('a device that describes itself otherwise every time fills neither memory nor disk', async () => {
    await registry.register(second, on);
    const { maxModules } = defaultConfig.registration;
    for (let i = 0; i < maxModules + 5; i += 1)
      await registry.register(first, template(description({ category: `kind ${i}` })));
    expect(registry.modules()).toHaveLength(maxModules);
    expect(store.keys('modules')).toHaveLength(maxModules);
    expect(store.keys('templates')).toHaveLength(2);
    expect(registry.module('mqtt-lamp')).toBeDefined();
    expect(registry.module('mqtt-kind-0')).toBeUndefined();
  });

  test('the variants of a category are bounded, and one without a device makes room', async () => {
    const other = (i: number, name = 'on'): DescriptionTemplate =>
      template(
        description({
          operations: [operation(name, { inputs: [field(`f${i}`, { kind: 'scalar', datatype: 'int' })] })],
        }),
      );
    await registry.register(second, other(0));
    for (let i = 1; i < maxVariants + 5; i += 1) await registry.register(first, other(i));
    expect(registry.modules()).toHaveLength(maxVariants);
    expect(store.keys('modules')).toHaveLength(maxVariants);
    expect(registry.get(second)?.module).toBe('mqtt-lamp');
    expect(registry.module('mqtt-lamp')?.operations[0]?.inputs[0]?.name).toBe('f0');
    for (let i = 0; i < maxVariants; i += 1)
      await registry.register(deviceUuid(`other-${i}`), other(i)).catch(() => {});
    await expect(registry.register(third, other(99))).rejects.toMatchObject({ code: 'too-many-modules' });
  });

  test('of many contradictions with one module some are told', async () => {
    const many = (datatype: 'int' | 'string'): DescriptionTemplate => {
      const inputs = [field('level', { kind: 'scalar', datatype })];
      return template(
        description({ operations: Array.from({ length: 20 }, (_, i) => operation(`o${i}`, { inputs })) }),
      );
    };
    await registry.register(first, many('int'));
    const { contradictions } = await registry.register(second, many('string'));
    expect(contradictions).toHaveLength(6);
    expect(contradictions[5]).toBe('mqtt-lamp: and 15 more');
  });
});
