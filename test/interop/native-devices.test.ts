import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { type Leaves, leafOf, Ncclient, type NcclientAnswer, rpcXml } from '../support/ncclient.ts';
import { describeWith, root } from '../support/peers.ts';
import { mup } from '../support/program.ts';
import { type BridgeProcess, operator, run, startBridgeProcess } from '../support/system.ts';
import { TasmotaPlug } from '../support/tasmota-plug.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { yangdump, yanglint } from '../support/yang-tools.ts';
import { Zigbee2MqttLamp } from '../support/zigbee2mqtt-lamp.ts';

const examples = join(root, 'ontologies', 'examples');
const plugModule = 'urn:mup:yang:mqtt-tasmota-plug';
const lampModule = 'urn:mup:yang:mqtt-zigbee2mqtt-lamp';

describeWith(
  ['mosquitto', 'ncclient', 'yanglint', 'yangdump'],
  'off-the-shelf devices, described by an operator',
  () => {
    let directory: string;
    let config: string;
    let broker: Mosquitto;
    let bridge: BridgeProcess;
    let client: Ncclient;
    let plug: TasmotaPlug;
    let lamp: Zigbee2MqttLamp;

    const add = (file: string, uuid: string): Promise<string> =>
      run(['description', 'add', file, '--uuid', uuid, '--state-dir', bridge.stateDir]);
    const start = async (): Promise<void> => {
      const options = { mqttUrl: broker.url, extra: ['--config', config] };
      bridge = await startBridgeProcess(join(directory, 'bridge'), options);
      client = await Ncclient.connect({ port: bridge.port, ...operator });
    };
    const call = (
      module: string,
      rpc: string,
      uuidInput: string,
      leaves: Leaves = {},
    ): Promise<NcclientAnswer> => client.dispatch(rpcXml(module, rpc, { uuidInput, ...leaves }));
    /** `get` until a device's telemetry has what is looked for: it comes from the device, in its own time. */
    const measured = async (module: string, uuid: string, pattern: RegExp): Promise<string> => {
      const filter = `<telemetry xmlns="${module}"><device><uuid>${uuid}</uuid></device></telemetry>`;
      for (let attempt = 0; attempt < 200; attempt += 1) {
        const { reply = '' } = await client.perform({ op: 'get', filter });
        if (pattern.test(reply)) return reply;
      }
      throw new Error(`no ${pattern} in the telemetry of ${uuid}`);
    };

    beforeAll(async () => {
      directory = await temporaryDirectory();
      config = join(directory, 'mup.toml');
      await writeFile(config, '[rpc]\ntimeoutMs = 1000\n');
      broker = await startMosquitto();
      plug = await TasmotaPlug.connect(broker.url, 'plug-1');
      lamp = await Zigbee2MqttLamp.connect(broker.url, 'lamp-1');
      await start();
      await add(join(examples, 'tasmota-plug.td.jsonld'), 'plug-1');
      await add(join(examples, 'zigbee2mqtt-lamp.td.jsonld'), 'lamp-1');
    }, 120_000);

    afterAll(async () => {
      await client?.stop();
      await bridge?.program.stop();
      await plug?.close();
      await lamp?.close();
      await broker?.stop();
    });

    test.each([['mqtt-tasmota-plug'], ['mqtt-zigbee2mqtt-lamp']])(
      'the module %s passes yanglint and yangdump',
      async (name) => {
        const { schema = '' } = await client.perform({ op: 'get_schema', name });
        expect(yanglint({ [name]: schema })).toBe('');
        expect(yangdump({ [name]: schema })).toBe('');
      },
    );

    test('mup description list shows them', async () => {
      const listed = JSON.parse(await run(['description', 'list', '--json', '--state-dir', bridge.stateDir]));
      expect(listed).toEqual([
        { uuid: 'lamp-1', category: 'Zigbee2MQTT lamp', profile: 'native', module: 'mqtt-zigbee2mqtt-lamp' },
        { uuid: 'plug-1', category: 'Tasmota plug', profile: 'native', module: 'mqtt-tasmota-plug' },
      ]);
    });

    describe('a Tasmota plug', () => {
      test('is switched on, and says so in the reply, to get, and as a notification', async () => {
        const follower = await Ncclient.connect({ port: bridge.port, ...operator });
        await follower.perform({ op: 'create_subscription', stream: 'telemetry' });
        const { reply, error } = await call(plugModule, 'setPower', 'plug-1', { power: 'ON' });
        expect(error).toBeUndefined();
        expect(leafOf(reply, 'power')).toBe('ON');
        expect(plug.power).toBe('ON');
        expect(plug.commands).toContainEqual(['POWER', 'ON']);
        await measured(plugModule, 'plug-1', /<power><value>ON<\/value>/);
        const { notification } = await follower.perform({ op: 'take_notification', timeout: 30 });
        expect(notification).toMatch(
          new RegExp(`<measurement xmlns="${plugModule}"><uuid>plug-1</uuid><power><value>ON</value><time>`),
        );
        await follower.close();
      });

      test('its meter is one JSON message with many measurements', async () => {
        await plug.tele();
        const reply = await measured(plugModule, 'plug-1', /<activePower>/);
        expect(reply).toContain('<activePower><value>21.5</value>');
        expect(reply).toContain('<voltage><value>231.0</value>');
        expect(reply).toContain('<energyToday><value>0.127</value>');
        expect(reply).toContain('<connection><value>Online</value>');
      });

      test('toggle is done when the broker has it', async () => {
        const { reply, error } = await call(plugModule, 'toggle', 'plug-1');
        expect(error).toBeUndefined();
        expect(reply).toMatch(/<(?:\w+:)?ok\/>/);
        await measured(plugModule, 'plug-1', /<power><value>OFF<\/value>/);
      });

      test('a value that it does not know never reaches it', async () => {
        const before = plug.commands.length;
        expect((await call(plugModule, 'setPower', 'plug-1', { power: 'BLINK' })).error).toMatchObject({
          tag: 'invalid-value',
        });
        expect((await call(plugModule, 'setLedState', 'plug-1', { ledState: '3' })).error).toMatchObject({
          tag: 'invalid-value',
        });
        expect(plug.commands).toHaveLength(before);
      });
    });

    describe('a Zigbee2MQTT lamp', () => {
      test('takes what is given as one JSON object, and its reply is its new state', async () => {
        const { reply, error } = await call(lampModule, 'setLight', 'lamp-1', {
          brightness: '100',
          color: { x: '0.7', y: '0.2986' },
          state: 'ON',
          transition: '1.5',
        });
        expect(error).toBeUndefined();
        expect(lamp.requests).toEqual([
          { brightness: 100, color: { x: 0.7, y: 0.2986 }, state: 'ON', transition: 1.5 },
        ]);
        expect(leafOf(reply, 'brightness')).toBe('100');
        expect(reply).toContain('<color><x>0.7</x><y>0.2986</y></color>');
        // The broker keeps the state of before, and sends that first.
        const off = await call(lampModule, 'setLight', 'lamp-1', { state: 'OFF' });
        expect(leafOf(off.reply, 'state')).toBe('OFF');
        expect(lamp.requests.at(-1)).toEqual({ state: 'OFF' });
      });

      test('a brightness beyond its range is refused, with its place', async () => {
        const before = lamp.requests.length;
        const { error } = await call(lampModule, 'setLight', 'lamp-1', { brightness: '255' });
        expect(error).toMatchObject({
          type: 'application',
          tag: 'invalid-value',
          path: expect.stringMatching(/setLight\/.*brightness$/),
        });
        expect(lamp.requests).toHaveLength(before);
      });

      test('what somebody does at its remote control is seen', async () => {
        await lamp.publish({ brightness: 7, linkquality: 42 });
        const reply = await measured(lampModule, 'lamp-1', /<linkQuality><value>42</);
        expect(reply).toContain('<brightness>7</brightness>');
        expect(reply).toContain('<availability><value>online</value>');
      });

      test('out of reach: device-timeout', async () => {
        lamp.reachable = false;
        const { error } = await call(lampModule, 'setLight', 'lamp-1', { state: 'ON' });
        lamp.reachable = true;
        expect(error).toMatchObject({ tag: 'operation-failed', appTag: 'device-timeout' });
      });
    });

    test('what is wrong with a description is said with its place, and the earlier one stays', async () => {
      const file = join(directory, 'wrong.jsonld');
      const text = await readFile(join(examples, 'tasmota-plug.td.jsonld'), 'utf8');
      await writeFile(file, text.replaceAll('cmnd/%s/POWER', 'cmnd/+/POWER'));
      const program = mup(['description', 'add', file, '--uuid', 'plug-1', '--state-dir', bridge.stateDir]);
      expect(await program.exited).toBe(3);
      expect(program.stderr).toContain('cmnd/+/POWER');
      expect((await call(plugModule, 'setPower', 'plug-1', { power: 'OFF' })).error).toBeUndefined();
    });

    test('after a restart of the bridge all is as before', async () => {
      await client.close();
      await bridge.program.stop();
      await start();
      expect(leafOf((await call(plugModule, 'setPower', 'plug-1', { power: 'ON' })).reply, 'power')).toBe(
        'ON',
      );
    });

    test('mup description remove forgets a device, and touches no other', async () => {
      await run(['description', 'remove', 'plug-1', '--state-dir', bridge.stateDir]);
      expect((await call(plugModule, 'setPower', 'plug-1', { power: 'ON' })).error).toMatchObject({
        tag: 'data-missing',
      });
      const program = mup(['description', 'remove', 'plug-1', '--state-dir', bridge.stateDir]);
      expect(await program.exited).toBe(3);
      expect((await call(lampModule, 'identify', 'lamp-1')).error).toBeUndefined();
    });

    test('the commands of docs/native-devices.md do what it says', async () => {
      const document = await readFile(join(root, 'docs', 'native-devices.md'), 'utf8');
      const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(document) ?? [];
      const outputs: string[] = [];
      for (const line of block.trim().split('\n')) {
        const [command, ...args] = line.replace('ontologies/examples', examples).split(' ');
        expect(command).toBe('mup');
        outputs.push(await run([...args, '--state-dir', bridge.stateDir]));
      }
      expect(outputs).toEqual([
        'device plug-1 is served by the module mqtt-tasmota-plug',
        expect.stringMatching(/^plug-1 {2}Tasmota plug {6}native {3}mqtt-tasmota-plug$/m),
        'device plug-1 removed',
      ]);
    });

    test('ncclient had nothing to complain about', () => {
      expect(client.complaints).toBe('');
    });
  },
);
