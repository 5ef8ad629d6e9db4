import { join } from 'node:path';
import { expect } from '@jest/globals';
import { encodeAuthenticatedSlice, sliceHashBytes } from '../../src/mup/authenticated-slices.ts';
import { encodeAcknowledgement, encodeSlice } from '../../src/mup/slices.ts';
import { type AttackStage, alpha, beta, gamma } from '../support/attack-stage.ts';
import { changed } from '../support/attacker.ts';
import { type AttackIds, describeAttacks, notAuthorized } from '../support/attacks.ts';
import { root } from '../support/paths.ts';

const authenticating = join(root, 'ontologies', 'examples', 'authenticating-meter.jsonld');
const imageTopic = `mup/firmware/${alpha}/image`;
const toctou: AttackIds = { rfc9124: ['MFST.TOCTOU', 'IMG.REPLACE'] };
const replaced: AttackIds = {
  rfc9124: ['IMG.REPLACE', 'IMG.NON_AUTH'],
  tuf: ['Arbitrary software installation'],
  uptane: ['Arbitrary software attack'],
};
const extra: AttackIds = {
  rfc9124: ['IMG.EXTRA'],
  tuf: ['Endless data attacks'],
  uptane: ['Endless data attack'],
};
const denied: AttackIds = { rfc9124: ['NET.ONPATH'], uptane: ['Drop-request attack'] };
const slow: AttackIds = { tuf: ['Slow retrieval attacks'], uptane: ['Slow retrieval attack'] };

/** So many octets go through broker and device in one packet. */
const largestSlice = 100_000;

/** Octets that no vendor has signed. */
const foreign = (length: number): Uint8Array => new Uint8Array(length).fill(0x66);

/** An update that the bridge was stopped in, so that the device waits for slices. */
async function caught(
  stage: AttackStage,
  uuid = alpha,
): Promise<{ job: string; from: number; expected: number }> {
  const job = await stage.caughtAt(uuid, 'slice');
  await stage.settled(uuid);
  const { lines } = stage.device(uuid);
  const slices = lines.map(({ json }) => Object(json)).filter(({ event }) => event === 'slice');
  return { job, from: lines.length, expected: Number(slices.at(-1)?.expected) };
}

/** Sends a slice. @returns what the device says of it */
async function inject(stage: AttackStage, offset: number, bytes: Uint8Array, from: number) {
  await stage.attacker.send(imageTopic, encodeSlice(offset, bytes));
  const said = await stage.event(alpha, { event: 'slice', offset, length: bytes.length }, from);
  return Object(said) as { readonly taken: boolean; readonly expected: number };
}

/** Sends foreign slices until `until` octets of the image have arrived. */
async function fill(stage: AttackStage, until: number, from: number, expected: number): Promise<void> {
  for (let offset = expected; offset < until; offset += largestSlice)
    await inject(stage, offset, foreign(Math.min(largestSlice, until - offset)), from);
}

/** Lets the update go on. @returns how it ended, and what the device said of the image */
async function goesOn(stage: AttackStage, job: string, from: number, uuid = alpha): Promise<string> {
  stage.resume();
  const { state, failure } = await stage.ended(job);
  const refused = stage
    .device(uuid)
    .lines.slice(from)
    .map(({ json }) => Object(json));
  const reasons = refused
    .filter(({ event }) => event === 'image-refused')
    .map(({ reason }) => String(reason).replace(/^[0-9]+ of [0-9]+ octets/, 'too few octets'));
  const end = failure === undefined ? `update ${state}` : `**achieved**: update ${state} (${failure})`;
  return [...new Set(reasons), end].join('; ');
}

