import { afterEach, describe, expect, test } from '@jest/globals';
import { BenchDevice, description } from '../device/bench-device.ts';
import { kitOptions, results, shown } from './bench-kit.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

/** What is not tried, and why: by check. */
type Skipped = Readonly<Record<string, RegExp>>;

const cases: readonly [string, 4 | 5, Partial<typeof description>, Skipped][] = [
  ['over MQTT 5', 5, {}, { 'slices/window': /one slice in flight/ }],
  [
    'over MQTT 3.1.1',
    4,
    {},
    {
      'slices/window': /one slice in flight/,
      'rpc/correlation-data': /speaks MQTT 3.1.1/,
      'rpc/response-topic': /speaks MQTT 3.1.1/,
    },
  ],
  [
    'with a window, and a maximum packet size',
    5,
    { window: 4, maximumPacketSize: 300, maxSliceSize: 900 },
    {},
  ],
];

describe('our agent keeps every rule', () => {
  test.each(cases)('%s', async (_, protocolVersion, changes, skipped) => {
    const described = { ...description, ...changes };
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
