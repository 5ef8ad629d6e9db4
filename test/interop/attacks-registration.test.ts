import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { element } from '../../src/xml/element.ts';
import { describeAs, evilDescription } from '../support/attack-descriptions.ts';
import { type AttackStage, alpha, beta } from '../support/attack-stage.ts';
import { type Attack, type AttackIds, describeAttacks, notAuthorized } from '../support/attacks.ts';
import { exampleDescription } from '../support/system.ts';

const status = `mup/description/${alpha}/status`;
const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const settings = 'urn:mup:yang:mup-bridge';
const stranger = 'STRANGER-9';
const keys: AttackIds = {
  rfc9124: ['IMG.NON_AUTH', 'KEY.EXPOSURE'],
  tuf: ['Arbitrary software installation', 'Vulnerability to key compromises'],
  uptane: ['Arbitrary software attack'],
};
const spoofed: AttackIds = { rfc9124: ['NET.ONPATH', 'UPD.UNAPPROVED'] };
const whole = (text: string): string => `1/1;${text}`;

/** Has the device register while the bridge stands still, and answers it first. @returns why it refuses that */
function answeredFirst(
  name: string,
  how: string,
  answer: (stage: AttackStage) => string,
  open: string,
): Attack {
  return {
    name,
    how: `the device registers, and before the bridge can, the attacker answers: ${how}`,
    ids: keys,
    mount: async (stage) => {
      const text = answer(stage);
      await stage.restarted(alpha, () => stage.attacker.send(status, text));
      const events = stage.device(alpha).lines.map(({ json }) => Object(json));
      const said = events.find(({ event }) => ['server-key-refused', 'registration-refused'].includes(event));
      expect(events.map(({ event }) => event)).toContain('registered');
      return `device: ${said.reason ?? `waits (${said.code})`}; registers with the honest answer`;
    },
    outcome: { open, acl: notAuthorized(status) },
  };
}

async function accept(stage: AttackStage, policy: 'open' | 'approve'): Promise<void> {
  const config = element(base, 'config', [
    element(settings, 'settings', [element(settings, 'acceptance', policy)]),
  ]);
  const target = element(base, 'target', [element(base, 'running')]);
  await stage.session.rpc(element(base, 'edit-config', [target, config]));
}

