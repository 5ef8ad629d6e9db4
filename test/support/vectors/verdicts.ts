import { startSha256 } from '../../../src/base/adapters/node-runtime.ts';
import { fromHex, utf8 } from '../../../src/base/bytes.ts';
import type { Operation } from '../../../src/base/description.ts';
import { isDigest } from '../../../src/base/ids.ts';
import { manifestOf } from '../../../src/device/manifest-request.ts';
import { decideServerKey } from '../../../src/device/server-key.ts';
import { type ReceiverEffect, UpdateReceiver } from '../../../src/device/update-receiver.ts';
import { decodeRequest } from '../../../src/mqtt/rpc-codec.ts';
import { allSuites } from '../../../src/mup/adapters/noble-curves.ts';
import type { SliceChainHead } from '../../../src/mup/authenticated-slices.ts';
import { parseChainHead } from '../../../src/mup/chain-head.ts';
import { parseRegistrationAnswer } from '../../../src/mup/endorsement.ts';
import { type PublicKey, publicKeyFromHex } from '../../../src/mup/signature-scheme.ts';
import { parseToken } from '../../../src/mup/token.ts';
import { description } from '../../device/bench-device.ts';
import type { EndorsementVector } from './endorsement-vectors.ts';
import type { ImageVector } from './image-vectors.ts';
import type { ManifestVector } from './manifest-vectors.ts';
import type { SliceChainVector } from './slice-chain-vectors.ts';
import type { TokenVector } from './token-vectors.ts';

/** What our own code says of a vector: the members of it that are verdicts. */

const octets = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const keyOf = (hex: string): PublicKey | undefined => publicKeyFromHex(hex);
const words = (text: string): string[] => (text === '' ? [] : text.split(' '));
const limits = { transferDeadlineMs: 1000, idleDeadlineMs: 1000 };

export function tokenVerdict({ profile, uuid, nonce, version }: Omit<TokenVector, 'valid'>): {
  readonly valid: boolean;
} {
  try {
    parseToken({ uuid, nonce, version }, profile);
    return { valid: true };
  } catch {
    return { valid: false };
  }
}

export function endorsementVerdict(
  vector: Omit<EndorsementVector, 'decision' | 'epochAfter'>,
): Pick<EndorsementVector, 'decision' | 'epochAfter'> {
  const { keptKey, keptEpoch, vendorKey, trustFirstKey, message } = vector;
  const key = keyOf(keptKey);
  const kept = key === undefined ? undefined : { key, epoch: keptEpoch };
  const answer = parseRegistrationAnswer(message);
  if (answer.kind !== 'registered') return { decision: 'malformed', epochAfter: keptEpoch };
  const trust = { kept, vendorKey: keyOf(vendorKey), trustFirstKey, scheme: allSuites };
  const decision = decideServerKey(answer.endorsement, trust);
  return { decision: decision.kind, epochAfter: decision.kind === 'take' ? decision.key.epoch : keptEpoch };
}

export function manifestVerdict(
  vector: Omit<ManifestVector, 'state' | 'nextState'>,
): Pick<ManifestVector, 'state' | 'nextState'> {
  const receiver = manifestReceiver(vector);
  if (!vector.slotFree) begin(receiver, { size: 1, digest: '0'.repeat(64) });
  const answerTo = (message: string): string => {
    const { inputs } = decodeRequest(utf8(message), 'mup');
    return stateIn(receiver.receiveManifest(manifestOf(manifestOperation(), inputs), 0));
  };
  const state = answerTo(vector.message);
  return { state, nextState: vector.nextMessage === '' ? '' : answerTo(vector.nextMessage) };
}

/** The same where slices are authenticated. */
export function sliceChainVerdict(
  vector: Pick<SliceChainVector, 'size' | 'digest' | 'sliceSize' | 'sliceHash' | 'slices'>,
): ReturnType<typeof imageVerdict> {
  const head = parseChainHead(String(vector.sliceSize), vector.sliceHash);
  if (head === undefined) throw new Error(`${vector.sliceHash} is no hash of a slice`);
  return imageVerdict(vector, head);
}

export function imageVerdict(
  vector: Pick<ImageVector, 'size' | 'digest' | 'slices'>,
  slices?: SliceChainHead,
): Pick<ImageVector, 'acknowledgements'> & { readonly state: string } {
  const receiver = new UpdateReceiver({
    facts: () => {
      throw new Error('no manifest comes');
    },
    random: () => new Uint8Array(),
    startSha256,
    limits,
  });
  begin(receiver, vector, slices);
  const acknowledged = words(vector.slices).flatMap((payload) =>
    receiver
      .receiveSlice(octets(payload), 0)
      .flatMap((effect) => (effect.kind === 'acknowledge' ? [effect.offset] : [])),
  );
  return {
    acknowledgements: acknowledged.map((offset) => offset.toString(16).padStart(8, '0')).join(' '),
    state: stateIn(receiver.receiveFin()),
  };
}

function manifestOperation(): Operation {
  const operation = description.operations.find(({ role }) => role === 'manifest');
  if (operation === undefined) throw new Error('the device takes no manifest');
  return operation;
}

/** A receiver that knows what a vector says. */
function manifestReceiver(device: Omit<ManifestVector, 'state' | 'nextState'>): UpdateReceiver {
  const { uuid, appId, version, slotBytes, serverKey, vendorKey } = device;
  const facts = { uuid, appId, version, slotBytes, scheme: allSuites };
  const receiver = new UpdateReceiver({
    facts: () => ({ ...facts, serverKey: keyOf(serverKey), vendorKey: keyOf(vendorKey) }),
    random: () => octets(device.outstandingNonce),
    startSha256,
    limits,
  });
  if (device.outstandingNonce !== '') receiver.issueToken();
  return receiver;
}

/** As if a manifest had been accepted. */
function begin(
  receiver: UpdateReceiver,
  { size, digest }: Pick<ImageVector, 'size' | 'digest'>,
  slices?: SliceChainHead,
): void {
  if (!isDigest(digest)) throw new Error(`${digest} is no digest`);
  const manifest = { size, digest, newVersion: 2, ...(slices && { slices }) };
  receiver.resume({ manifest, received: 0, hash: startSha256(), expected: slices?.hash }, 0);
}

/** The state that a step answers with. */
function stateIn(effects: readonly ReceiverEffect[]): string {
  return effects.flatMap((effect) => (effect.kind === 'answer' ? [effect.state] : []))[0] ?? 'no answer';
}
