import { describe, expect, test } from '@jest/globals';
import { digest } from '../../src/base/ids.ts';
import { checkUpdate } from '../../src/mup/update-checks.ts';
import { unsigned } from './samples.ts';

const image = { size: unsigned.size, digest: unsigned.digest };

describe('what the update server refuses by itself (mup-protocol §3)', () => {
  test('a fresh update that fits goes on', () => {
    checkUpdate(unsigned, { version: 1 }, image, unsigned.appId);
    checkUpdate({ ...unsigned, oldVersion: 1 }, { version: 1 });
  });

  test.each([
    ['version-not-newer', { newVersion: 1 }, image, unsigned.appId],
    ['version-not-newer', { newVersion: 0 }, image, unsigned.appId],
    ['wrong-old-version', { newVersion: 9, oldVersion: 8 }, image, unsigned.appId],
    ['wrong-app-id', {}, image, 'other'],
    ['image-mismatch', {}, { ...image, size: image.size - 1 }, unsigned.appId],
    ['image-mismatch', {}, { ...image, digest: digest('00'.repeat(32)) }, unsigned.appId],
  ] as const)('%s: %p', (code, changes, facts, appId) => {
    expect(() => checkUpdate({ ...unsigned, ...changes }, { version: 1 }, facts, appId)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
