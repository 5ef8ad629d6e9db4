import { startSha256 } from '../../src/base/adapters/node-runtime.ts';
import type { ReceiverEffect } from '../../src/device/update-receiver.ts';
import { UpdateReceiver } from '../../src/device/update-receiver.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { SignatureScheme } from '../../src/mup/signature-scheme.ts';
import { encodeSlice } from '../../src/mup/slices.ts';
import { countingRandom, extended, image, serverKey, uuid, vendorKey } from './bench-device.ts';

/** Deadlines of the receivers under test. */
export const limits = { transferDeadlineMs: 1000, idleDeadlineMs: 300 };

/** A receiver with one slot of 4096 octets that runs version 1. */
export function newReceiver(scheme: SignatureScheme = es256): UpdateReceiver {
  return new UpdateReceiver({
    facts: () => ({ uuid, appId: 'APP', version: 1, slotBytes: 4096, serverKey, vendorKey, scheme }),
    random: countingRandom(),
    startSha256,
    limits,
  });
}

/** What it answers. */
export function stateIn(effects: readonly ReceiverEffect[]): string | undefined {
  return effects.find((effect) => effect.kind === 'answer')?.state;
}

/** What it does, but for events. */
export function kinds(effects: readonly ReceiverEffect[]): string[] {
  return effects.map(({ kind }) => kind).filter((kind) => kind !== 'event');
}

/** The offset that it acknowledges. */
export function acknowledged(effects: readonly ReceiverEffect[]): number | undefined {
  return effects.find((effect) => effect.kind === 'acknowledge')?.offset;
}

/** A token, and the manifest of the image for it. */
export function accept(receiver: UpdateReceiver, now = 0): ReceiverEffect[] {
  return receiver.receiveManifest(extended({ uuid, ...receiver.issueToken() }), now);
}

/** All slices of the image. */
export function sendAll(receiver: UpdateReceiver, now = 0): void {
  for (let at = 0; at < image.length; at += 250)
    receiver.receiveSlice(encodeSlice(at, image.subarray(at, at + 250)), now);
}