describeAttacks([
  {
    title: 'Substituted update server key',
    attacks: [
      answeredFirst(
        'Key without endorsement',
        "with its own key and a high epoch, and no vendor's signature",
        (stage) => stage.keys.registrationAnswer(9),
        'device: the vendor has not endorsed it; registers with the honest answer',
      ),
      answeredFirst(
        'Key endorsed by the attacker',
        'with its own key, endorsed by itself',
        (stage) => stage.keys.registrationAnswer(9, 'mallory'),
        'device: its endorsement does not hold: the endorsement is not the vendor’s over this key and epoch; registers with the honest answer',
      ),
      answeredFirst(
        'Key of an earlier epoch',
        'with a key that the vendor had endorsed before, and whose private part was stolen since',
        (stage) => stage.keys.registrationAnswer(0, 'vendor'),
        'device: its epoch 0 is lower than 1, that of the kept key; registers with the honest answer',
      ),
      answeredFirst(
        'Refusal forged',
        'its description is refused',
        () => 'ERROR;description-invalid;go away',
        'device: waits (description-invalid); registers with the honest answer',
      ),
      {
        name: 'Key announced to a registered device',
        how: 'its own key, endorsed by itself, as if the update server had a new one',
        ids: keys,
        mount: async (stage) => {
          const from = stage.device(alpha).lines.length;
          await stage.attacker.send(status, stage.keys.registrationAnswer(9, 'mallory'));
          const said = await stage.event(alpha, { event: 'server-key-refused' }, from);
          return `device: ${Object(said).reason}`;
        },
        outcome: {
          open: 'device: its endorsement does not hold: the endorsement is not the vendor’s over this key and epoch',
          acl: notAuthorized(status),
        },
      },
    ],
  },
  {
    title: "Description under another device's UUID; takeover of a registered device",
    attacks: [
      {
        name: 'Unknown device, policy open',
        how: 'a description under a UUID that nobody has',
        ids: spoofed,
        mount: async (stage) =>
          `**achieved**: ${await describeAs(stage, stranger, whole(evilDescription()))}, it is served; \`approve\` or \`signed\` stops it`,
        outcome: {
          open: '**achieved**: bridge: OK, it is served; `approve` or `signed` stops it',
          acl: notAuthorized(`mup/description/${stranger}`),
        },
      },
      {
        name: 'Unknown device, policy approve',
        how: 'the same under another UUID',
        ids: spoofed,
        mount: async (stage) => {
          await accept(stage, 'approve');
          const said = await describeAs(stage, `${stranger}0`, whole(evilDescription())).finally(() =>
            accept(stage, 'open'),
          );
          return `${said}: it waits for accept-device, and is not served`;
        },
        outcome: {
          open: 'bridge: ERROR;pending: it waits for accept-device, and is not served',
          acl: notAuthorized(`mup/description/${stranger}0`),
        },
      },
      {
        name: 'Takeover, policy open',
        how: "a description with other topics under a registered device's UUID",
        ids: spoofed,
        mount: async (stage) => {
          const said = await describeAs(stage, alpha, whole(evilDescription()));
          // The device describes itself again when it connects again.
          await stage.restarted(alpha);
          return `**achieved**: ${said}, until the device connects again; a signature on its first description stops it`;
        },
        outcome: {
          open: '**achieved**: bridge: OK, until the device connects again; a signature on its first description stops it',
          acl: notAuthorized(`mup/description/${alpha}`),
        },
      },
      {
        name: 'Removed by way of the prototype',
        how: 'its UUID on `yang/config/delete`, which names no device',
        ids: spoofed,
        mount: async (stage) => {
          const from = stage.wire.messages.length;
          await stage.attacker.send('yang/config/delete', alpha);
          const topic = `yang/config/delete/response/${alpha}`;
          const { payload } = await stage.wire.next(topic, () => true, from);
          return `bridge: ${payload}`;
        },
        outcome: { open: 'bridge: ERROR', acl: notAuthorized('yang/config/delete') },
      },
    ],
  },
]);

/** A takeover of a device whose vendor has signed its description. */
function takeover(
  name: string,
  how: string,
  payload: (stage: AttackStage) => Uint8Array,
  code: string,
): Attack {
  return {
    name,
    how,
    ids: spoofed,
    mount: async (stage) => {
      const said = await describeAs(stage, alpha, Buffer.concat([Buffer.from('1/1;'), payload(stage)]));
      await stage.bridge.program.logged(code);
      return `${said}, with an event, a log line and a line of the audit log`;
    },
    outcome: {
      open: `bridge: ERROR;${code}, with an event, a log line and a line of the audit log`,
      acl: notAuthorized(`mup/description/${alpha}`),
    },
  };
}

describeAttacks(
  [
    {
      title: 'Takeover of a device whose description its vendor has signed (policy signed)',
      attacks: [
        takeover(
          'Without a signature',
          'a description that nobody has signed',
          () => readFileSync(exampleDescription),
          'signature-required',
        ),
        takeover(
          'With a key of the attacker',
          'a description that the attacker has signed',
          (stage) => stage.keys.signedDescription(alpha, 'mallory', 9),
          'wrong-key',
        ),
        takeover(
          'Older description',
          'one that the vendor has signed before the present one',
          (stage) => stage.keys.signedDescription(alpha, 'vendor', 1),
          'old-description',
        ),
        takeover(
          "Another device's description",
          "what the vendor has signed for another device's UUID",
          (stage) => stage.keys.signedDescription(beta, 'vendor', 3),
          'bad-signature',
        ),
      ],
    },
  ],
  { signed: true },
);
