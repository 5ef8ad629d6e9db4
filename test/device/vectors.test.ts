import { describe, expect, test } from '@jest/globals';
import { startSha256 } from '../../src/base/adapters/node-runtime.ts';
import { fromHex, utf8 } from '../../src/base/bytes.ts';
import { isDigest } from '../../src/base/ids.ts';
import { manifestOf } from '../../src/device/manifest-request.ts';
import { decideServerKey } from '../../src/device/server-key.ts';
import { type ReceiverEffect, UpdateReceiver } from '../../src/device/update-receiver.ts';
import { decodeRequest } from '../../src/mqtt/rpc-codec.ts';
import { es256 } from '../../src/mup/adapters/noble-p256.ts';
import { parseRegistrationAnswer } from '../../src/mup/endorsement.ts';
import { type PublicKey, publicKeyFromHex } from '../../src/mup/signature-scheme.ts';
import { endorsementVectors } from '../support/vectors/endorsement-vectors.ts';
import { type ImageVector, imageVectors } from '../support/vectors/image-vectors.ts';
import { type ManifestVector, manifestVectors } from '../support/vectors/manifest-vectors.ts';
import { description } from './bench-device.ts';

const octets = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const keyOf = (hex: string): PublicKey | undefined => publicKeyFromHex(hex);
const words = (text: string): string[] => (text === '' ? [] : text.split(' '));

const manifestOperation = description.operations.find(({ role }) => role === 'manifest');

/** The state that a step answers with. */
function stateIn(effects: readonly ReceiverEffect[]): string | undefined {
  return effects.flatMap((effect) => (effect.kind === 'answer' ? [effect.state] : []))[0];
}

/** A receiver that knows what a vector says. */
function receiverOf(device: ManifestVector): UpdateReceiver {
  const { uuid, appId, version, slotBytes, serverKey, vendorKey } = device;
  const facts = { uuid, appId, version, slotBytes, scheme: es256 };
  const receiver = new UpdateReceiver({
    facts: () => ({ ...facts, serverKey: keyOf(serverKey), vendorKey: keyOf(vendorKey) }),
    random: () => octets(device.outstandingNonce),
    startSha256,
    limits: { transferDeadlineMs: 1000, idleDeadlineMs: 1000 },
  });
  if (device.outstandingNonce !== '') receiver.issueToken();
  return receiver;
}

/** A receiver that has accepted the manifest of a vector. */
function receiving({ size, digest }: Pick<ImageVector, 'size' | 'digest'>, receiver: UpdateReceiver): void {
  if (!isDigest(digest)) throw new Error(`${digest} is no digest`);
  receiver.resume({ size, digest, newVersion: 2 }, 0, startSha256(), 0);
}

describe('the device agent agrees with the vectors of fixtures/mup', () => {
  test.each(manifestVectors)('manifest: $name: $state', (vector) => {
    const receiver = receiverOf(vector);
    if (!vector.slotFree) receiving({ size: 1, digest: '0'.repeat(64) }, receiver);
    const answerTo = (message: string): string | undefined => {
      if (manifestOperation === undefined) throw new Error('the device takes no manifest');
      const { inputs } = decodeRequest(utf8(message), 'mup');
      return stateIn(receiver.receiveManifest(manifestOf(manifestOperation, inputs), 0));
    };
    expect(answerTo(vector.message)).toBe(vector.state);
    if (vector.nextMessage !== '') expect(answerTo(vector.nextMessage)).toBe(vector.nextState);
  });

  test.each(endorsementVectors)('key: $name: $decision', (vector) => {
    const { keptKey, keptEpoch, vendorKey, trustFirstKey, message } = vector;
    const key = keyOf(keptKey);
    const kept = key === undefined ? undefined : { key, epoch: keptEpoch };
    const answer = parseRegistrationAnswer(message);
    const trust = { kept, vendorKey: keyOf(vendorKey), trustFirstKey, scheme: es256 };
    const decision = answer.kind === 'registered' ? decideServerKey(answer.endorsement, trust) : answer;
    expect(decision.kind).toBe(vector.decision);
    expect(decision.kind === 'take' ? decision.key.epoch : keptEpoch).toBe(vector.epochAfter);
  });

  test.each(imageVectors)('image: $name: $state', (vector) => {
    const receiver = new UpdateReceiver({
      facts: () => {
        throw new Error('no manifest comes');
      },
      random: () => new Uint8Array(),
      startSha256,
      limits: { transferDeadlineMs: 1000, idleDeadlineMs: 1000 },
    });
    receiving(vector, receiver);
    const acknowledged = words(vector.slices).flatMap((payload) =>
      receiver
        .receiveSlice(octets(payload), 0)
        .flatMap((effect) => (effect.kind === 'acknowledge' ? [effect.offset] : [])),
    );
    const expected = words(vector.acknowledgements).map((hex) => Number.parseInt(hex, 16));
    expect(acknowledged).toEqual(expected);
    expect(stateIn(receiver.receiveFin())).toBe(vector.state);
  });
});
