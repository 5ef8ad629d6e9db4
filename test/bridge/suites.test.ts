import { afterEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import { allSuites, ed25519 } from '../../src/mup/adapters/noble-curves.ts';
import { describedSuites } from '../../src/mup/described-suites.ts';
import { keyOfSuite } from '../../src/mup/server-keys.ts';
import { signManifest } from '../../src/mup/signing.ts';
import { description, image, server, serverKey, unsigned } from '../device/bench-device.ts';
import { newWorld } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';

/** The same device, which lists the suites that it understands. */
function understanding(...suites: readonly string[]): DeviceDescription {
  const type = { kind: 'enumeration', values: suites.map((name) => ({ name })) } as const;
  const operations = description.operations.map((operation) => ({
    ...operation,
    inputs: operation.inputs.map((input) => (input.role === 'suite' ? { ...input, type } : input)),
  }));
  return { ...description, operations };
}

describe('the suites that a device understands', () => {
  test('are the values of the input that represents the suite, and without values 1 alone', () => {
    expect(describedSuites(understanding('1', '2', '7'))).toEqual(['1', '2', '7']);
    expect(describedSuites(description)).toEqual(['1']);
    expect(describedSuites({ operations: [] })).toEqual(['1']);
  });

  test('what device and update server do not have in common is refused with the names of what they have', () => {
    const endorsement = { serverKey, epoch: 0, signature: undefined };
    const refused = (suite: string, understood: readonly string[]) => () =>
      keyOfSuite({ suite }, understood, [{ key: server, endorsement }]);
    expect(refused('1', ['1', '2'])()).toBe(server);
    expect(refused('2', ['1', '7'])).toThrow(
      expect.objectContaining({
        code: 'suite-not-understood',
        message: 'the manifest is of suite 2 (Ed25519), the device understands 1 (ES256) and 7',
      }),
    );
    expect(refused('2', ['1', '2'])).toThrow(
      expect.objectContaining({
        code: 'no-key-of-suite',
        message: 'the manifest is of suite 2 (Ed25519), the update server has keys of 1 (ES256)',
      }),
    );
  });
});

describe('an update with an image of suite 2', () => {
  let both: BenchUpdate;
  afterEach(() => both.close());

  async function failedOrder(): Promise<unknown> {
    const facts = { ...unsigned, suite: '2', digest: sha256(image), size: image.length };
    await both.bench.images.add(signManifest(facts, ed25519.generate(), allSuites), image);
    return both.reaches(await both.order(facts.digest), 'failed');
  }

  test.each([
    ['suite-not-understood', description],
    ['no-key-of-suite', understanding('1', '2')],
  ])('fails with %s before the device is asked anything', async (code, described) => {
    both = await BenchUpdate.start({}, newWorld(), described);
    expect(JSON.stringify(await failedOrder())).toContain(code);
    expect(both.requests()).toEqual([]);
  });
});
