import { expect } from '@jest/globals';
import { bridgeElement, getBridgeData, leafNumber } from '../../src/cli/bridge-xml.ts';
import { decodeRequest } from '../../src/mqtt/rpc-codec.ts';
import { childElements, type XmlElement } from '../../src/xml/element.ts';
import { type AttackStage, alpha, mallory } from '../support/attack-stage.ts';
import { type AttackIds, describeAttacks, notAuthorized } from '../support/attacks.ts';

const answers = `mup/response/${alpha}`;
const presence = `mup/status/${alpha}`;
const relay = `actuator/relay/${alpha}`;
const onPath: AttackIds = { rfc9124: ['NET.ONPATH'] };
const denied: AttackIds = { rfc9124: ['NET.ONPATH'], uptane: ['Drop-request attack'] };
const frozen: AttackIds = {
  rfc9124: ['NET.ONPATH'],
  tuf: ['Indefinite freeze attacks'],
  uptane: ['Freeze attack'],
};

/** Answers that the bridge has dropped since it started. A session of its own does not wait for calls. */
async function dropped(stage: AttackStage): Promise<number> {
  const session = await stage.session.newSession();
  const reply = await session.rpc(getBridgeData(bridgeElement('statistics', [])));
  await session.close();
  const find = (parent: XmlElement): number | undefined =>
    leafNumber(parent, 'dropped-answers') ??
    childElements(parent)
      .map(find)
      .find((found) => found !== undefined);
  return find(reply) ?? Number.NaN;
}

/**
 * Has an operator call the device while that stands still, and the attacker answer before it.
 * @param forge what the attacker sends, for the id of the request
 * @returns what the operator is answered
 */
async function raced(stage: AttackStage, forge: (id: string) => Promise<void>): Promise<string> {
  const from = stage.wire.messages.length;
  stage.pause(stage.device(alpha));
  const call = stage.call(alpha).catch(({ message }: Error) => message);
  const { payload } = await stage.wire.next(relay, () => true, from);
  await forge(decodeRequest(payload, 'mup').id);
  // The bridge has heard all that was sent before when it has answered this.
  await dropped(stage);
  stage.resume();
  return call;
}

/** Whose answer an operator got: the attacker's is 12_ERROR. */
function whose(answer: string): string {
  return answer === '10_OK'
    ? "the call returns the device's 10_OK"
    : `**achieved**: the operator reads “${answer}”`;
}

