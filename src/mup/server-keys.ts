import { PeerError } from '../base/errors.ts';
import type { Endorsement } from './endorsement.ts';
import type { UnsignedManifest } from './manifest.ts';
import type { PrivateKey } from './signature-scheme.ts';
import { suiteName, suiteNames } from './suites.ts';

/** A key of the update server, and what devices are told of it. */
export interface ServerKey {
  readonly key: PrivateKey;
  readonly endorsement: Endorsement;
}

/** The keys of the suites that a device understands, in their order. */
export function keysFor(keys: readonly ServerKey[], understood: readonly string[]): readonly ServerKey[] {
  return keys.filter(({ key }) => understood.includes(key.suite));
}

/** The suites of the keys, for people: `1 (ES256) and 2 (Ed25519)`. */
export function heldSuites(keys: readonly ServerKey[]): string {
  return suiteNames([...new Set(keys.map(({ key }) => key.suite))], 'and');
}

/**
 * The key that a manifest is signed with for a device. Asked before anything is sent: it shows whether the update
 * can be signed and verified at all.
 * @param understood codes of the suites that the device understands
 * @param keys those of which the device may hold the public half
 * @throws PeerError `suite-not-understood`, `no-key-of-suite`
 */
export function keyOfSuite(
  { suite }: Pick<UnsignedManifest, 'suite'>,
  understood: readonly string[],
  keys: readonly ServerKey[],
): PrivateKey {
  const named = `the manifest is of suite ${suiteName(suite)}`;
  if (!understood.includes(suite))
    throw new PeerError(
      'suite-not-understood',
      `${named}, the device understands ${suiteNames(understood, 'and')}`,
      { where: 'suite', hint: 'Sign the image with a vendor key of a suite that the device understands.' },
    );
  const found = keys.find(({ key }) => key.suite === suite);
  if (found !== undefined) return found.key;
  throw new PeerError('no-key-of-suite', `${named}, the update server has keys of ${heldSuites(keys)}`, {
    where: 'suite',
    hint: 'Make the update server a key of that suite with `mup keygen server --suite`.',
  });
}
