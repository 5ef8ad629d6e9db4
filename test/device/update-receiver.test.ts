import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256, startSha256 } from '../../src/base/adapters/node-runtime.ts';
import { concatBytes } from '../../src/base/bytes.ts';
import type { ReceiverEffect } from '../../src/device/update-receiver.ts';
import { UpdateReceiver } from '../../src/device/update-receiver.ts';
import { es256 } from '../../src/mup/adapters/noble-p256.ts';
import type { SignatureScheme } from '../../src/mup/signature-scheme.ts';
import { encodeSlice } from '../../src/mup/slices.ts';
import { countingRandom, extended, image, serverKey, uuid, vendorKey } from './bench-device.ts';

const limits = { transferDeadlineMs: 1000, idleDeadlineMs: 300 };

function newReceiver(scheme: SignatureScheme = es256): UpdateReceiver {
  return new UpdateReceiver({
    facts: () => ({ uuid, appId: 'APP', version: 1, slotBytes: 4096, serverKey, vendorKey, scheme }),
    random: countingRandom(),
    startSha256,
    limits,
  });
}

function stateIn(effects: readonly ReceiverEffect[]): string | undefined {
  return effects.find((effect) => effect.kind === 'answer')?.state;
}

function kinds(effects: readonly ReceiverEffect[]): string[] {
  return effects.map(({ kind }) => kind).filter((kind) => kind !== 'event');
}

function acknowledged(effects: readonly ReceiverEffect[]): number | undefined {
  return effects.find((effect) => effect.kind === 'acknowledge')?.offset;
}

function accept(receiver: UpdateReceiver, now = 0): ReceiverEffect[] {
  return receiver.receiveManifest(extended({ uuid, ...receiver.issueToken() }), now);
}

function sendAll(receiver: UpdateReceiver, now = 0): void {
  for (let at = 0; at < image.length; at += 250)
    receiver.receiveSlice(encodeSlice(at, image.subarray(at, at + 250)), now);
}

