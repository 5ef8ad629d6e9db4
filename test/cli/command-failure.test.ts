import { expect, test } from '@jest/globals';
import { exitCodeForFailure } from '../../src/cli/command-failure.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';

test.each([
  ['24_INNER-SIGN-INVALID', exitCodes.refused],
  ['not-updatable', exitCodes.refused],
  ['suite-not-understood', exitCodes.refused],
  ['no-key-of-suite', exitCodes.refused],
  ['version-not-newer', exitCodes.refused],
  ['restart-timeout', exitCodes.deviceUnavailable],
  ['store-failed', exitCodes.failed],
  ['constructor', exitCodes.failed],
])('a job that failed with %s ends its command with %i', (failure, code) =>
  expect(exitCodeForFailure(failure)).toBe(code),
);
