import { afterAll, describe, test } from '@jest/globals';
import { fuzz } from './fuzz.ts';
import { targets } from './targets.ts';

/**
 * Seconds for all targets together; CI gives a minute. Which inputs are tried differs from run to run: one that
 * breaks a decoder is printed, with the command that finds it again and keeps it in the corpus.
 */
const seconds = Number(process.env['FUZZ_SECONDS'] ?? '5');
const shareMs = (1000 * seconds) / targets.length;
const first = Date.now() % 1_000_000_000;

afterAll(async () => {
  for (const { close } of targets) await close?.();
});

describe('decoders of bytes from outside, fuzzed', () => {
  test.each(targets.map((target) => [target.name, target] as const))('%s', async (name, target) => {
    const { failure } = await fuzz(target, first, performance.now() + shareMs);
    if (failure === undefined) return;
    const { seed, input, error } = failure;
    const shown = Buffer.from(input.subarray(0, 500)).toString('hex');
    throw new TypeError(
      `broken by ${input.length} octets (hex): ${shown}\n` +
        `npx tsx test/fuzz/run.ts --target ${name} --seed ${seed} keeps them in test/fuzz/corpus\n` +
        `${error instanceof Error ? error.stack : String(error)}`,
    );
  });
});
