import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type AttackStage, alpha, beta } from '../support/attack-stage.ts';
import { changed, type ManifestField } from '../support/attacker.ts';
import { type Attack, type AttackIds, describeAttacks, notAuthorized } from '../support/attacks.ts';

const arbitrary: AttackIds = {
  rfc9124: ['IMG.NON_AUTH', 'NET.ONPATH'],
  tuf: ['Arbitrary software installation'],
  uptane: ['Arbitrary software attack'],
};
const replay: AttackIds = {
  rfc9124: ['IMG.EXPIRED', 'UPD.UNAPPROVED'],
  tuf: ['Indefinite freeze attacks'],
  uptane: ['Freeze attack'],
};
const rollback: AttackIds = {
  rfc9124: ['IMG.EXPIRED'],
  tuf: ['Rollback attacks'],
  uptane: ['Rollback attack'],
};
const mismatched: AttackIds = {
  rfc9124: ['IMG.INCOMPATIBLE', 'UPD.UNAPPROVED'],
  tuf: ['Wrong software installation'],
  uptane: ['Arbitrary software attack'],
};
const mixed: AttackIds = {
  rfc9124: ['MFST.OVERRIDE', 'IMG.NON_AUTH'],
  tuf: ['Mix-and-match attacks'],
  uptane: ['Mix-and-match attack'],
};
const drain: AttackIds = { tuf: ['Endless data attacks'], uptane: ['Endless data attack'] };

const noManifest = notAuthorized(`mup/manifest/${alpha}`);
const noToken = notAuthorized(`mup/token/${alpha}`);

/** Sends a manifest as the bridge would. @returns the device's answer */
async function offer(stage: AttackStage, inputs: readonly string[], uuid = alpha): Promise<string> {
  const from = stage.device(uuid).lines.length;
  const { state } = await stage.attacker.call('manifest', uuid, inputs);
  await stage.event(uuid, { event: 'manifest-refused', state }, from);
  return `device: ${state}`;
}

/** Sends a manifest for a token that the attacker has asked for, changed so. */
async function offerFresh(
  stage: AttackStage,
  inputs: readonly string[],
  values: Partial<Record<ManifestField, string>> = {},
): Promise<string> {
  const nonce = await stage.attacker.nonce(alpha);
  return offer(stage, changed(inputs, { nonce, ...values }));
}

/** What the device was sent before its firmware was brought up to date by an honest update. */
async function usedManifest(stage: AttackStage): Promise<readonly string[]> {
  await stage.honestWork();
  return stage.manifest(alpha);
}

/** An attack that sends one manifest that the device has not had yet, changed, for a fresh token. */
function forged(
  name: string,
  how: string,
  ids: AttackIds,
  values: Partial<Record<ManifestField, string>>,
  state: string,
): Attack {
  return {
    name,
    how,
    ids,
    mount: async (stage) => offerFresh(stage, await stage.unusedManifest(alpha), values),
    outcome: { open: `device: ${state}`, acl: noToken },
  };
}

/** Signs for a token with the update server's own key, which was stolen. */
function outerSigned(stage: AttackStage, inputs: readonly string[]): string[] {
  const pem = readFileSync(join(stage.bridge.stateDir, 'keys', 'update-server.pem'));
  const text = inputs.slice(0, -1).join(';');
  const signature = sign('sha256', Buffer.from(text), {
    key: createPrivateKey(pem),
    dsaEncoding: 'ieee-p1363',
  });
  return changed(inputs, { outerSignature: signature.toString('hex') });
}

