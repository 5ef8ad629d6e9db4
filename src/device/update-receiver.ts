import type { RunningSha256 } from '../base/adapters/node-runtime.ts';
import type { SliceHash } from '../base/ids.ts';
import type { RandomBytes } from '../base/random.ts';
import { decodeAuthenticatedSlice } from '../mup/authenticated-slices.ts';
import type { ExtendedManifest } from '../mup/manifest.ts';
import { decodeSlice } from '../mup/slices.ts';
import type { DeviceStateName } from '../mup/states.ts';
import { createNonce } from '../mup/token.ts';
import type { DeviceEvent } from './events.ts';
import { checkManifest, isOfOurSuite, type ManifestFacts } from './manifest-checks.ts';
import { isExpectedSlice } from './slice-check.ts';

/** What the image is compared with, frozen when the manifest was accepted (mup-protocol §3). */
export type FrozenManifest = Pick<ExtendedManifest, 'digest' | 'size' | 'newVersion' | 'slices'>;

/** How far a transfer has come. */
export interface TransferState {
  readonly manifest: FrozenManifest;
  /** The offset expected next: octets taken so far. */
  readonly received: number;
  /** Over those octets. */
  readonly hash: RunningSha256;
  /** What the next slice has to be, where slices are authenticated: all that this costs in memory. */
  readonly expected: SliceHash | undefined;
}

/** What has to be done, in the order of the list; if one fails, the rest is not done. */
export type ReceiverEffect =
  /** Empty the slot and remember the manifest over restarts. */
  | { readonly kind: 'begin'; readonly manifest: FrozenManifest }
  /** Subscribe to the slice topic; done once the subscription stands. */
  | { readonly kind: 'join' }
  | { readonly kind: 'leave' }
  | {
      readonly kind: 'write';
      readonly offset: number;
      readonly bytes: Uint8Array;
      /** What the slice after this one has to be, where slices are authenticated. */
      readonly next?: SliceHash;
    }
  | { readonly kind: 'acknowledge'; readonly offset: number }
  /** Forget what was downloaded. */
  | { readonly kind: 'discard' }
  /** Make the image durable and boot it next. */
  | { readonly kind: 'seal'; readonly manifest: FrozenManifest }
  | { readonly kind: 'answer'; readonly state: DeviceStateName }
  | { readonly kind: 'restart'; readonly manifest: FrozenManifest }
  | { readonly kind: 'event'; readonly event: DeviceEvent };

/** Durations, milliseconds. */
export interface ReceiverLimits {
  /** From the accepted manifest to FIN. */
  readonly transferDeadlineMs: number;
  /** Without a slice that was taken, while there is a connection. */
  readonly idleDeadlineMs: number;
}

export interface ReceiverOptions {
  /** What the device knows apart from the token and the slot; asked anew for each manifest. */
  readonly facts: () => Omit<ManifestFacts, 'nonce' | 'slotFree'>;
  readonly random: RandomBytes;
  readonly startSha256: () => RunningSha256;
  readonly limits: ReceiverLimits;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Transfer extends Writable<TransferState> {
  readonly endsAt: number;
  idleEndsAt: number;
  /** Slices that named the expected offset and were not the expected one. */
  forged: number;
}

/**
 * The device side of an update (mup-protocol §3) as a machine: events in, effects out. It holds the
 * outstanding nonce and at most one transfer, and hands every slice on, so its size does not depend on
 * the image's. Times are of the monotonic clock.
 */
export class UpdateReceiver {
  readonly #options: ReceiverOptions;
  #nonce: string | undefined;
  #transfer: Transfer | undefined;
  /** An image is verified and boots next: the slot stays in use until the restart. */
  #sealed = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** The manifest of the running transfer. */
  get manifest(): FrozenManifest | undefined {
    return this.#transfer?.manifest;
  }

  /** When {@link tick} has to be called at the latest. */
  get wakeAt(): number | undefined {
    return this.#transfer && Math.min(this.#transfer.endsAt, this.#transfer.idleEndsAt);
  }

