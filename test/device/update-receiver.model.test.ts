import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { concatBytes } from '../../src/base/bytes.ts';
import type { ReceiverEffect } from '../../src/device/update-receiver.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { SignatureScheme } from '../../src/mup/signature-scheme.ts';
import { encodeSlice } from '../../src/mup/slices.ts';
import { extended, image, uuid } from './bench-device.ts';
import { acknowledged, limits, newReceiver, stateIn } from './receiver-bench.ts';

/** The rules of mup-protocol §3 in their simplest form, against which the receiver is run. */
class Model {
  outstanding: string | undefined;
  transfer: { bytes: Uint8Array; endsAt: number; idleEndsAt: number } | undefined;
  sealed = false;

  manifest(nonce: string, now: number): string {
    const valid = this.outstanding === nonce;
    this.outstanding = undefined;
    if (!valid) return '22_INVALID-NONCE';
    if (this.transfer !== undefined || this.sealed) return '26_SAVESLOT-IN-USE';
    this.transfer = {
      bytes: new Uint8Array(),
      endsAt: now + limits.transferDeadlineMs,
      idleEndsAt: now + limits.idleDeadlineMs,
    };
    return '10_OK';
  }

  slice(offset: number, bytes: Uint8Array, now: number): number | undefined {
    if (this.transfer === undefined) return undefined;
    const { length } = this.transfer.bytes;
    if (offset === length && length + bytes.length <= image.length) {
      this.transfer.bytes = concatBytes([this.transfer.bytes, bytes]);
      this.transfer.idleEndsAt = now + limits.idleDeadlineMs;
    }
    return this.transfer.bytes.length;
  }

  abort(): string {
    const { transfer } = this;
    this.transfer = undefined;
    return transfer === undefined ? '11_NOOP' : '10_OK';
  }

  fin(): string {
    const { transfer } = this;
    if (this.sealed) return '10_OK';
    this.transfer = undefined;
    if (transfer === undefined || sha256(transfer.bytes) !== sha256(image)) return '28_IMAGE-INVALID';
    this.sealed = true;
    return '10_OK';
  }

  tick(now: number): boolean {
    if (this.transfer === undefined) return false;
    if (now < this.transfer.endsAt && now < this.transfer.idleEndsAt) return false;
    this.transfer = undefined;
    return true;
  }
}

type Step =
  | { readonly kind: 'token' }
  | { readonly kind: 'fin' }
  | { readonly kind: 'abort' }
  | { readonly kind: 'manifest'; readonly back: number }
  | { readonly kind: 'slice'; readonly shift: number; readonly length: number }
  | { readonly kind: 'wait'; readonly ms: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant({ kind: 'token' as const }) },
    { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: 'fin' }, { kind: 'fin' }, { kind: 'abort' }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('manifest' as const),
        back: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(2)),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('slice' as const),
        shift: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.integer({ min: -400, max: 400 })),
        length: fc.oneof({ weight: 4, arbitrary: fc.constant(500) }, fc.integer({ min: 1, max: 1200 })),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 400 }) }),
    },
  ),
  { maxLength: 60 },
);

/** So that the property says something of the end of an update in every run. */
const wholeUpdate: readonly Step[] = [
  { kind: 'token' },
  { kind: 'manifest', back: 0 },
  { kind: 'slice', shift: 0, length: 500 },
  { kind: 'slice', shift: -500, length: 500 },
  { kind: 'slice', shift: 0, length: 500 },
  { kind: 'fin' },
  { kind: 'slice', shift: 0, length: 500 },
  { kind: 'fin' },
];

describe('under any sequence of events', () => {
  // Signatures are checked in their own tests; here they would only take time.
  const trusting: SignatureScheme = { ...es256, verify: () => true };
  const signed = extended({ uuid, nonce: '0'.repeat(32), version: 1 });

  test('the receiver does what the rules say, and what it wrote is what it acknowledged', () => {
    let sealedRuns = 0;
    fc.assert(
      fc.property(steps, (sequence) => {
        const receiver = newReceiver(trusting);
        const model = new Model();
        const nonces: string[] = [];
        let slot = new Uint8Array();
        let now = 0;
        const apply = (effects: readonly ReceiverEffect[]): void => {
          for (const effect of effects) {
            if (effect.kind === 'begin' || effect.kind === 'discard') slot = new Uint8Array();
            if (effect.kind !== 'write') continue;
            expect(effect.offset).toBe(slot.length);
            slot = concatBytes([slot, effect.bytes]) as typeof slot;
            expect(slot.length).toBeLessThanOrEqual(image.length);
          }
        };
        for (const step of sequence) {
          if (step.kind === 'token') {
            model.outstanding = receiver.issueToken().nonce;
            nonces.push(model.outstanding);
          } else if (step.kind === 'manifest') {
            const nonce = nonces.at(-1 - step.back) ?? 'f'.repeat(32);
            const effects = receiver.receiveManifest({ ...signed, nonce }, now);
            expect(stateIn(effects)).toBe(model.manifest(nonce, now));
            apply(effects);
          } else if (step.kind === 'slice') {
            const offset = Math.max(0, (model.transfer?.bytes.length ?? 0) + step.shift);
            const bytes = Uint8Array.from({ length: step.length }, (_, i) => image[offset + i] ?? 0);
            const effects = receiver.receiveSlice(encodeSlice(offset, bytes), now);
            expect(acknowledged(effects)).toBe(model.slice(offset, bytes, now));
            apply(effects);
          } else if (step.kind === 'abort') {
            const effects = receiver.receiveAbort();
            expect(stateIn(effects)).toBe(model.abort());
            apply(effects);
          } else if (step.kind === 'fin') {
            const effects = receiver.receiveFin();
            expect(stateIn(effects)).toBe(model.fin());
            if (effects.some(({ kind }) => kind === 'seal')) {
              sealedRuns += 1;
              expect(sha256(slot)).toBe(sha256(image));
            }
            apply(effects);
          } else {
            now += step.ms;
            const effects = receiver.tick(now);
            expect(effects.length > 0).toBe(model.tick(now));
            apply(effects);
          }
        }
      }),
      { numRuns: 400, examples: [[wholeUpdate]] },
    );
    // The property would say little if no sequence ever got to the end.
    expect(sealedRuns).toBeGreaterThan(0);
  });
});
