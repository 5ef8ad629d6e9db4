import { afterEach, beforeEach } from '@jest/globals';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import { BenchUpdate } from './bench-update.ts';

/** Larger than a block that is read at once, so that a transfer can be caught in its middle. */
export const image = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
export const newer = image.map((byte) => byte ^ 0x55);

/** A bridge and a device agent, anew for each test. */
export let both: BenchUpdate;
/** Digest of the image, which the bridge holds as version 2. */
export let stored: string;

/** Starts them, with other limits of updates. */
export const start = async (update: Partial<Config['update']> = {}): Promise<void> => {
  both = await BenchUpdate.start({ update: { ...defaultConfig.update, ...update } });
  stored = await both.bench.addImage(image, 2);
};

beforeEach(() => start());
afterEach(() => both.close());