  /** Steps 1–2: a fresh nonce, which replaces one that is outstanding. */
  issueToken(): { nonce: string; version: number } {
    this.#nonce = createNonce(this.#options.random);
    return { nonce: this.#nonce, version: this.#options.facts().version };
  }

  /** Steps 3–4. @param manifest `undefined` when the fields of the request do not make one */
  receiveManifest(manifest: ExtendedManifest | undefined, now: number): ReceiverEffect[] {
    const facts = this.#options.facts();
    if (manifest === undefined || !isOfOurSuite(manifest, facts))
      return refuseManifest('20_MANIFEST-NOT-VALID');
    const nonce = this.#nonce;
    // Spent by being compared, whatever the outcome: one guess and one signature check a token.
    this.#nonce = undefined;
    const slotFree = this.#transfer === undefined && !this.#sealed;
    const fault = checkManifest(manifest, { ...facts, nonce, slotFree });
    if (fault !== undefined) return refuseManifest(fault);
    const { digest, size, newVersion, slices } = manifest;
    const frozen = Object.freeze({ digest, size, newVersion, ...(slices && { slices }) });
    const hash = this.#options.startSha256();
    this.resume({ manifest: frozen, received: 0, hash, expected: slices?.hash }, now);
    return [
      { kind: 'begin', manifest: frozen },
      { kind: 'join' },
      { kind: 'answer', state: '10_OK' },
      { kind: 'event', event: { kind: 'manifest-accepted', digest, newVersion } },
    ];
  }

  /** Goes on with a transfer of which a part is in the slot. */
  resume(state: TransferState, now: number): void {
    const { transferDeadlineMs, idleDeadlineMs } = this.#options.limits;
    const endsAt = now + transferDeadlineMs;
    this.#transfer = { ...state, endsAt, idleEndsAt: now + idleDeadlineMs, forged: 0 };
  }

  /**
   * Step 5: takes the slice at the expected offset, and answers any slice with the offset expected next. Where slices
   * are authenticated, that slice alone which the one before it, or the manifest, has named (ADR 28).
   */
  receiveSlice(payload: Uint8Array, now: number): ReceiverEffect[] {
    const transfer = this.#transfer;
    if (transfer === undefined) return [];
    const { expected: hash, manifest } = transfer;
    const authenticated = hash === undefined ? undefined : decodeAuthenticatedSlice(payload);
    const slice = hash === undefined ? decodeSlice(payload) : authenticated;
    if (slice === undefined) return [];
    const { offset, bytes } = slice;
    // Longer than the signed size: refused before it is written. Hashed last: most that is not taken costs no hash.
    const inPlace = offset === transfer.received && bytes.length <= manifest.size - offset;
    const taken =
      inPlace && (hash === undefined || isExpectedSlice(payload, hash, this.#options.startSha256));
    const event = { kind: 'slice', offset, length: bytes.length, taken } as const;
    if (taken) {
      transfer.hash.update(bytes);
      transfer.received += bytes.length;
      transfer.expected = authenticated?.next;
      transfer.idleEndsAt = now + this.#options.limits.idleDeadlineMs;
    } else if (inPlace) transfer.forged += 1;
    const expected = transfer.received;
    const next = authenticated && { next: authenticated.next };
    return [
      ...(taken ? [{ kind: 'write', offset, bytes, ...next } as const] : []),
      { kind: 'acknowledge', offset: expected },
      { kind: 'event', event: { ...event, expected, ...(inPlace && !taken && { forged: true }) } },
    ];
  }

  /**
   * Step 6: exactly `size` octets arrived and their digest is the signed one, else 28. One that comes again before the
   * restart, because its answer was lost, is answered again.
   */
  receiveFin(): ReceiverEffect[] {
    const transfer = this.#transfer;
    if (transfer === undefined)
      return this.#sealed ? [{ kind: 'answer', state: '10_OK' }] : refuseImage('no manifest was accepted');
    const { manifest, received, hash, forged } = transfer;
    this.#transfer = undefined;
    const fault =
      received !== manifest.size
        ? `${received} of ${manifest.size} octets arrived`
        : hash.digest() !== manifest.digest
          ? 'the digest is not the signed one'
          : undefined;
    if (fault !== undefined) return [{ kind: 'leave' }, { kind: 'discard' }, ...refuseImage(fault)];
    this.#sealed = true;
    const { digest, newVersion, slices } = manifest;
    const verified = { kind: 'image-verified', digest, newVersion, ...(slices && { forged }) } as const;
    return [
      { kind: 'leave' },
      { kind: 'seal', manifest },
      { kind: 'event', event: verified },
      { kind: 'answer', state: '10_OK' },
      { kind: 'restart', manifest },
    ];
  }

  /**
   * The update server has given the update up: what has arrived is not installed, also if it is all of the image. What
   * is verified boots all the same: its answer was given.
   */
  receiveAbort(): ReceiverEffect[] {
    if (this.#transfer === undefined) return [{ kind: 'answer', state: '11_NOOP' }];
    return [...this.abandon('the update server gave it up'), { kind: 'answer', state: '10_OK' }];
  }

  /** Without a connection no slice can come: the time without one stands still, that of the whole transfer does not. */
  disconnected(): void {
    if (this.#transfer !== undefined) this.#transfer.idleEndsAt = Number.POSITIVE_INFINITY;
  }

  /** Slices can come again. */
  connected(now: number): void {
    if (this.#transfer !== undefined) this.#transfer.idleEndsAt = now + this.#options.limits.idleDeadlineMs;
  }

  /** Gives a transfer up whose deadline has passed (paper §4.2). */
  tick(now: number): ReceiverEffect[] {
    if (this.wakeAt === undefined || now < this.wakeAt) return [];
    return this.abandon('its deadline passed');
  }

  /** Gives the transfer up: its deadline passed, or an effect of it failed. */
  abandon(reason: string): ReceiverEffect[] {
    this.#transfer = undefined;
    this.#sealed = false;
    return [
      { kind: 'leave' },
      { kind: 'discard' },
      { kind: 'event', event: { kind: 'transfer-abandoned', reason } },
    ];
  }
}

function refuseManifest(state: DeviceStateName): ReceiverEffect[] {
  return [
    { kind: 'answer', state },
    { kind: 'event', event: { kind: 'manifest-refused', state } },
  ];
}

function refuseImage(reason: string): ReceiverEffect[] {
  return [
    { kind: 'answer', state: '28_IMAGE-INVALID' },
    { kind: 'event', event: { kind: 'image-refused', reason } },
  ];
}
