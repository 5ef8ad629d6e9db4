import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { leafOf, Ncclient, rpcXml } from '../support/ncclient.ts';
import { describeWith } from '../support/peers.ts';
import { Site } from '../support/site.ts';
import { operator } from '../support/system.ts';

const device = 'WITNESS-1';
const devices = 1000;
/** A busy machine takes its time; a bridge that stands still takes longer. */
const patienceMs = 5000;

const context = { myno: 'https://www.cs.uni-potsdam.de/bs/research/myno#' };
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const whole = (text: string | Uint8Array): Buffer => Buffer.concat([Buffer.from('1/1;'), Buffer.from(text)]);

/** Descriptions that nobody honest sends, with the code of the answer. */
const hostile: readonly (readonly [what: string, piece: Buffer, code: string])[] = [
  ['a remote context', whole('{"@context":"http://127.0.0.1:1/","@graph":[]}'), 'description-malformed'],
  ['deep nesting', whole(`{"@graph":${deep(100_000)}}`), 'description-too-big'],
  [
    'many values',
    whole(JSON.stringify({ '@graph': Array.from({ length: 60_000 }, () => 1) })),
    'description-too-big',
  ],
  ['a zlib bomb', whole(deflateSync(Buffer.alloc(20_000_000))), 'description-too-big'],
  ['no UTF-8', whole(Uint8Array.of(0x7b, 0xff, 0x7d)), 'description-malformed'],
  ['a prototype', whole('{"@graph":[{"__proto__":{"x":1}}]}'), 'description-malformed'],
  ['no device', whole(JSON.stringify({ '@context': context, '@graph': [] })), 'description-invalid'],
  ['a piece of nothing', Buffer.from('0/0;'), 'bad-piece'],
  ['an unknown digest', whole(`sha256:${'0'.repeat(64)}`), 'unknown-digest'],
];

describeWith(['mosquitto', 'ncclient'], 'hostile descriptions', () => {
  let broker: Mosquitto;
  let site: Site;
  let client: Ncclient;
  let attacker: MqttClient;

  beforeAll(async () => {
    broker = await startMosquitto();
    site = await Site.start({ mqttUrl: broker.url });
    await site.startDevice(device);
    client = await Ncclient.connect({ port: site.bridge.port, ...operator });
    attacker = await connectAsync(broker.url, { protocolVersion: 5 });
    attacker.setMaxListeners(0);
  }, 120_000);

  afterAll(async () => {
    await attacker?.endAsync();
    await client?.close();
    await site?.stop();
    await broker?.stop();
  }, 60_000);

  /** An RPC of another device. @returns how long it took */
  const callWitness = async (): Promise<number> => {
    const start = performance.now();
    const { reply } = await client.dispatch(
      rpcXml('urn:mup:yang:mqtt-demo-board', 'relayOn', { uuidInput: device }),
    );
    expect(leafOf(reply, 'retval')).toBe('10_OK');
    return performance.now() - start;
  };

  test('an RPC to another device is answered while 1,000 devices send 1,000 pieces and some send worse', async () => {
    const answers = new Map<string, string>();
    attacker.on('message', (topic, payload) => answers.set(topic.split('/')[2] ?? '', payload.toString()));
    await attacker.subscribeAsync('mup/description/+/status', { qos: 1 });
    await callWitness();
    let isStorming = true;
    const piece = Buffer.concat([Buffer.from('1/1000;'), Buffer.alloc(1000, 0x20)]);
    const storm = (async () => {
      for (let i = 0; i < devices; i += 1)
        await attacker.publishAsync(`mup/description/STORM-${i}`, piece, { qos: 1 });
      for (let round = 0; round < 3; round += 1)
        for (const [i, [, bytes]] of hostile.entries())
          await attacker.publishAsync(`mup/description/HOSTILE-${i}`, bytes, { qos: 1 });
    })().finally(() => {
      isStorming = false;
    });
    const times: number[] = [];
    while (isStorming || answers.size < hostile.length) times.push(await callWitness());
    await storm;
    expect(Math.max(...times)).toBeLessThan(patienceMs);
    expect(hostile.map(([what], i) => [what, answers.get(`HOSTILE-${i}`)?.split(';')[1]])).toEqual(
      hostile.map(([what, , code]) => [what, code]),
    );
    expect(await callWitness()).toBeLessThan(patienceMs);
  }, 120_000);
});
