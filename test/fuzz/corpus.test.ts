import { afterAll, describe, expect, test } from '@jest/globals';
import { corpusOf, corpusTargets } from './corpus.ts';
import { targets } from './targets.ts';

afterAll(async () => {
  for (const { close } of targets) await close?.();
});

describe('inputs that once broke a decoder', () => {
  test('are all of a target', () => {
    const names = targets.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(corpusTargets().filter((name) => !names.includes(name))).toEqual([]);
  });

  for (const target of targets)
    for (const [file, input] of corpusOf(target.name))
      test(`${target.name}: ${file.slice(0, 12)} (${input.length} octets)`, async () => {
        await target.run(input);
      });
});

describe('the inputs that mutation begins with', () => {
  test.each(targets.map((target) => [target.name, target] as const))('%s', async (_, target) => {
    const seeds = await target.seeds();
    expect(seeds.length).toBeGreaterThan(0);
    for (const seed of seeds) await target.run(seed);
    await target.run(new Uint8Array());
  });
});
