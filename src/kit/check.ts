import { PeerError, UnavailableError } from '../base/errors.ts';
import type { Bench } from './bench.ts';

/**
 * What follows from a failed check. `critical`: an attacker who may publish at the broker gets something that the
 * protocol promises to refuse. `major`: updates fail, or the device is of no use until somebody goes there.
 * `minor`: the text of the protocol says otherwise, and a bridge copes.
 */
export type Severity = 'critical' | 'major' | 'minor';

/** The profiles that take part in updates. */
export type TestedProfile = 'mup' | 'myno';

/**
 * What a check needs besides a device that answers. `image`: it installs an image, so the device has to boot it.
 * `reconnect`: it ends the device's connection to the broker, by taking over its client id.
 */
export type Need = 'image' | 'reconnect';

/** One rule of the protocol, and how to find out whether a device keeps it. */
export interface Check {
  /** Stable: files of expected failures name it. The group, a slash, the rule. */
  readonly id: string;
  /** What the device has to do, as one sentence. */
  readonly title: string;
  /** Where that is written. */
  readonly section: string;
  readonly severity: Severity;
  readonly profiles: readonly TestedProfile[];
  readonly needs: readonly Need[];
  /**
   * Resolves when the device has kept the rule.
   * @throws CheckFailure, CheckSkipped; anything else is an error of the check
   */
  run(bench: Bench): Promise<void>;
}

/** What the checks of one file share. */
type Defaults = Pick<Check, 'section'> & Partial<Pick<Check, 'profiles' | 'needs' | 'severity'>>;

/** Makes checks of a group that share a section and, unless they say otherwise, more. */
export function checksOf(
  group: string,
  defaults: Defaults,
  checks: Readonly<Record<string, Partial<Check> & Pick<Check, 'title' | 'run'>>>,
): readonly Check[] {
  return Object.entries(checks).map(([name, check]) => ({
    severity: 'major',
    profiles: ['mup'],
    needs: [],
    ...defaults,
    ...check,
    id: `${group}/${name}`,
  }));
}

/** The device broke the rule: what was to be seen, and what was seen instead. */
export class CheckFailure extends PeerError {
  readonly expected: string;
  readonly seen: string;

  constructor(expected: string, seen: string) {
    super('check-failed', `expected ${expected}; seen: ${seen}`);
    this.expected = expected;
    this.seen = seen;
  }
}

/** The rule could not be tried on this device, and why. */
export class CheckSkipped extends UnavailableError {
  constructor(why: string) {
    super('check-skipped', why);
  }
}

/** @throws CheckFailure unless it holds */
export function expectThat(holds: boolean, expected: string, seen: string): void {
  if (!holds) throw new CheckFailure(expected, seen);
}
