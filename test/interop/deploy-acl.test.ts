import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { makeCertificates } from '../support/certificates.ts';
import { DeployedBroker, observer, passwordOf, prototypeRules } from '../support/deployed-broker.ts';
import { describeWith } from '../support/peers.ts';

const own = 'DEVICE-A';
const other = 'DEVICE-B';
const prototype = 'MYNO-C';
const bridge = 'mup_bridge';
/** Devices may bear any of these names; none may make topics of others theirs. */
const treacherous = ['image', 'ack', 'status', 'response', 'mup-bridge'];

/** What a device sends (mup-protocol §1 to §3, both profiles). */
const deviceSends = (uuid: string): string[] => [
  ...[`mup/description/${uuid}`, `mup/status/${uuid}`, `mup/response/${uuid}`, `mup/firmware/${uuid}/ack`],
  ...[`sensor/temperature/${uuid}`, `response/${uuid}`, `yang/update/image/${uuid}/response`],
];
/** What a device is sent. */
const deviceHears = (uuid: string): string[] => [
  ...[`mup/description/${uuid}/status`, `mup/token/${uuid}`, `mup/manifest/${uuid}`, `mup/firmware/${uuid}`],
  ...[`mup/firmware/${uuid}/image`, `mup/vendor-key/${uuid}`, `actuator/relay/${uuid}`],
  ...[`yang/update/${uuid}`, `yang/update/image/${uuid}`],
  ...['create', 'update', 'delete', 'retrieve'].map((name) => `yang/config/${name}/response/${uuid}`),
];
const prototypeBootstrap = ['create', 'update', 'delete', 'retrieve'].map((name) => `yang/config/${name}`);
const nobodys = [
  '$SYS/broker/version',
  '$CONTROL/dynamic-security/v1',
  'mup',
  'mup/description',
  'else',
  '/',
];

const mayNotSend: readonly (readonly [account: string, topic: string])[] = [
  ...[...deviceSends(other), ...deviceHears(other), ...deviceHears(own)].map(
    (topic) => [own, topic] as const,
  ),
  ...[...prototypeBootstrap, 'yang/config', ...nobodys].map((topic) => [own, topic] as const),
  ...[`mup/status/${own.toLowerCase()}`, `mup/status/${own}/x`, `sensor/${own}/x`].map(
    (t) => [own, t] as const,
  ),
  ...treacherous.flatMap((name) =>
    [...deviceSends(other), ...deviceHears(other)].map((topic) => [name, topic] as const),
  ),
  ...[...deviceSends(other), ...deviceHears(other), 'yang/config'].map((t) => [prototype, t] as const),
  ...[...deviceSends(other), ...prototypeBootstrap, ...nobodys].map((topic) => [bridge, topic] as const),
];

const maySend: readonly (readonly [account: string, topic: string])[] = [
  ...deviceSends(own).map((topic) => [own, topic] as const),
  ...[...deviceSends(prototype), ...prototypeBootstrap].map((topic) => [prototype, topic] as const),
  ...deviceHears(own).map((topic) => [bridge, topic] as const),
];

/** A filter that is subscribed, and a topic that it would bring. */
type Row = readonly [account: string, filter: string, topic: string];

const exact = (account: string, topics: readonly string[]): Row[] =>
  topics.map((topic) => [account, topic, topic]);

const mayNotHear: readonly Row[] = [
  ...exact(own, [...deviceSends(other), ...deviceHears(other)]),
  ...exact(own, [...prototypeBootstrap, 'yang/config', ...nobodys]),
  ...exact(prototype, prototypeBootstrap),
  ...treacherous.flatMap((name) => exact(name, [...deviceSends(other), ...deviceHears(other)])),
  [own, '#', `mup/manifest/${other}`],
  [own, '+/#', `mup/firmware/${other}/image`],
  [own, '+/+/+', `mup/response/${other}`],
  [own, 'mup/description/+', `mup/description/${other}`],
  [own, 'mup/description/+/status', `mup/description/${other}/status`],
  [own, 'mup/status/+', `mup/status/${other}`],
  [own, 'mup/response/+', `mup/response/${other}`],
  [own, 'mup/firmware/+/image', `mup/firmware/${other}/image`],
  [own, 'mup/firmware/#', `mup/firmware/${other}`],
  [own, 'response/+', `response/${other}`],
  [own, 'yang/config/+/response/+', `yang/config/create/response/${other}`],
  [own, `+/+/${other}`, `mup/status/${other}`],
  [own, '$SYS/#', '$SYS/broker/version'],
  [own, '$SYS/+/+', '$SYS/broker/version'],
  [own, `$share/group/mup/response/${other}`, `mup/response/${other}`],
  [own, '$share/group/#', `mup/manifest/${other}`],
  [bridge, '#', `mup/firmware/${other}/image`],
  [bridge, '$SYS/#', '$SYS/broker/version'],
  ...exact(bridge, [...deviceHears(other), 'else']),
];

