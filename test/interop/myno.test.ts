import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { type Leaves, leafOf, Ncclient, rpcXml } from '../support/ncclient.ts';
import { describeWith, describeWithSharedData, sharedData } from '../support/peers.ts';
import { type BridgeProcess, operator, startBridgeProcess } from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { yangdump, yanglint } from '../support/yang-tools.ts';

/** As long as the pieces of the prototype's device (mup-protocol §3). */
const pieceBytes = 4054;

/** What each description offers; the last one holds its device's UUID, the others `%s`. */
const devices = {
  'agriculture-units-events-compacted': {
    uuid: 'MYNO-AGRICULTURE-1',
    module: 'mqtt-boardname',
    rpcs: [
      ...['funcAutoMoisture', 'funcConfMoisture', 'funcConfTemperature', 'funcLed_1Off', 'funcLed_1On'],
      ...['funcLed_1Rgb', 'funcPump_1Off', 'funcPump_1On'],
    ],
  },
  'led-rgb-expanded': {
    uuid: 'MYNO-LED-1',
    module: 'mqtt-board-2',
    rpcs: ['funcLed_1Color', 'funcLed_1Off', 'funcLed_1On', 'funcLed_1Rgb'],
  },
  'update-compacted': {
    uuid: 'MYNO-SETUP-1',
    module: 'mqtt-setup-1',
    rpcs: [
      ...['funcGetDeviceToken', 'funcPubUpdateImage', 'funcPubUpdateManifest', 'funcRelayOff', 'funcRelayOn'],
    ],
  },
  'v5-2-expanded': {
    uuid: 'F97DF79-8A12-4F4F-8F69-6B8F3C2E78DD',
    module: 'mqtt-led-lamp',
    rpcs: ['funcSetColor', 'funcSetGreen', 'funcSwitchOff', 'funcSwitchOn'],
  },
} as const;
type File = keyof typeof devices;
const files = Object.keys(devices) as File[];

/** Devices of the prototype: they register, and answer requests as the test says. */
class PrototypeDevices {
  readonly #client: MqttClient;
  /** Topic and payload, the request id replaced by `ID`. */
  readonly requests: (readonly [string, string])[] = [];
  /** What comes after the request id in an answer; undefined: silence. */
  answer: string | undefined = 'OK';
  readonly #answers = new Map<string, (text: string) => void>();

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload) => this.#receive(topic, payload.toString()));
  }

  static async connect(url: string): Promise<PrototypeDevices> {
    const client = await connectAsync(url, { protocolVersion: 4 });
    const own = ['actuator/#', 'config/#', 'relay/#', 'led/#'];
    await client.subscribeAsync(['yang/config/+/response/+', ...own], { qos: 1 });
    return new PrototypeDevices(client);
  }

  /** Sends a description in pieces, as the prototype does. @returns what the bridge says of it */
  register(uuid: string, description: Uint8Array, operation = 'create'): Promise<string> {
    const starts = Array.from(
      { length: Math.ceil(description.length / pieceBytes) },
      (_, i) => i * pieceBytes,
    );
    const pieces = starts.map((start) => Buffer.from(description.subarray(start, start + pieceBytes)));
    const messages = [...pieces, Buffer.from('END')].map((piece) =>
      Buffer.concat([Buffer.from(`${uuid};`), piece]),
    );
    return this.ask(uuid, operation, messages);
  }

  /** Sends messages of one bootstrap operation. @returns the bridge's answer */
  async ask(uuid: string, operation: string, messages: readonly Buffer[]): Promise<string> {
    const answer = new Promise<string>((resolve) => this.#answers.set(`${operation} ${uuid}`, resolve));
    for (const message of messages)
      await this.#client.publishAsync(`yang/config/${operation}`, message, { qos: 0 });
    return answer;
  }

  close(): Promise<void> {
    return this.#client.endAsync();
  }

  #receive(topic: string, text: string): void {
    const [, operation, uuid] = /^yang\/config\/(\w+)\/response\/(.+)$/.exec(topic) ?? [];
    if (operation !== undefined) {
      this.#answers.get(`${operation} ${uuid}`)?.(text);
      return;
    }
    const [id = '', ...rest] = text.split(';');
    this.requests.push([topic, ['ID', ...rest].join(';')]);
    if (this.answer === undefined) return;
    this.#client.publish(`response/${topic.split('/').at(-1)}`, `${id};${this.answer}`, { qos: 0 });
  }
}

