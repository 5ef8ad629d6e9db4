import { afterEach, describe, expect, test } from '@jest/globals';
import { authenticating, BenchDevice, description } from '../device/bench-device.ts';
import { kitOptions, results, shown } from './bench-kit.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

/** What is not tried, and why: by check. */
type Skipped = Readonly<Record<string, RegExp>>;

/** What is not tried of a device whose slices are authenticated, and of one whose slices are not. */
const plain: Skipped = { 'slices/authenticated': /slices that are not authenticated/ };

const cases: readonly [string, 4 | 5, typeof description, Skipped][] = [
  ['over MQTT 5', 5, description, { ...plain, 'slices/window': /one slice in flight/ }],
  [
    'over MQTT 3.1.1',
    4,
    description,
    {
      ...plain,
      'slices/window': /one slice in flight/,
      'rpc/correlation-data': /speaks MQTT 3.1.1/,
      'rpc/response-topic': /speaks MQTT 3.1.1/,
    },
  ],
  [
    'with a window, and a maximum packet size',
    5,
    { ...description, window: 4, maximumPacketSize: 300, maxSliceSize: 900 },
    plain,
  ],
  ['with authenticated slices', 5, { ...authenticating, window: 2 }, { 'slices/sizes': /have one size/ }],
];

describe('our agent keeps every rule', () => {
  test.each(cases)('%s', async (_, protocolVersion, described, skipped) => {
    device = new BenchDevice({ description: described }, { protocolVersion });
    const found = await results(device, kitOptions(device, described, protocolVersion));
    const wrong = [...found.values()].filter(
      ({ check, outcome, reason }) =>
        outcome !== 'passed' && !(outcome === 'skipped' && skipped[check.id]?.test(reason ?? '') === true),
    );
    expect(wrong.map((result) => `${result.check.id} ${shown(result)}`)).toEqual([]);
    expect([...found.values()].filter(({ outcome }) => outcome === 'skipped')).toHaveLength(
      Object.keys(skipped).length,
    );
    expect(device.agent.version).toBe(3);
  });
});