const mayHear: readonly Row[] = [
  ...exact(own, deviceHears(own)),
  [own, '#', `mup/token/${own}`],
  ...exact(prototype, deviceHears(prototype)),
  ...exact(bridge, ['yang/config', ...prototypeBootstrap]),
  [bridge, 'mup/description/+', `mup/description/${other}`],
  [bridge, 'mup/status/+', `mup/status/${other}`],
  [bridge, 'mup/response/+', `mup/response/${other}`],
  [bridge, 'response/+', `response/${other}`],
  [bridge, 'sensor/temperature/+', `sensor/temperature/${other}`],
  [bridge, `mup/firmware/${other}/ack`, `mup/firmware/${other}/ack`],
  [bridge, `yang/update/image/${other}/response`, `yang/update/image/${other}/response`],
];

/** A topic on which the account is sent something it may read, after all that was sent before. */
const fenceFor = (account: string): string =>
  account === bridge ? 'mup/status/FENCE' : `mup/token/${account}`;
/** A topic on which it may send. */
const fenceFrom = (account: string): string =>
  account === bridge ? 'mup/token/FENCE' : `mup/status/${account}`;

/** As the agent connects. */
const clientIdOf = (account: string): string => `mup-device-${account}`;

/** What one trial sends: the probe where it may not come through or shall, then the fence, which always does. */
interface Trial {
  readonly probe: string;
  readonly fence: string;
}

let trials = 0;

/** What one client receives. */
class Inbox {
  readonly #received: { topic: string; text: string }[] = [];
  readonly #fences = new Map<string, () => void>();

  constructor(client: MqttClient) {
    client.on('message', (topic, payload) => {
      const text = payload.toString();
      this.#received.push({ topic, text });
      this.#fences.get(text)?.();
    });
  }

