import { afterEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { signDescription } from '../../src/mup/signed-description.ts';
import { authenticating, BenchDevice, description, stranger, uuid, vendor } from '../device/bench-device.ts';
import { kitOptions, results, shown } from './bench-kit.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

/** What is not tried, and why: by check. */
type Skipped = Readonly<Record<string, RegExp>>;

const unsigned: Skipped = {
  'signed/description': /no signature/,
  'signed/repeated': /no signature/,
  'signed/presence': /no signature/,
};

/** What is not tried of a device that signs nothing and whose slices are not authenticated. */
const plain: Skipped = { ...unsigned, 'slices/authenticated': /slices that are not authenticated/ };

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
  [
    'with a window of more octets than its slot has',
    5,
    { ...description, window: 20, maxSliceSize: 300 },
    { ...plain, 'slices/window': /6000 octets does not fit into the device's slot/ },
  ],
  [
    'with authenticated slices',
    5,
    { ...authenticating, window: 2 },
    { ...unsigned, 'slices/sizes': /have one size/ },
  ],
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

  test.each<[string, ConstructorParameters<typeof BenchDevice>[0], Skipped]>([
    ['a key of its own', { signKey: stranger }, {}],
    [
      'its vendor’s key',
      { descriptionBytes: signDescription(uuid, utf8('{}'), 4, vendor, { scheme: es256, sha256 }) },
      { 'signed/presence': /the vendor has signed/ },
    ],
  ])('with descriptions that are signed with %s', async (_, changes, skipped) => {
    device = new BenchDevice(changes);
    const found = await results(device, kitOptions(device), ({ id }) => id.startsWith('signed/'));
    const outcomes = [...found.values()].map((result) => [result.check.id, shown(result)]);
    const expected = ['signed/description', 'signed/repeated', 'signed/presence'].map((id) => [
      id,
      skipped[id] === undefined ? 'passed' : expect.stringMatching(skipped[id]),
    ]);
    expect(outcomes).toEqual(expected);
  });

  test('also where no reconnect can be had: what is tried after that is not misled by what was to be answered', async () => {
    device = new BenchDevice();
    const found = await results(device, { ...kitOptions(device), takeOver: async () => {} });
    const others = [...found.values()].filter(({ outcome }) => outcome !== 'passed');
    expect(others.filter(({ outcome }) => outcome !== 'skipped').map(shown)).toEqual([]);
    const skipped = others.map(({ check }) => check.id);
    const needy = [...found.values()].filter(({ check }) => check.needs.includes('reconnect'));
    expect(skipped).toEqual(expect.arrayContaining(needy.map(({ check }) => check.id)));
  });

  test('without an operation for the vendor’s next key, which is not tried then', async () => {
    const operations = description.operations.filter(({ role }) => role !== 'vendor-key');
    device = new BenchDevice({ description: { ...description, operations } });
    const options = kitOptions(device, { ...description, operations });
    const found = await results(device, options, ({ id }) => id.startsWith('vendor/'));
    expect(new Set([...found.values()].map(shown))).toEqual(
      new Set(['skipped: the device describes no vendor-key operation']),
    );
  });

  test('also where the vendor’s key has followed another one before, as --vendor-counter says', async () => {
    const wanted = ['vendor/rolled-over', 'vendor/replayed'];
    const triedWith = async (vendorCounter: number): Promise<string[]> => {
      const { signer, ...options } = kitOptions(device);
      const changed = { ...options, signer: { ...signer, vendorCounter } };
      const found = await results(device, changed, ({ id }) => wanted.includes(id));
      const store = device.store.snapshot();
      await device.agent.close();
      device = new BenchDevice({}, { store });
      return [...found.values()].map(shown);
    };
    device = new BenchDevice();
    expect(await triedWith(1)).toEqual(['passed', 'passed']);
    const tooLow =
      'failed: expected 10_OK to the next key with counter 1 (--vendor-counter); seen: 31_COUNTER-NOT-HIGHER';
    expect(await triedWith(1)).toEqual([tooLow, tooLow]);
    expect(await triedWith(100)).toEqual(['passed', 'passed']);
  });
});
