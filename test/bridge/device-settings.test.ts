import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defaultConfig } from '../../src/base/config.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { DeviceSettingsSource } from '../../src/bridge/device-settings.ts';
import { ManualConfig } from '../support/manual-config.ts';
import { type SettingsTree, settingsTree } from './bridge-settings.ts';

const uuid = deviceUuid('dev-1');
const lamp = { profile: 'mup', category: 'Lamp' } as const;

function sourceOf(tree: SettingsTree): DeviceSettingsSource {
  return new DeviceSettingsSource(defaultConfig, new ManualConfig(settingsTree(tree)));
}

/** Every leaf of the grouping `device-settings` but acceptance, with what it becomes. */
const numbers = [
  ['slice-size', 'sliceSizeBytes'],
  ['window', 'window'],
  ['request-timeout', 'requestTimeoutMs'],
  ['stall-timeout', 'stallTimeoutMs'],
  ['token-deadline', 'tokenDeadlineMs'],
  ['manifest-deadline', 'manifestDeadlineMs'],
  ['verify-deadline', 'verifyDeadlineMs'],
  ['restart-deadline', 'restartDeadlineMs'],
  ['offline-deadline', 'offlineDeadlineMs'],
] as const;

describe('settings of a device (yang/mup-bridge.yang, device-settings)', () => {
  test('without configuration they are those of Config', () => {
    expect(sourceOf({}).of(uuid, lamp)).toEqual({
      ...defaultConfig.update,
      requestTimeoutMs: defaultConfig.rpc.timeoutMs,
      acceptance: 'open',
    });
  });

  test.each(numbers)('%s: the most specific wins', (leaf, key) => {
    const all = { [leaf]: 11 };
    const categories = { Lamp: { [leaf]: 12 } };
    const devices = { 'dev-1': { [leaf]: 13 } };
    const found = (tree: SettingsTree): unknown => sourceOf(tree).of(uuid, lamp)[key];
    expect(found({ all })).toBe(11);
    expect(found({ all, categories })).toBe(12);
    expect(found({ all, categories, devices })).toBe(13);
    expect(found({ all, devices: { 'dev-2': { [leaf]: 13 } }, categories: { lamp: { [leaf]: 12 } } })).toBe(
      11,
    );
  });

  test('what is set for a device leaves the rest to its category and to all', () => {
    const source = sourceOf({
      all: { 'request-timeout': 1, 'stall-timeout': 1, acceptance: 'approve' },
      categories: { Lamp: { 'stall-timeout': 2, 'token-deadline': 2 } },
      devices: { 'dev-1': { 'token-deadline': 3, acceptance: 'open' } },
    });
    expect(source.of(uuid, lamp)).toMatchObject({
      requestTimeoutMs: 1,
      stallTimeoutMs: 2,
      tokenDeadlineMs: 3,
      acceptance: 'open',
    });
    expect(source.of(deviceUuid('dev-2'), lamp).acceptance).toBe('approve');
    expect(source.of(uuid, undefined)).toMatchObject({ stallTimeoutMs: 1, tokenDeadlineMs: 3 });
  });

  test('a description goes before Config, and is the most that its device takes (mup-protocol §3, Slices)', () => {
    const described = { ...lamp, maxSliceSize: 400, window: 4 };
    const found = (tree: SettingsTree): unknown => {
      const { sliceSizeBytes, window } = sourceOf(tree).of(uuid, described);
      return [sliceSizeBytes, window];
    };
    expect(found({})).toEqual([400, 4]);
    expect(found({ all: { 'slice-size': 300, window: 2 } })).toEqual([300, 2]);
    expect(found({ devices: { 'dev-1': { 'slice-size': 500, window: 8 } } })).toEqual([400, 4]);
  });

  test('a commit holds from then on, and closing ends that', () => {
    const running = new ManualConfig();
    const source = new DeviceSettingsSource(defaultConfig, running);
    running.commit(settingsTree({ all: { window: 7 } }));
    expect(source.of(uuid, lamp).window).toBe(7);
    running.commit([]);
    expect(source.of(uuid, lamp).window).toBe(defaultConfig.update.window);
    source.close();
    expect(running.listeners).toBe(0);
  });

  test('property: each leaf is that of the device, else of the category, else of all, else of Config', () => {
    const leaves = fc.dictionary(
      fc.constantFrom(...numbers.map(([leaf]) => leaf)),
      fc.integer({ min: 1, max: 1000 }),
    );
    fc.assert(
      fc.property(leaves, leaves, leaves, (all, category, device) => {
        const source = sourceOf({ all, categories: { Lamp: category }, devices: { 'dev-1': device } });
        const nothing = sourceOf({}).of(uuid, lamp);
        for (const [leaf, key] of numbers)
          expect(source.of(uuid, lamp)[key]).toBe(
            device[leaf] ?? category[leaf] ?? all[leaf] ?? nothing[key],
          );
      }),
    );
  });

  test('slices to a device of the prototype are short, unless somebody says more of them', () => {
    const myno = { profile: 'myno', category: 'setup' } as const;
    expect(sourceOf({}).of(uuid, myno).sliceSizeBytes).toBe(defaultConfig.update.mynoSliceSizeBytes);
    expect(sourceOf({ all: { 'slice-size': 600 } }).of(uuid, myno).sliceSizeBytes).toBe(600);
  });
});
