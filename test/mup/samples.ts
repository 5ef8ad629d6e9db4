import fc from 'fast-check';
import { deviceUuid, digest } from '../../src/base/ids.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { UnsignedManifest } from '../../src/mup/manifest.ts';
import { maxUint32 } from '../../src/mup/manifest-fields.ts';
import { type PrivateKey, privateKey } from '../../src/mup/signature-scheme.ts';
import type { UpdateLimits } from '../../src/mup/update-job-types.ts';

/** A private key that every run shares. */
export function keyOf(seed: number): PrivateKey {
  return privateKey(new Uint8Array(32).fill(seed), '1');
}

export const vendorKey = keyOf(1);
export const serverKey = keyOf(2);
export const vendorPublic = es256.publicKeyOf(vendorKey);
export const serverPublic = es256.publicKeyOf(serverKey);

export const uuid = deviceUuid('6a1b2c3d-0000-4000-8000-000000000001');

export const unsigned: UnsignedManifest = {
  suite: '1',
  appId: 'lamp.v2',
  linkOffset: 4096,
  digest: digest('ab'.repeat(32)),
  size: 87_800,
  newVersion: 2,
  oldVersion: 0,
};

export const token = { uuid, nonce: '0123456789abcdef0123456789abcdef', version: 1 };

const uint32 = fc.integer({ min: 0, max: maxUint32 });
const hexDigit = fc.constantFrom(...'0123456789abcdef');

/** Every valid manifest. */
export const anyManifest: fc.Arbitrary<UnsignedManifest> = fc.record({
  suite: fc.constant('1'),
  appId: fc.stringMatching(/^[A-Za-z0-9._-]{1,32}$/),
  linkOffset: uint32,
  digest: fc.string({ unit: hexDigit, minLength: 64, maxLength: 64 }).map(digest),
  size: fc.integer({ min: 1, max: maxUint32 }),
  newVersion: uint32,
  oldVersion: uint32,
});

/** What a call throws, for looking at its code and place. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Deadlines of update jobs that a test can tell apart. */
export const jobLimits: UpdateLimits = {
  tokenDeadlineMs: 300,
  manifestDeadlineMs: 600,
  stallTimeoutMs: 500,
  verifyDeadlineMs: 700,
  restartDeadlineMs: 1200,
  offlineDeadlineMs: 10_000,
  jobDeadlineMs: 100_000,
  retryMinMs: 10,
  retryMaxMs: 50,
  maxRounds: 3,
};