describeAttacks([
  {
    title: 'Manifest changed after it was accepted',
    attacks: [
      {
        name: 'Second manifest',
        how: 'while the image arrives, a manifest with another digest under the nonce of a new token',
        ids: toctou,
        mount: async (stage) => {
          const { job, from } = await caught(stage);
          const nonce = await stage.attacker.nonce(alpha);
          const mine = changed(stage.manifest(alpha), { nonce, digest: '0'.repeat(64) });
          const { state } = await stage.attacker.call('manifest', alpha, mine);
          return `device: ${state}; ${await goesOn(stage, job, from)}`;
        },
        outcome: {
          open: 'device: 26_SAVESLOT-IN-USE; update succeeded',
          acl: notAuthorized(`mup/token/${alpha}`),
        },
      },
      {
        name: 'The same manifest again',
        how: 'while the image arrives, its own manifest once more, for the transfer to begin anew',
        ids: toctou,
        mount: async (stage) => {
          const { job, from } = await caught(stage);
          const { state } = await stage.attacker.call('manifest', alpha, stage.manifest(alpha));
          return `device: ${state}; ${await goesOn(stage, job, from)}`;
        },
        outcome: {
          open: 'device: 22_INVALID-NONCE; update succeeded',
          acl: notAuthorized(`mup/manifest/${alpha}`),
        },
      },
    ],
  },
  {
    title: 'Truncated, extended, endless image',
    attacks: [
      {
        name: 'Truncated',
        how: 'FIN in the middle of the transfer',
        ids: denied,
        mount: async (stage) => {
          const { job, from } = await caught(stage);
          const { state } = await stage.attacker.call('firmware', alpha, ['FIN']);
          return `device: ${state}; ${await goesOn(stage, job, from)}`;
        },
        outcome: {
          open: 'device: 28_IMAGE-INVALID; too few octets arrived; update succeeded',
          acl: notAuthorized(`mup/firmware/${alpha}`),
        },
      },
      {
        name: 'Extended',
        how: 'slices to just before the end of the signed size, one that reaches over it by an octet, then FIN',
        ids: extra,
        mount: async (stage) => {
          const { job, from, expected } = await caught(stage);
          const size = Number(stage.manifest(alpha)[4]);
          await fill(stage, size - 600, from, expected);
          const { taken } = await inject(stage, size - 600, foreign(601), from);
          const { state } = await stage.attacker.call('firmware', alpha, ['FIN']);
          const what = `slice ${taken ? 'taken' : 'not taken'}, ${state} to FIN`;
          return `device: ${what}; ${await goesOn(stage, job, from)}`;
        },
        outcome: {
          open: 'device: slice not taken, 28_IMAGE-INVALID to FIN; too few octets arrived; update succeeded',
          acl: notAuthorized(imageTopic),
        },
      },
      {
        name: 'Endless',
        how: '1,000 slices at and behind the end of the signed size',
        ids: extra,
        mount: async (stage) => {
          const { job, from } = await caught(stage);
          const size = Number(stage.manifest(alpha)[4]);
          for (let i = 0; i < 1000; i += 1)
            await stage.attacker.send(imageTopic, encodeSlice(size + i * 600, foreign(600)));
          await stage.event(alpha, { event: 'slice', offset: size + 999 * 600 }, from);
          const lines = stage
            .device(alpha)
            .lines.slice(from)
            .map(({ json }) => Object(json));
          const taken = lines.filter((one) => one.event === 'slice' && one.taken).length;
          return `device: ${taken} of 1,000 slices taken; ${await goesOn(stage, job, from)}`;
        },
        outcome: {
          open: 'device: 0 of 1,000 slices taken; update succeeded',
          acl: notAuthorized(imageTopic),
        },
      },
      {
        name: 'Another image',
        how: 'all of an image of the signed size that the vendor has not signed, then FIN',
        ids: replaced,
        mount: async (stage) => {
          const { job, from, expected } = await caught(stage);
          const size = Number(stage.manifest(alpha)[4]);
          await fill(stage, size, from, expected);
          const { state } = await stage.attacker.call('firmware', alpha, ['FIN']);
          return `device: ${state}; ${await goesOn(stage, job, from)}`;
        },
        outcome: {
          open: 'device: 28_IMAGE-INVALID; the digest is not the signed one; update succeeded',
          acl: notAuthorized(imageTopic),
        },
      },
    ],
  },
  {
    title: 'Slice injected, duplicated, reordered by another MQTT client',
    attacks: [
      {
        name: 'Injected at the expected offset',
        how: 'a slice of 600 octets where the device expects the next one',
        ids: replaced,
        mount: async (stage) => {
          const { job, from, expected } = await caught(stage);
          const { taken } = await inject(stage, expected, foreign(600), from);
          return `device: slice ${taken ? 'taken' : 'not taken'}; ${await goesOn(stage, job, from)}`;
        },
        outcome: {
          open: 'device: slice taken; the digest is not the signed one; **achieved**: update failed (28_IMAGE-INVALID)',
          acl: notAuthorized(imageTopic),
        },
      },
      {
        name: 'Injected where slices are authenticated',
        how: 'the same, to a device to which each slice says by its hash what the next one is',
        ids: replaced,
        mount: async (stage) => {
          await stage.startDevice(gamma, authenticating);
          const { job, from, expected } = await caught(stage, gamma);
          const slice = encodeAuthenticatedSlice(expected, foreign(sliceHashBytes), foreign(600));
          await stage.attacker.send(`mup/firmware/${gamma}/image`, slice);
          const said = Object(await stage.event(gamma, { event: 'slice', offset: expected }, from));
          const end = await goesOn(stage, job, from, gamma);
          return `device: slice ${said.taken ? 'taken' : 'not taken'}; ${end}`;
        },
        outcome: {
          open: 'device: slice not taken; update succeeded',
          acl: notAuthorized(`mup/firmware/${gamma}/image`),
        },
      },
      {
        name: 'Duplicated and reordered',
        how: 'slices before and behind the offset that the device expects',
        ids: { rfc9124: ['NET.ONPATH'] },
        mount: async (stage) => {
          const { job, from, expected } = await caught(stage);
          const taken: boolean[] = [];
          for (const offset of [0, expected + 600, expected + 1, 4_294_967_295])
            taken.push((await inject(stage, offset, foreign(600), from)).taken);
          const count = taken.filter(Boolean).length;
          return `device: ${count} of ${taken.length} slices taken; ${await goesOn(stage, job, from)}`;
        },
        outcome: { open: 'device: 0 of 4 slices taken; update succeeded', acl: notAuthorized(imageTopic) },
      },
      {
        name: 'Slices without an update',
        how: 'slices to a device that has accepted no manifest',
        ids: replaced,
        mount: async (stage) => {
          const from = stage.device(alpha).lines.length;
          for (let i = 0; i < 10; i += 1)
            await stage.attacker.send(imageTopic, encodeSlice(i * 600, foreign(600)));
          const { state } = await stage.attacker.call('firmware', alpha, ['FIN']);
          const heard = stage
            .device(alpha)
            .lines.slice(from)
            .map(({ json }) => Object(json));
          expect(heard.filter(({ event }) => event === 'slice')).toEqual([]);
          return `device: does not listen to them; ${state} to FIN`;
        },
        outcome: {
          open: 'device: does not listen to them; 28_IMAGE-INVALID to FIN',
          acl: notAuthorized(imageTopic),
        },
      },
      {
        name: 'Acknowledgement forged',
        how: 'an acknowledgement of the whole image in the middle of the transfer',
        ids: denied,
        mount: async (stage) => {
          const { job, from } = await caught(stage);
          const size = Number(stage.manifest(alpha)[4]);
          await stage.attacker.send(`mup/firmware/${alpha}/ack`, encodeAcknowledgement(size));
          return `device: ${await goesOn(stage, job, from)}`;
        },
        outcome: {
          open: 'device: update succeeded',
          acl: notAuthorized(`mup/firmware/${alpha}/ack`),
        },
      },
      {
        name: 'Transfer given up',
        how: 'ABORT in the middle of the transfer',
        ids: denied,
        mount: async (stage) => {
          const { job, from } = await caught(stage);
          const { state } = await stage.attacker.call('firmware', alpha, ['ABORT']);
          return `device: ${state}; ${await goesOn(stage, job, from)}`;
        },
        outcome: { open: 'device: 10_OK; update succeeded', acl: notAuthorized(`mup/firmware/${alpha}`) },
      },
    ],
  },
  {
    title: 'Stalled or trickling device or transfer',
    attacks: [
      {
        name: 'Device that stands still in the middle',
        how: 'a device takes no more slices and answers nothing, while another is called and updated',
        ids: slow,
        mount: async (stage) => {
          const job = await stage.caughtAt(beta, 'slice', { stopped: stage.device(beta) });
          const other = await stage.ended(await stage.order(alpha));
          expect([await stage.call(alpha), other.state]).toEqual(['10_OK', 'succeeded']);
          const { state, failure } = await stage.ended(job);
          return `bridge: update ${state} (${failure}); the other device's succeeded meanwhile`;
        },
        outcome: {
          open: "bridge: update failed (token-timeout); the other device's succeeded meanwhile",
          acl: "bridge: update failed (token-timeout); the other device's succeeded meanwhile",
        },
      },
      {
        name: 'Progress pretended',
        how: 'the device stands still, and the attacker acknowledges for it, octet by octet',
        ids: slow,
        mount: async (stage) => {
          const heard = stage.wire.messages.length;
          const job = await stage.caughtAt(alpha, 'slice', { stopped: stage.device(alpha) });
          const topic = `mup/firmware/${alpha}/ack`;
          const acks = stage.wire.messages.slice(heard).filter((one) => one.topic === topic);
          const start = acks.at(-1)?.payload.readUInt32BE() ?? 0;
          for (let octet = 1; octet <= 50; octet += 1)
            await stage.attacker.send(topic, encodeAcknowledgement(start + octet));
          const { state, failure } = await stage.ended(job);
          return `bridge: update ${state} (${failure})`;
        },
        outcome: {
          open: 'bridge: update failed (token-timeout)',
          acl: notAuthorized(`mup/firmware/${alpha}/ack`),
        },
      },
    ],
  },
]);