describe('the nonce (mup-protocol §3)', () => {
  test('a token has 16 random octets in hex and the running version, and no two are alike', () => {
    const receiver = newReceiver();
    const [first, second] = [receiver.issueToken(), receiver.issueToken()];
    expect(first).toMatchObject({ version: 1, nonce: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(second.nonce).not.toBe(first.nonce);
  });

  test('a manifest is accepted once: its replay finds the nonce spent', () => {
    const receiver = newReceiver();
    const manifest = extended({ uuid, ...receiver.issueToken() });
    expect(stateIn(receiver.receiveManifest(manifest, 0))).toBe('10_OK');
    expect(stateIn(receiver.receiveManifest(manifest, 0))).toBe('22_INVALID-NONCE');
  });

  test('the first manifest that is checked spends it, valid or not', () => {
    const receiver = newReceiver();
    const token = { uuid, ...receiver.issueToken() };
    expect(stateIn(receiver.receiveManifest(extended({ ...token, nonce: 'f'.repeat(32) }), 0))).toBe(
      '22_INVALID-NONCE',
    );
    expect(stateIn(receiver.receiveManifest(extended(token), 0))).toBe('22_INVALID-NONCE');
  });

  test('a message that is no manifest is not compared with it', () => {
    const receiver = newReceiver();
    const token = { uuid, ...receiver.issueToken() };
    expect(stateIn(receiver.receiveManifest(undefined, 0))).toBe('20_MANIFEST-NOT-VALID');
    expect(stateIn(receiver.receiveManifest(extended(token), 0))).toBe('10_OK');
  });

  test('a newer token replaces an older one', () => {
    const receiver = newReceiver();
    const old = { uuid, ...receiver.issueToken() };
    receiver.issueToken();
    expect(stateIn(receiver.receiveManifest(extended(old), 0))).toBe('22_INVALID-NONCE');
  });

  test('however many manifests come, a token costs at most one check of each signature (§5, battery)', () => {
    let verified = 0;
    const receiver = newReceiver({
      ...es256,
      verify: () => {
        verified += 1;
        return false;
      },
    });
    const manifest = extended({ uuid, ...receiver.issueToken() });
    for (let i = 0; i < 1000; i += 1) receiver.receiveManifest(manifest, 0);
    expect(verified).toBe(1);
  });
});

describe('the frozen manifest (mup-protocol §3)', () => {
  test('the slot is emptied and the slice topic joined before the answer', () => {
    expect(kinds(accept(newReceiver()))).toEqual(['begin', 'join', 'answer']);
  });

  test('a second manifest during a transfer finds the slot in use and changes nothing', () => {
    const receiver = newReceiver();
    accept(receiver);
    receiver.receiveSlice(encodeSlice(0, image.subarray(0, 500)), 0);
    const other = { digest: sha256(Uint8Array.of(1)), size: 500, newVersion: 9 };
    const second = extended({ uuid, ...receiver.issueToken() }, { manifest: other });
    expect(stateIn(receiver.receiveManifest(second, 0))).toBe('26_SAVESLOT-IN-USE');
    receiver.receiveSlice(encodeSlice(500, image.subarray(500)), 0);
    const effects = receiver.receiveFin();
    expect(stateIn(effects)).toBe('10_OK');
    expect(effects.find(({ kind }) => kind === 'seal')).toMatchObject({ manifest: { newVersion: 2 } });
  });

  test('changing the object that was handed in changes nothing', () => {
    const receiver = newReceiver();
    const manifest = { ...extended({ uuid, ...receiver.issueToken() }) };
    receiver.receiveManifest(manifest, 0);
    Object.assign(manifest, { digest: sha256(Uint8Array.of()), size: 0, newVersion: 99 });
    sendAll(receiver);
    expect(receiver.receiveFin().find(({ kind }) => kind === 'restart')).toMatchObject({
      manifest: { newVersion: 2, size: 1000 },
    });
  });
});

describe('slices (mup-protocol §3, Slices)', () => {
  test('without an accepted manifest nothing is taken or acknowledged', () => {
    expect(newReceiver().receiveSlice(encodeSlice(0, image), 0)).toEqual([]);
  });

  test('only the expected offset is taken; every slice is answered with the one expected next', () => {
    const receiver = newReceiver();
    accept(receiver);
    const take = (offset: number, length: number): [string[], number | undefined] => {
      const effects = receiver.receiveSlice(encodeSlice(offset, image.subarray(offset, offset + length)), 0);
      return [kinds(effects), acknowledged(effects)];
    };
    expect(take(0, 400)).toEqual([['write', 'acknowledge'], 400]);
    expect(take(0, 400)).toEqual([['acknowledge'], 400]);
    expect(take(500, 100)).toEqual([['acknowledge'], 400]);
    expect(take(399, 100)).toEqual([['acknowledge'], 400]);
    expect(take(400, 1)).toEqual([['write', 'acknowledge'], 401]);
    expect(take(401, 599)).toEqual([['write', 'acknowledge'], 1000]);
  });

  test('nothing is written beyond the signed size', () => {
    const receiver = newReceiver();
    accept(receiver);
    expect(kinds(receiver.receiveSlice(encodeSlice(0, new Uint8Array(1001)), 0))).toEqual(['acknowledge']);
    sendAll(receiver);
    expect(kinds(receiver.receiveSlice(encodeSlice(1000, Uint8Array.of(1)), 0))).toEqual(['acknowledge']);
    expect(kinds(receiver.receiveSlice(encodeSlice(0xffff_ffff, Uint8Array.of(1)), 0))).toEqual([
      'acknowledge',
    ]);
  });

  test('what is no slice is ignored', () => {
    const receiver = newReceiver();
    accept(receiver);
    for (const length of [0, 1, 3, 4]) expect(receiver.receiveSlice(new Uint8Array(length), 0)).toEqual([]);
  });
});

describe('FIN (mup-protocol §3, step 6)', () => {
  test('a complete image is sealed, answered, then booted; the topic is left first', () => {
    const receiver = newReceiver();
    accept(receiver);
    sendAll(receiver);
    expect(kinds(receiver.receiveFin())).toEqual(['leave', 'seal', 'answer', 'restart']);
  });

  test('after it no slice and no manifest is taken', () => {
    const receiver = newReceiver();
    accept(receiver);
    sendAll(receiver);
    receiver.receiveFin();
    expect(receiver.receiveSlice(encodeSlice(0, image), 0)).toEqual([]);
    expect(stateIn(accept(receiver))).toBe('26_SAVESLOT-IN-USE');
  });

  test('a truncated image is refused and forgotten, and the slot is free again', () => {
    const receiver = newReceiver();
    accept(receiver);
    receiver.receiveSlice(encodeSlice(0, image.subarray(0, 999)), 0);
    const effects = receiver.receiveFin();
    expect(kinds(effects)).toEqual(['leave', 'discard', 'answer']);
    expect(stateIn(effects)).toBe('28_IMAGE-INVALID');
    expect(stateIn(accept(receiver))).toBe('10_OK');
  });

  test('an image that differs in one bit is refused', () => {
    const receiver = newReceiver();
    accept(receiver);
    const altered = image.slice();
    altered[500] = (altered[500] ?? 0) ^ 1;
    receiver.receiveSlice(encodeSlice(0, altered), 0);
    expect(stateIn(receiver.receiveFin())).toBe('28_IMAGE-INVALID');
  });

  test('without a manifest it is refused', () => {
    expect(stateIn(newReceiver().receiveFin())).toBe('28_IMAGE-INVALID');
  });
});

describe('deadlines (paper §4.2)', () => {
  test('a transfer without progress is given up, and slices that are not taken are none', () => {
    const receiver = newReceiver();
    accept(receiver, 100);
    expect(receiver.wakeAt).toBe(400);
    receiver.receiveSlice(encodeSlice(7, Uint8Array.of(1)), 300);
    expect(receiver.tick(399)).toEqual([]);
    expect(kinds(receiver.tick(400))).toEqual(['leave', 'discard']);
    expect(receiver.wakeAt).toBeUndefined();
    expect(receiver.tick(1e9)).toEqual([]);
  });

  test('a trickling sender cannot hold the slot for longer than the whole transfer may take', () => {
    const receiver = newReceiver();
    accept(receiver, 0);
    for (let i = 0; i < 9; i += 1)
      receiver.receiveSlice(encodeSlice(i, image.subarray(i, i + 1)), 100 * (i + 1));
    expect(receiver.tick(999)).toEqual([]);
    expect(kinds(receiver.tick(1000))).toEqual(['leave', 'discard']);
  });
});

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

  fin(): string {
    const { transfer } = this;
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
  | { readonly kind: 'manifest'; readonly back: number }
  | { readonly kind: 'slice'; readonly shift: number; readonly length: number }
  | { readonly kind: 'wait'; readonly ms: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant({ kind: 'token' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'fin' as const }) },
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