  /** @returns the topics on which the probe came before the fence, and those of the broker's own messages */
  async before(send: (trial: Trial) => Promise<unknown>): Promise<string[]> {
    trials += 1;
    const trial = { probe: `probe ${trials}`, fence: `fence ${trials}` };
    const passed = new Promise<void>((resolve) => this.#fences.set(trial.fence, resolve));
    await send(trial);
    await passed;
    const received = this.#received.splice(0);
    return received
      .filter(({ topic, text }) => text === trial.probe || /^\$/.test(topic))
      .map(({ topic }) => topic);
  }
}

describeWith(['mosquitto'], 'the access list of deploy/mosquitto with Mosquitto', () => {
  let broker: DeployedBroker;

  beforeAll(async () => {
    broker = await DeployedBroker.start(
      [own, other, prototype, bridge, ...treacherous],
      prototypeRules(prototype),
    );
  });

  afterAll(() => broker.stop());

  describe.each([
    ['3.1.1', 4],
    ['5', 5],
  ] as const)('MQTT %s', (_, protocolVersion) => {
    let watcher: MqttClient;
    let watched: Inbox;
    const clients = new Map<string, { client: MqttClient; inbox: Inbox }>();

    beforeAll(async () => {
      watcher = await broker.connect(observer, { protocolVersion: 5 });
      watched = new Inbox(watcher);
      await watcher.subscribeAsync('#', { qos: 1, nl: true });
      for (const account of [own, prototype, bridge, ...treacherous]) {
        const client = await broker.connect(account, { protocolVersion, clientId: clientIdOf(account) });
        clients.set(account, { client, inbox: new Inbox(client) });
        await client.subscribeAsync(fenceFor(account), { qos: 1 });
      }
    });

    const clientOf = (account: string) => {
      const found = clients.get(account);
      if (found === undefined) throw new Error(`no client ${account}`);
      return found;
    };

    /** @returns the topics on which the message arrived anywhere, and the reason code of its PUBACK */
    const send = async (account: string, topic: string, retain: boolean) => {
      const { client } = clientOf(account);
      let reason = 0;
      const arrived = await watched.before(async ({ probe, fence }) => {
        await client.publishAsync(topic, probe, { qos: 1, retain }).catch(({ code }) => {
          reason = code;
        });
        await client.publishAsync(fenceFrom(account), fence, { qos: 1 });
      });
      return { arrived, reason };
    };

    test.each(mayNotSend)('%s may not publish on %s', async (account, topic) => {
      for (const retain of [false, true]) {
        const { arrived, reason } = await send(account, topic, retain);
        // MQTT 3.1.1 has no word for it: the broker acknowledges and drops (§3.3.5).
        expect([arrived, reason]).toEqual([[], protocolVersion === 5 ? 135 : 0]);
      }
    });

    test.each(maySend)('%s may publish on %s', async (account, topic) => {
      expect(await send(account, topic, false)).toEqual({ arrived: [topic], reason: 0 });
    });

    /** @returns the topics on which an account hears something, retained or new, by a filter */
    const hear = async (account: string, filter: string, topic: string) => {
      const { client, inbox } = clientOf(account);
      // On its own topics the broker publishes by itself, and retains.
      const publish = async (text: string, retain: boolean): Promise<void> => {
        if (!topic.startsWith('$')) await watcher.publishAsync(topic, text, { qos: 1, retain });
      };
      try {
        return await inbox.before(async ({ probe, fence }) => {
          await publish(probe, true);
          await client.subscribeAsync(filter, { qos: 1 });
          await publish(probe, false);
          await watcher.publishAsync(fenceFor(account), fence, { qos: 1 });
        });
      } finally {
        if (filter !== fenceFor(account)) await client.unsubscribeAsync(filter);
        await publish('', true);
      }
    };

    test.each(mayNotHear)('%s hears nothing by %s, such as %s', async (account, filter, topic) => {
      expect(await hear(account, filter, topic)).toEqual([]);
    });

    test('the broker publishes on $SYS for those who may read it', async () => {
      const version = watched.before(async ({ fence }) => {
        await watcher.subscribeAsync('$SYS/broker/version', { qos: 1 });
        await clientOf(own).client.publishAsync(fenceFrom(own), fence, { qos: 1 });
      });
      expect(await version).toEqual(['$SYS/broker/version']);
    });

    test.each(mayHear)('%s hears by %s what is on %s', async (account, filter, topic) => {
      expect(new Set(await hear(account, filter, topic))).toEqual(new Set([topic]));
    });

    test('a will on a topic of another is not published, one on its own is', async () => {
      const die = async (topic: string, text: string): Promise<void> => {
        const will = { topic, payload: Buffer.from(text), qos: 1, retain: true } as const;
        const client = await broker.connect(other, { protocolVersion, will });
        client.stream.destroy();
      };
      const arrived = await watched.before(async ({ probe, fence }) => {
        await die(`mup/status/${own}`, probe);
        // Whoever connects under a name ends the earlier connection of that name, will and all (MQTT 5 §3.1.4).
        await die(`mup/status/${other}`, fence);
      });
      expect(arrived).toEqual([]);
    });

    test("who connects with another's client id does not end that one's connection", async () => {
      const { client } = clientOf(own);
      await broker.connect(other, { protocolVersion, clientId: own });
      await broker.connect(other, { protocolVersion, clientId: clientIdOf(own) });
      await client.publishAsync(`mup/status/${own}`, 'there', { qos: 1 });
      expect(client.connected).toBe(true);
    });
  });

  test.each([
    ['nobody', {}],
    ['a wrong password', { username: own, password: 'guessed' }],
    ["another's password", { username: own, password: passwordOf(other) }],
    ['no password', { username: bridge }],
    ['an unknown name', { username: 'DEVICE-Z', password: passwordOf(own) }],
  ])('%s is refused', async (_, credentials) => {
    for (const protocolVersion of [4, 5] as const) {
      const ca = readFileSync(broker.caFile);
      const connecting = connectAsync(broker.url, {
        ca,
        protocolVersion,
        reconnectPeriod: 0,
        ...credentials,
      });
      // Not authorized, or Bad User Name or Password (MQTT 3.1.1 §3.2.2.3, MQTT 5 §3.2.2.2).
      await expect(connecting).rejects.toMatchObject({
        message: expect.stringMatching(/Not authorized|Bad User Name or Password/i),
      });
    }
  });

  test('a broker is not believed whose certificate another authority issued', async () => {
    const others = makeCertificates();
    const connecting = broker.connect(own, { ca: readFileSync(others.caFile), connectTimeout: 10_000 });
    await expect(connecting).rejects.toMatchObject({ code: expect.stringMatching(/CERT|SIGNATURE|ISSUER/) });
    others.remove();
  });
});