describeAttacks([
  {
    title: 'Forged answer of another device, late answer, guessed request id',
    attacks: [
      {
        name: "Answer from another device's topic",
        how: "the id of a request in an answer on the attacker's own answer topic",
        ids: onPath,
        mount: async (stage) => {
          const before = await dropped(stage);
          const retval = await raced(stage, (id) =>
            stage.attacker.send(`mup/response/${mallory}`, `${id};12_ERROR`),
          );
          expect(await dropped(stage)).toBe(before + 1);
          return `bridge: dropped; ${whose(retval)}`;
        },
        outcome: {
          open: "bridge: dropped; the call returns the device's 10_OK",
          acl: "bridge: dropped; the call returns the device's 10_OK",
        },
      },
      {
        name: 'Guessed request ids',
        how: "100 answers on the device's answer topic: small numbers, and ids near those of earlier requests",
        ids: onPath,
        mount: async (stage) => {
          const before = await dropped(stage);
          const retval = await raced(stage, async (id) => {
            const near = BigInt(`0x${id}`);
            for (let i = 1; i <= 50; i += 1) {
              await stage.attacker.send(answers, `${i};12_ERROR`);
              await stage.attacker.send(answers, `${(near ^ BigInt(i)).toString(16)};12_ERROR`);
            }
          });
          expect(await dropped(stage)).toBe(before + 100);
          return `bridge: 100 dropped; ${whose(retval)}`;
        },
        outcome: {
          open: "bridge: 100 dropped; the call returns the device's 10_OK",
          acl: notAuthorized(answers),
        },
      },
      {
        name: 'Answer to an earlier request',
        how: "the device's answer to the request before, once more",
        ids: onPath,
        mount: async (stage) => {
          const from = stage.wire.messages.length;
          await stage.call(alpha);
          const { payload } = await stage.wire.next(answers, () => true, from);
          const earlier = payload.toString().replace('10_OK', '12_ERROR');
          const before = await dropped(stage);
          const retval = await raced(stage, () => stage.attacker.send(answers, earlier));
          expect(await dropped(stage)).toBe(before + 1);
          return `bridge: dropped; ${whose(retval)}`;
        },
        outcome: {
          open: "bridge: dropped; the call returns the device's 10_OK",
          acl: notAuthorized(answers),
        },
      },
      {
        name: "Answer on the device's own topic",
        how: 'the attacker hears the request, and answers before the device does',
        ids: onPath,
        mount: async (stage) =>
          `bridge: ${whose(await raced(stage, (id) => stage.attacker.send(answers, `${id};12_ERROR`)))}`,
        outcome: {
          open: 'bridge: **achieved**: the operator reads “the device answered 12_ERROR: failed”',
          acl: notAuthorized(answers),
        },
      },
      {
        name: 'Token forged',
        how: 'the attacker answers getDeviceToken before the device, with a nonce of its own',
        ids: frozen,
        mount: async (stage) => {
          const heard = stage.wire.messages.length;
          const from = stage.device(alpha).lines.length;
          stage.pause(stage.device(alpha));
          const job = await stage.order(alpha);
          const { payload } = await stage.wire.next(`mup/token/${alpha}`, () => true, heard);
          const { id } = decodeRequest(payload, 'mup');
          await stage.attacker.send(answers, `${id};10_OK;${alpha};${'0'.repeat(32)};1`);
          await stage.wire.next(`mup/manifest/${alpha}`, () => true, heard);
          stage.resume();
          const refused = Object(await stage.event(alpha, { event: 'manifest-refused' }, from));
          const { state } = await stage.ended(job);
          return `device: ${refused.state} to the manifest made for it; bridge: begins again, ${state}`;
        },
        outcome: {
          open: 'device: 22_INVALID-NONCE to the manifest made for it; bridge: begins again, succeeded',
          acl: notAuthorized(answers),
        },
      },
      {
        name: 'New version claimed',
        how: 'in the middle of the transfer, `online` with the new version on the status topic of the device',
        ids: frozen,
        mount: async (stage) => {
          const job = await stage.caughtAt(alpha, 'slice');
          const version = stage.version(alpha);
          await stage.attacker.send(presence, `online;${version}`);
          stage.resume();
          const { state } = await stage.ended(job);
          const runs = stage.device(alpha).lines.map(({ json }) => Object(json));
          expect(runs).toContainEqual({ event: 'restarted', version });
          return `bridge: not believed; update ${state}, and the device runs it`;
        },
        outcome: {
          open: 'bridge: not believed; update succeeded, and the device runs it',
          acl: notAuthorized(presence),
        },
      },
      {
        name: 'Absence claimed',
        how: '`offline` on the status topic of a device that is there, retained, before an update is ordered',
        ids: denied,
        mount: async (stage) => {
          await stage.attacker.send(presence, 'offline', true);
          const { state, failure } = await stage.ended(await stage.order(alpha));
          return `bridge: ${failure === undefined ? '' : `**achieved**: ${failure}, `}update ${state}, since the device says that it is there`;
        },
        outcome: {
          open: 'bridge: update succeeded, since the device says that it is there',
          acl: notAuthorized(presence),
        },
      },
      {
        name: 'Listening in',
        how: 'the attacker subscribes `#` while a device is called and updated',
        ids: { rfc9124: ['IMG.DISCLOSURE', 'MFST.EXPOSURE'], uptane: ['Eavesdrop attack'] },
        mount: async (stage) => {
          const heard = await stage.attacker.tap();
          await stage.honestWork();
          // A message of its own comes after all that came before it.
          await stage.attacker.send(`mup/status/${mallory}`, 'online;1');
          await stage.wire.next(`mup/status/${mallory}`, () => true);
          const topics = new Set(heard.messages.map(({ topic }) => topic));
          const image = topics.has(`mup/firmware/${alpha}/image`);
          return image
            ? '**achieved**: requests, manifests and images are read; a vendor may encrypt the image (paper §4.3)'
            : `broker: nothing is delivered (${topics.size} topics)`;
        },
        outcome: {
          open: '**achieved**: requests, manifests and images are read; a vendor may encrypt the image (paper §4.3)',
          acl: 'broker: nothing is delivered (0 topics)',
        },
      },
    ],
  },
]);