describeAttacks([
  {
    title: 'Replayed manifest or whole update',
    attacks: [
      {
        name: 'Manifest replayed',
        how: 'the manifest of an update that was cancelled is sent again as it was',
        ids: replay,
        mount: async (stage) => offer(stage, await stage.unusedManifest(alpha)),
        outcome: { open: 'device: 22_INVALID-NONCE', acl: noManifest },
      },
      {
        name: 'Manifest replayed for a new token',
        how: 'the attacker asks the device for a token, then sends the old manifest as it was',
        ids: replay,
        mount: async (stage) => {
          const manifest = await stage.unusedManifest(alpha);
          await stage.attacker.nonce(alpha);
          return offer(stage, manifest);
        },
        outcome: { open: 'device: 22_INVALID-NONCE', acl: noToken },
      },
      forged(
        'Manifest replayed under the new nonce',
        'the same, with the nonce of the new token written into the old manifest',
        replay,
        {},
        '23_OUTER-SIGN-INVALID',
      ),
      {
        name: 'Whole update replayed',
        how: 'all messages of an update that succeeded, to the last slice and FIN, are sent again',
        ids: replay,
        mount: async (stage) => {
          const from = stage.wire.messages.length;
          await stage.honestWork();
          const before = stage.device(alpha).lines.length;
          const topics = ['token', 'manifest', 'firmware'].map((name) => `mup/${name}/${alpha}`);
          const update = stage.wire.messages
            .slice(from)
            .filter(({ topic }) => [...topics, `mup/firmware/${alpha}/image`].includes(topic));
          for (const { topic, payload } of update) await stage.attacker.send(topic, payload);
          const { state } = Object(await stage.event(alpha, { event: 'manifest-refused' }, before));
          await stage.event(alpha, { event: 'image-refused', reason: 'no manifest was accepted' }, before);
          return `device: ${state}, then 28_IMAGE-INVALID to FIN`;
        },
        outcome: { open: 'device: 22_INVALID-NONCE, then 28_IMAGE-INVALID to FIN', acl: noToken },
      },
    ],
  },
  {
    title: 'Rollback, same version again',
    attacks: [
      {
        name: 'Same version',
        how: 'the manifest of the firmware that runs, under the nonce of a new token',
        ids: rollback,
        mount: async (stage) => offerFresh(stage, await usedManifest(stage)),
        outcome: { open: 'device: 25_INVALID-VERSIONNR', acl: noToken },
      },
      {
        name: 'Older version',
        how: 'the manifest of the firmware before the one that runs, under the nonce of a new token',
        ids: rollback,
        mount: async (stage) => {
          const manifest = await usedManifest(stage);
          await stage.honestWork();
          return offerFresh(stage, manifest);
        },
        outcome: { open: 'device: 25_INVALID-VERSIONNR', acl: noToken },
      },
      {
        name: 'Older version that calls itself newer',
        how: 'the same, with a high version written into it',
        ids: rollback,
        mount: async (stage) => offerFresh(stage, await usedManifest(stage), { newVersion: '4000000000' }),
        outcome: { open: 'device: 23_OUTER-SIGN-INVALID', acl: noToken },
      },
      {
        name: 'Older version ordered',
        how: 'an operator is made to order an image that the vendor has signed, but which is not newer',
        ids: rollback,
        mount: async (stage) => {
          await stage.honestWork();
          const from = stage.wire.messages.length;
          const { state, failure } = await stage.orderAgain(alpha, stage.version(alpha) - 1);
          const sent = stage.wire.messages.slice(from).map(({ topic }) => topic);
          expect([state, sent.includes(`mup/manifest/${alpha}`)]).toEqual(['failed', false]);
          return `bridge: ${failure}, before anything is sent`;
        },
        outcome: {
          open: 'bridge: version-not-newer, before anything is sent',
          acl: 'bridge: version-not-newer, before anything is sent',
        },
      },
    ],
  },
  {
    title: "Another device's manifest; another App ID; wrong precursor",
    attacks: [
      {
        name: "Another device's manifest",
        how: 'a manifest for one device is sent to another, under the nonce of a token of that one',
        ids: mismatched,
        mount: async (stage) => {
          const manifest = await stage.unusedManifest(alpha);
          const nonce = await stage.attacker.nonce(beta);
          return offer(stage, changed(manifest, { nonce }), beta);
        },
        outcome: { open: 'device: 29_WRONG-UUID', acl: notAuthorized(`mup/token/${beta}`) },
      },
      {
        name: "Another device's manifest under the victim's UUID",
        how: 'the same, with the UUID of that one written into it',
        ids: mismatched,
        mount: async (stage) => {
          const manifest = await stage.unusedManifest(alpha);
          const nonce = await stage.attacker.nonce(beta);
          return offer(stage, changed(manifest, { nonce, uuid: beta }), beta);
        },
        outcome: { open: 'device: 23_OUTER-SIGN-INVALID', acl: notAuthorized(`mup/token/${beta}`) },
      },
      forged(
        'Another App ID',
        'a manifest for another application',
        mismatched,
        { appId: 'OTHER' },
        '21_WRONG-APP-ID',
      ),
      forged(
        'Wrong precursor',
        'a manifest of a difference to a version that does not run',
        { rfc9124: ['UPD.WRONG_PRECURSOR'], uptane: ['Mix-and-match attack'] },
        { oldVersion: '4000000000' },
        '25_INVALID-VERSIONNR',
      ),
      forged(
        'Image too large for the slot',
        'a manifest of an image that fills more than the slot',
        { rfc9124: ['IMG.LOCATION'], tuf: ['Endless data attacks'], uptane: ['Endless data attack'] },
        { size: '4294967295' },
        '27_IMAGE-TOO-BIG',
      ),
      forged(
        'Another suite',
        'a manifest that names a suite nobody knows, for no check to apply',
        { rfc9124: ['MFST.OVERRIDE', 'IMG.NON_AUTH'] },
        { suite: '0' },
        '20_MANIFEST-NOT-VALID',
      ),
    ],
  },
  {
    title: 'Mix-and-match of two manifests, interleaved sessions',
    attacks: [
      {
        name: 'Image of one manifest in the other',
        how: "digest and size of a newer image with the inner signature and the outer signature of the other's",
        ids: mixed,
        mount: async (stage) => {
          const first = await stage.unusedManifest(alpha);
          const second = await stage.unusedManifest(alpha);
          const [digest = '', size = ''] = [second[3], second[4]];
          return offerFresh(stage, first, { digest, size });
        },
        outcome: { open: 'device: 23_OUTER-SIGN-INVALID', acl: noToken },
      },
      {
        name: 'Inner manifest of one in the other',
        how: 'the whole inner manifest with its signature, in the extension of another manifest',
        ids: mixed,
        mount: async (stage) => {
          const first = await stage.unusedManifest(alpha);
          const second = await stage.unusedManifest(alpha);
          return offerFresh(stage, [...second.slice(0, 8), ...first.slice(8)]);
        },
        outcome: { open: 'device: 23_OUTER-SIGN-INVALID', acl: noToken },
      },
      {
        name: 'Manifest signed by a stolen update server',
        how: "with the update server's own private key, but not the vendor's: a good outer signature over a changed manifest",
        ids: { ...arbitrary, tuf: [...(arbitrary.tuf ?? []), 'Vulnerability to key compromises'] },
        mount: async (stage) => {
          const manifest = await stage.unusedManifest(alpha);
          const nonce = await stage.attacker.nonce(alpha);
          const mine = changed(manifest, { nonce, digest: '0'.repeat(64) });
          return offer(stage, outerSigned(stage, mine));
        },
        outcome: { open: 'device: 24_INNER-SIGN-INVALID', acl: noToken },
      },
      {
        name: 'Interleaved sessions',
        how: 'between the token of an update and its manifest, the attacker asks for a token too',
        ids: { rfc9124: ['NET.ONPATH'], uptane: ['Drop-request attack'] },
        mount: async (stage) => {
          const from = stage.device(alpha).lines.length;
          const heard = stage.wire.messages.length;
          // The device hears both requests before the manifest that answers the first.
          stage.pause(stage.device(alpha));
          const job = await stage.order(alpha);
          await stage.wire.next(`mup/token/${alpha}`, () => true, heard);
          await stage.attacker.send(`mup/token/${alpha}`, 'between;GET-DEVICE-TOKEN');
          stage.resume();
          const { state } = await stage.ended(job);
          const refused = Object(await stage.event(alpha, { event: 'manifest-refused' }, from));
          return `device: ${refused.state} to the honest manifest; bridge: begins again, ${state}`;
        },
        outcome: {
          open: 'device: 22_INVALID-NONCE to the honest manifest; bridge: begins again, succeeded',
          acl: noToken,
        },
      },
    ],
  },
  {
    title: 'Endless manifests to drain a battery',
    attacks: [
      {
        name: 'Manifests without a token',
        how: '200 manifests with a nonce of the attacker',
        ids: drain,
        mount: async (stage) => {
          const manifest = changed(await stage.unusedManifest(alpha), { nonce: '0'.repeat(32) });
          const states = await statesOf(200, () => stage.attacker.call('manifest', alpha, manifest));
          return `device: ${states}, no signature is looked at`;
        },
        outcome: { open: 'device: 200 × 22_INVALID-NONCE, no signature is looked at', acl: noManifest },
      },
      {
        name: 'Manifests for one token',
        how: '200 manifests, all with the nonce of the one token',
        ids: drain,
        mount: async (stage) => {
          const manifest = await stage.unusedManifest(alpha);
          const nonce = await stage.attacker.nonce(alpha);
          const mine = changed(manifest, { nonce });
          const states = await statesOf(200, () => stage.attacker.call('manifest', alpha, mine));
          return `device: ${states}: one signature check a token`;
        },
        outcome: {
          open: 'device: 1 × 23_OUTER-SIGN-INVALID, 199 × 22_INVALID-NONCE: one signature check a token',
          acl: noToken,
        },
      },
      {
        name: 'A token for each manifest',
        how: '50 times a token and a manifest with its nonce: 50 signature checks',
        ids: drain,
        mount: async (stage) => {
          const manifest = await stage.unusedManifest(alpha);
          const states = await statesOf(50, async () => {
            const nonce = await stage.attacker.nonce(alpha);
            return stage.attacker.call('manifest', alpha, changed(manifest, { nonce }));
          });
          return `**achieved**: a signature check for each token asked for (${states}); nothing is written`;
        },
        outcome: {
          open: '**achieved**: a signature check for each token asked for (50 × 23_OUTER-SIGN-INVALID); nothing is written',
          acl: noToken,
        },
      },
    ],
  },
]);

/** Makes calls one after the other. @returns how often the device answered what */
async function statesOf(times: number, call: () => Promise<{ readonly state: string }>): Promise<string> {
  const counts = new Map<string, number>();
  for (let i = 0; i < times; i += 1) {
    const { state } = await call();
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => `${count} × ${state}`).join(', ');
}
