import type { Clock } from '../../src/base/clock.ts';
import type { RandomBytes } from '../../src/base/random.ts';
import type { DeviceDeps } from '../../src/device/options.ts';
import type { DocumentStore } from '../../src/registry/document-store.ts';

/**
 * What a run puts in place of what a bridge or a device is given: so a test breaks a rule on purpose, to show
 * that the harness notices.
 */
export interface Doubles {
  readonly bridgeStore?: (real: DocumentStore) => DocumentStore;
  readonly bridgeClock?: (real: Clock) => Clock;
  readonly bridgeRandom?: RandomBytes;
  readonly deviceDeps?: (real: DeviceDeps) => DeviceDeps;
}
