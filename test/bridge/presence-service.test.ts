import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deviceUuid } from '../../src/base/ids.ts';
import { description } from '../support/example-description.ts';
import { BenchBridge, until } from './bench-bridge.ts';
import { settingsTree } from './bridge-settings.ts';

const one = deviceUuid('dev-1');

describe('the presence of devices (mup-protocol §1)', () => {
  let bench: BenchBridge;

  const says = async (status: string): Promise<void> => {
    bench.broker.inject('mup/status/dev-1', status, { retain: true });
    await bench.settled();
  };

  beforeEach(async () => {
    bench = await BenchBridge.start();
  });
  afterEach(() => bench.close());

  test('a registered device is followed', async () => {
    await bench.register(description());
    await says('online;3');
    expect(bench.registry.get(one)).toMatchObject({ presence: 'online', firmwareVersion: 3 });
    await says('offline');
    expect(bench.registry.get(one)).toMatchObject({ presence: 'offline', firmwareVersion: 3 });
  });

  test('what it said before it registered counts when it does', async () => {
    await says('online;3');
    expect(bench.registry.get(one)).toBeUndefined();
    await bench.register(description());
    expect(bench.registry.get(one)).toMatchObject({ presence: 'online', firmwareVersion: 3 });
  });

  test('a will of before is not believed: whoever registers is there', async () => {
    await says('offline');
    await bench.register(description());
    expect(bench.registry.get(one)?.presence).toBe('online');
  });

  test('what it said before it described itself is out of date once it says more, while nobody has accepted it', async () => {
    bench.world.running.commit(settingsTree({ all: { acceptance: 'approve' } }));
    await says('online;3');
    bench.world.reader.knows('a lamp', description());
    bench.describe(one, 'a lamp');
    await until(() => bench.registry.isPending(one), 'its registration');
    await says('online;4');
    await says('offline');
    await bench.call('mup-bridge', 'accept-device', { device: one });
    expect(bench.registry.get(one)).toMatchObject({ presence: 'offline', firmwareVersion: 4 });
  });

  test('after a restart it is unknown until the retained status comes again', async () => {
    await bench.register(description());
    await says('online;3');
    await bench.close();
    bench.broker.retained.clear();
    bench = await BenchBridge.start(bench.world);
    expect(bench.registry.get(one)).toMatchObject({ presence: 'unknown', firmwareVersion: 3 });
    await bench.close();
    await says('online;4');
    bench = await BenchBridge.start(bench.world);
    await bench.settled();
    expect(bench.registry.get(one)).toMatchObject({ presence: 'online', firmwareVersion: 4 });
  });

  test('a device of the prototype says nothing of its presence: whoever does is somebody else', async () => {
    await says('online;3');
    await bench.register({ ...description(), profile: 'myno' });
    await says('offline');
    expect(bench.registry.get(one)).toMatchObject({ presence: 'unknown' });
    expect(bench.registry.get(one)?.firmwareVersion).toBeUndefined();
  });

  test.each(['', 'on', 'online;x', 'online;-1', `online;${'9'.repeat(100)}`])(
    'a status %j changes nothing',
    async (status) => {
      await bench.register(description());
      await says('online;3');
      await says(status);
      expect(bench.registry.get(one)).toMatchObject({ presence: 'online', firmwareVersion: 3 });
    },
  );

  test('statuses of strangers are bounded in number', async () => {
    for (let i = 0; i < 10_001; i += 1) bench.broker.inject(`mup/status/stranger-${i}`, 'online;1');
    await says('online;3');
    await bench.register(description());
    expect(bench.registry.get(one)?.firmwareVersion).toBe(3);
    expect(bench.registry.size).toBe(1);
  });

  test('a version that cannot be stored is logged, and known all the same', async () => {
    await bench.register(description());
    bench.world.store.fault = () => new Error('disk full');
    await says('online;3');
    expect(bench.registry.get(one)?.firmwareVersion).toBe(3);
    expect(bench.world.logger.messages('error')).toEqual(['presence was not stored']);
  });
});
