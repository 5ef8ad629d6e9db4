import type { Clock } from '../base/clock.ts';
import type { DeviceDescription } from '../base/description.ts';
import type { Logger } from '../base/logger.ts';
import { describedSuites } from '../mup/described-suites.ts';
import type { Endorsement } from '../mup/endorsement.ts';
import type { SignatureScheme } from '../mup/signature-scheme.ts';
import type { DeviceStateName } from '../mup/states.ts';
import type { VendorKeyStatement } from '../mup/vendor-key.ts';
import type { DeviceEventListener } from './events.ts';
import type { Firmware } from './firmware.ts';
import { decideServerKey, type KeyDecision } from './server-key.ts';
import { decideVendorKey } from './vendor-key.ts';

export interface DeviceKeysOptions {
  /** Says which suites the device understands. */
  readonly description: Pick<DeviceDescription, 'operations'>;
  readonly firmware: Firmware;
  /** Whether a device without a vendor key trusts the first update server's key (mup-protocol §1). */
  readonly trustFirstKey: boolean;
  readonly scheme: SignatureScheme;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly emit: DeviceEventListener;
  /** Another key of the update server is kept. */
  readonly onServerKey: () => void;
}

/** How often a key that nobody asked for may cost the check of a signature: anybody may send any number. */
const unaskedIntervalMs = 600_000;

/** The keys that a device trusts, and how they follow one another (mup-protocol §1, ADR 27). */
export class DeviceKeys {
  readonly #options: DeviceKeysOptions;
  /** What is decided about keys goes one after the other: each decision is that on what the last one kept. */
  #turn: Promise<unknown> = Promise.resolve();
  #nextUnasked = Number.NEGATIVE_INFINITY;

  constructor(options: DeviceKeysOptions) {
    this.#options = options;
  }

  /**
   * Takes the update server's key that came with the answer to a description, or leaves it.
   * @returns `false` when the key is none that the device may take: whoever has sent it is not its bridge, as far
   *   as the device can tell
   * @throws UnavailableError when it could not be kept
   */
  offer(offered: Endorsement): Promise<boolean> {
    const { firmware, trustFirstKey } = this.#options;
    const { serverKey, vendorKey } = firmware.record;
    // A device that cannot tell keys apart takes the answer, and no update.
    const blind = serverKey === undefined && vendorKey === undefined && !trustFirstKey;
    return this.#inTurn(async () => (await this.#decide(offered)).kind !== 'refuse' || blind);
  }

  /** The same for a key that comes to a registered device: the update server has another one now. */
  async offerUnasked(offered: Endorsement): Promise<void> {
    const { firmware, clock, logger } = this.#options;
    const { serverKey, vendorKey } = firmware.record;
    if (vendorKey === undefined || offered.signature === undefined) return;
    if (serverKey !== undefined && offered.epoch <= serverKey.epoch) return;
    const now = clock.monotonic();
    if (now < this.#nextUnasked) return;
    this.#nextUnasked = now + unaskedIntervalMs;
    try {
      await this.#inTurn(() => this.#decide(offered));
    } catch (error) {
      logger.error("the update server's key could not be kept; it comes again with the next registration", {
        error,
      });
    }
  }

  /**
   * Takes the vendor's next key, or refuses it (ADR 27). On disk when it resolves.
   * @throws UnavailableError when it could not be kept
   */
  rotateVendorKey(statement: VendorKeyStatement | undefined): Promise<DeviceStateName> {
    return this.#inTurn(async () => {
      const { description, firmware, scheme, logger, emit } = this.#options;
      const { vendorKey, vendorKeyCounter: counter } = firmware.record;
      const suites = describedSuites(description);
      const state = decideVendorKey(statement, { vendorKey, counter, suites, scheme });
      if (state === '10_OK' && statement !== undefined) {
        await firmware.keepVendorKey(statement.newKey, statement.counter);
        // The next key of the update server is endorsed with the new one.
        this.#nextUnasked = Number.NEGATIVE_INFINITY;
        emit({ kind: 'vendor-key-taken', counter: statement.counter });
      } else if (state !== '11_NOOP') {
        logger.warn("the vendor's next key is refused", { state });
        emit({ kind: 'vendor-key-refused', state });
      }
      return state;
    });
  }

  async #decide(offered: Endorsement): Promise<KeyDecision> {
    const { firmware, trustFirstKey, scheme, logger, emit, onServerKey } = this.#options;
    const { serverKey: kept, vendorKey } = firmware.record;
    const decision = decideServerKey(offered, { kept, vendorKey, trustFirstKey, scheme });
    if (decision.kind === 'take') {
      await firmware.keepServerKey(decision.key);
      emit({ kind: 'server-key-taken', epoch: decision.key.epoch });
      onServerKey();
    }
    if (decision.kind === 'refuse') {
      logger.warn("the update server's key is refused", { reason: decision.reason });
      emit({ kind: 'server-key-refused', reason: decision.reason });
    }
    return decision;
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(task);
    this.#turn = done.catch(() => {});
    return done;
  }
}