describeWithSharedData('the prototype’s descriptions', () => {
  describeWith(['mosquitto', 'ncclient', 'yanglint', 'yangdump'], 'at a running bridge', () => {
    let broker: Mosquitto;
    let bridge: BridgeProcess;
    let client: Ncclient;
    let prototype: PrototypeDevices;
    const statuses = new Map<string, string>();

    beforeAll(async () => {
      const directory = await temporaryDirectory();
      const config = join(directory, 'mup.toml');
      await writeFile(config, '[rpc]\ntimeoutMs = 1000\n');
      broker = await startMosquitto();
      bridge = await startBridgeProcess(join(directory, 'bridge'), {
        mqttUrl: broker.url,
        extra: ['--config', config],
      });
      prototype = await PrototypeDevices.connect(broker.url);
      for (const file of files) {
        const description = await readFile(join(sharedData, 'myno', `${file}.jsonld`));
        statuses.set(file, await prototype.register(devices[file].uuid, description));
      }
      client = await Ncclient.connect({ port: bridge.port, ...operator });
    }, 120_000);

    afterAll(async () => {
      await client?.stop();
      await prototype?.close();
      await bridge?.program.stop();
      await broker?.stop();
    });

    const call = (file: File, rpc: string, leaves: Leaves = {}) => {
      prototype.requests.length = 0;
      const { module, uuid } = devices[file];
      return client.dispatch(rpcXml(`urn:mup:yang:${module}`, rpc, { uuidInput: uuid, ...leaves }));
    };

    test.each(files)('%s registers', (file) => {
      expect(statuses.get(file)).toBe('OK');
    });

    test('a fixed UUID is that of its device: under another one the description is refused', async () => {
      const description = await readFile(join(sharedData, 'myno', 'v5-2-expanded.jsonld'));
      expect(await prototype.register('ANOTHER-1', description)).toBe('ERROR');
      await bridge.program.logged('uuid-mismatch');
    });

    test('update, retrieve and delete: OK for a device that is known, NOTFOUND for another', async () => {
      const description = await readFile(join(sharedData, 'myno', 'led-rgb-expanded.jsonld'));
      const asked = async (uuid: string): Promise<string[]> => [
        await prototype.register(uuid, description, 'update'),
        await prototype.ask(uuid, 'retrieve', [Buffer.from(uuid)]),
      ];
      expect(await asked('MYNO-LED-2')).toEqual(['NOTFOUND', 'NOTFOUND']);
      expect(await prototype.register('MYNO-LED-2', description)).toBe('OK');
      expect(await asked('MYNO-LED-2')).toEqual(['OK', 'OK']);
      expect(await prototype.ask('MYNO-LED-2', 'delete', [Buffer.from('MYNO-LED-2')])).toBe('OK');
      expect(await prototype.ask('MYNO-LED-2', 'delete', [Buffer.from('MYNO-LED-2')])).toBe('NOTFOUND');
      expect(await asked('MYNO-LED-2')).toEqual(['NOTFOUND', 'NOTFOUND']);
    });

    test.each(files)(
      'the module of %s has its operations, and passes yanglint and yangdump',
      async (file) => {
        const { module, rpcs } = devices[file];
        const { schema = '' } = await client.perform({ op: 'get_schema', name: module });
        expect([...schema.matchAll(/^ {2}rpc (\S+) \{$/gm)].map(([, name]) => name)).toEqual(rpcs);
        expect(yanglint({ [module]: schema })).toBe('');
        expect(yangdump({ [module]: schema })).toBe('');
      },
    );

    test('a request is <id>;<mqttMethod> on the topic with the UUID, OK is the state 10_OK that the description declares', async () => {
      prototype.answer = 'OK';
      const { reply, error } = await call('update-compacted', 'funcRelayOn');
      expect(error).toBeUndefined();
      expect(leafOf(reply, 'retval')).toBe('10_OK');
      expect(prototype.requests).toEqual([['relay/MYNO-SETUP-1', 'ID;relayOn']]);
    });

    test('a state that is declared as it is answered stays as it is', async () => {
      prototype.answer = 'NOOP';
      const { reply } = await call('v5-2-expanded', 'funcSetGreen');
      expect(leafOf(reply, 'retval')).toBe('NOOP');
      expect(prototype.requests).toEqual([['led/F97DF79-8A12-4F4F-8F69-6B8F3C2E78DD', 'ID;GREEN']]);
    });

    test('inputs follow the method in the order of the module, without the UUID', async () => {
      prototype.answer = 'OK';
      const { reply } = await call('agriculture-units-events-compacted', 'funcConfMoisture', {
        ConfEvName: 'dry',
        ConfOperator: '&lt;=',
        ConfMoisture: '30',
        ConfInterval: '5',
        ConfDuration: '60',
        ConfCrud: 'CREATE',
      });
      expect(leafOf(reply, 'retval')).toBe('OK');
      expect(prototype.requests).toEqual([
        ['config/sensor/moisture/moisture_1/MYNO-AGRICULTURE-1', 'ID;CONFIGEVENT;dry;<=;30;5;60;CREATE'],
      ]);
      await call('led-rgb-expanded', 'funcLed_1Rgb', {
        rgbInput: { inputRed: '3', inputGreen: '2', inputBlue: '1' },
      });
      expect(prototype.requests).toEqual([['actuator/led/led_1/MYNO-LED-1', 'ID;rgb;1;2;3']]);
    });

    test('ERROR is operation-failed, device-error, with the declared state and its text', async () => {
      prototype.answer = 'ERROR';
      const { error } = await call('update-compacted', 'funcRelayOff');
      expect(error).toMatchObject({
        type: 'application',
        tag: 'operation-failed',
        appTag: 'device-error',
        message: 'the device answered 12_ERROR: error',
      });
      expect(error?.info).toContain('>12_ERROR</device-state>');
    });

    test.each(['PERHAPS', ''])(
      'an answer that is no declared state (%j) is device-answer-invalid',
      async (answer) => {
        prototype.answer = answer;
        expect((await call('update-compacted', 'funcRelayOn')).error).toMatchObject({
          type: 'application',
          tag: 'operation-failed',
          appTag: 'device-answer-invalid',
        });
      },
    );

    test('silence is device-timeout', async () => {
      prototype.answer = undefined;
      expect((await call('update-compacted', 'funcRelayOn')).error).toMatchObject({
        type: 'application',
        tag: 'operation-failed',
        appTag: 'device-timeout',
      });
      expect(prototype.requests).toHaveLength(1);
    });

    test('values outside their type and values with a semicolon never reach the device', async () => {
      prototype.answer = 'OK';
      const red = await call('led-rgb-expanded', 'funcLed_1Rgb', {
        rgbInput: { inputRed: '256', inputGreen: '0', inputBlue: '0' },
      });
      expect(red.error).toMatchObject({
        tag: 'invalid-value',
        path: '/nc:rpc/mqtt-board-2:funcLed_1Rgb/mqtt-board-2:rgbInput/mqtt-board-2:inputRed',
      });
      const automation = await call('agriculture-units-events-compacted', 'funcAutoMoisture', {
        inputAutoMoisture: 'ON;OFF',
      });
      expect(automation.error).toMatchObject({ tag: 'invalid-value', appTag: 'value-not-sendable' });
      expect(prototype.requests).toEqual([]);
    });

    test('an RPC of another device’s module: capability-missing', async () => {
      const relayOn = rpcXml('urn:mup:yang:mqtt-setup-1', 'funcRelayOn', { uuidInput: 'MYNO-LED-1' });
      expect((await client.dispatch(relayOn)).error).toMatchObject({
        type: 'application',
        tag: 'operation-not-supported',
        appTag: 'capability-missing',
      });
    });

    test('presence of a device that says nothing of it is unknown, and an answer is being seen', async () => {
      const filter = `<devices xmlns="urn:mup:yang:mup-bridge"><device><uuid>MYNO-SETUP-1</uuid></device></devices>`;
      const before = (await client.perform({ op: 'get', filter })).reply;
      prototype.answer = 'OK';
      await call('update-compacted', 'funcRelayOn');
      const after = (await client.perform({ op: 'get', filter })).reply;
      expect(leafOf(after, 'presence')).toBe('unknown');
      expect(Date.parse(leafOf(after, 'last-seen') ?? '')).toBeGreaterThan(
        Date.parse(leafOf(before, 'last-seen') ?? ''),
      );
    });

    test('a UUID of no device: instance-required, with its place', async () => {
      const relayOn = rpcXml('urn:mup:yang:mqtt-setup-1', 'funcRelayOn', { uuidInput: 'NOBODY' });
      expect((await client.dispatch(relayOn)).error).toMatchObject({
        type: 'application',
        tag: 'data-missing',
        appTag: 'instance-required',
        path: '/nc:rpc/mqtt-setup-1:funcRelayOn/mqtt-setup-1:uuidInput',
      });
    });

    test('ncclient had nothing to complain about', () => {
      expect(client.complaints).toBe('');
    });
  });
});
