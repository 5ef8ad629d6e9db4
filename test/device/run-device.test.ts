import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { systemClock, systemRandom } from '../../src/base/adapters/node-runtime.ts';
import { toHex, utf8 } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import type { DeviceDescription, FieldRole, Operation, OperationRole } from '../../src/base/description.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { type RunDeviceOptions, runDevice } from '../../src/device/adapters/run-device.ts';
import type { DeviceAgent } from '../../src/device/agent.ts';
import type { DeviceEvent } from '../../src/device/events.ts';
import { startBroker } from '../../src/mqtt/adapters/aedes-broker.ts';
import { connectMqtt } from '../../src/mqtt/adapters/mqtt-js.ts';
import { decodeResponse, encodeRequest, type RpcResponse } from '../../src/mqtt/rpc-codec.ts';
import type { MqttMessage, MqttTransport } from '../../src/mqtt/transport.ts';
import type { ExtendedManifest } from '../../src/mup/manifest.ts';
import { decodeAcknowledgement, encodeSlice } from '../../src/mup/slices.ts';
import { createDescriptionReader } from '../../src/ontology/adapters/worker-reader.ts';
import { instantiate } from '../../src/ontology/description-template.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { describeWith, root } from '../support/peers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { endorsed, extended, image, saysOnline, server, topics, uuid, vendorKey } from './bench-device.ts';

// Each device starts a thread to read its description, which takes seconds on a busy machine.
jest.setTimeout(120_000);

const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
/** On a busy machine the thread takes longer to start than a description may take to be read. */
const registration = { ...defaultConfig.registration, deadlineMs: 60_000 };
let bytes: Uint8Array;
let description: DeviceDescription;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  bytes = await readFile(join(root, 'ontologies', 'examples', 'updatable-device.jsonld'));
  const reader = createDescriptionReader({ ...deps, config: registration });
  description = instantiate(await reader.read(uuid, bytes), uuid);
  await reader.close();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function roleOf(role: OperationRole): Operation {
  const found = description.operations.find((operation) => operation.role === role);
  if (found === undefined) throw new Error(`the example has no ${role} operation`);
  return found;
}

/** What a bridge does on the wire, in the words of mup-protocol. */
class Wire {
  readonly transport: MqttTransport;
  readonly #heard: MqttMessage[] = [];
  readonly #waiting = new Set<() => void>();
  #requests = 0;

  constructor(url: string) {
    this.transport = connectMqtt({ ...defaultConfig.mqtt, url }, deps);
    closing.push(() => this.transport.close());
  }

  async start(): Promise<this> {
    const acknowledgements = roleOf('firmware').acknowledgementTopic ?? topics.ack;
    for (const filter of [`mup/description/${uuid}`, topics.status, topics.answers, acknowledgements])
      await this.transport.subscribe(filter, 1, (message) => {
        this.#heard.push(message);
        for (const wake of this.#waiting) wake();
      });
    return this;
  }

  /** The first message, heard already or not, that is what is asked for; heard messages are used up. */
  async next<T>(read: (message: MqttMessage) => T | undefined): Promise<T> {
    for (;;) {
      for (const [at, message] of this.#heard.entries()) {
        const found = read(message);
        if (found === undefined) continue;
        this.#heard.splice(at, 1);
        return found;
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  presence(text: string): Promise<true> {
    return this.next(({ topic, payload }) =>
      topic === topics.status && Buffer.from(payload).toString() === text ? true : undefined,
    );
  }

  async register(): Promise<void> {
    await this.next(({ topic }) => (topic === topics.description ? true : undefined));
    await this.transport.publish(topics.descriptionStatus, utf8(endorsed(server, 1)));
  }

  async call(role: OperationRole, inputs: readonly string[]): Promise<RpcResponse> {
    const { topic, mqttMethod, answerTopic } = roleOf(role);
    this.#requests += 1;
    const id = `q${this.#requests}`;
    await this.transport.publish(topic, encodeRequest({ id, method: mqttMethod, inputs, profile: 'mup' }));
    return this.next((message) => {
      if (message.topic !== answerTopic) return undefined;
      const answer = decodeResponse(message.payload, 'mup');
      return answer.id === id ? answer : undefined;
    });
  }

  async slice(offset: number, part: Uint8Array): Promise<number> {
    const { inputTopic, acknowledgementTopic } = roleOf('firmware');
    await this.transport.publish(inputTopic ?? '', encodeSlice(offset, part), { qos: 0 });
    return this.next(({ topic, payload }) =>
      topic === acknowledgementTopic ? decodeAcknowledgement(payload) : undefined,
    );
  }
}

function inputsOf(manifest: ExtendedManifest): string[] {
  const values: Partial<Record<FieldRole, string>> = {
    suite: manifest.suite,
    appId: manifest.appId,
    linkOffset: String(manifest.linkOffset),
    imageDigest: manifest.digest,
    imageSize: String(manifest.size),
    newVersion: String(manifest.newVersion),
    oldVersion: String(manifest.oldVersion),
    innerSignature: toHex(manifest.innerSignature),
    deviceUuid: manifest.uuid,
    nonce: manifest.nonce,
    outerSignature: toHex(manifest.outerSignature),
  };
  return roleOf('manifest').inputs.map(({ role }) => (role === undefined ? undefined : values[role]) ?? '');
}

async function start(url: string, changes: Partial<RunDeviceOptions> = {}): Promise<DeviceAgent> {
  const agent = await runDevice({
    description: bytes,
    uuid,
    mqtt: { ...defaultConfig.mqtt, url },
    registration,
    stateDir: join(await temporaryDirectory(), 'device'),
    appId: 'APP',
    firmwareVersion: 1,
    slotBytes: 4096,
    vendorKey,
    trustFirstKey: false,
    telemetryIntervalMs: 0,
    pieceBytes: 100_000,
    deps,
    ...changes,
  });
  closing.push(() => agent.close());
  return agent;
}

async function updateOver(url: string): Promise<void> {
  const events: DeviceEvent[] = [];
  const stateDir = join(await temporaryDirectory(), 'device');
  const wire = await new Wire(url).start();
  const registered = new Promise<void>((resolve) => {
    void start(url, {
      stateDir,
      onEvent: (event) => {
        events.push(event);
        if (event.kind === 'registered') resolve();
      },
    });
  });
  await wire.presence('online;1');
  await wire.register();
  await registered;
  const token = await wire.call('token', []);
  const outputs = roleOf('token').outputs.map(({ role }, i) => [role, token.outputs[i] ?? ''] as const);
  const {
    nonce = '',
    deviceUuid = '',
    firmwareVersion,
  } = Object.fromEntries(outputs) as Record<string, string>;
  expect([token.state, deviceUuid, firmwareVersion]).toEqual(['10_OK', uuid, '1']);
  const manifest = extended({ uuid: deviceUuid, nonce, version: 1 });
  expect((await wire.call('manifest', inputsOf(manifest))).state).toBe('10_OK');
  for (let at = 0; at < image.length; at += 600)
    expect(await wire.slice(at, image.subarray(at, at + 600))).toBe(Math.min(at + 600, image.length));
  expect((await wire.call('firmware', ['FIN'])).state).toBe('10_OK');
  await wire.presence('offline');
  await wire.presence(saysOnline(2));
  expect(events.map(({ kind }) => kind)).toContain('restarted');
  expect(new Uint8Array(await readFile(join(stateDir, 'slot-b.bin')))).toEqual(image);
  const record = JSON.parse(await readFile(join(stateDir, 'device.json'), 'utf8'));
  expect(record).toMatchObject({ version: 2, activeSlot: 'b' });
}

describe('a device of the example description', () => {
  test('is updated through the embedded broker, over MQTT 3.1.1, its state in a directory', async () => {
    const embedded = { ...defaultConfig.mqtt.embedded, port: 0 };
    const broker = await startBroker(embedded, { logger: silentLogger });
    closing.push(() => broker.close());
    await updateOver(broker.url);
  });

  test('boots and closes without a broker', async () => {
    const agent = await start('mqtt://127.0.0.1:1');
    expect(agent.version).toBe(1);
    await agent.close();
  });

  test('does not start with a description that is none, or broker settings that are none', async () => {
    await expect(start('mqtt://127.0.0.1:1', { description: utf8('{}') })).rejects.toMatchObject({
      name: 'DescriptionError',
    });
    await expect(start('nonsense')).rejects.toMatchObject({ code: 'bad-mqtt-url' });
  });

  test('leaves the state of one that runs alone, and its connection too', async () => {
    const stateDir = await temporaryDirectory();
    await writeFile(join(stateDir, 'device.pid'), `${process.ppid}\n`);
    // To connect it would have to look at the URL.
    await expect(start('nonsense', { stateDir })).rejects.toMatchObject({ code: 'state-in-use' });
  });
});

describeWith(['mosquitto'], 'a device at Mosquitto', () => {
  test('is updated over MQTT 5, its state in a directory', async () => {
    const mosquitto = await startMosquitto();
    closing.push(() => mosquitto.stop());
    await updateOver(mosquitto.url);
  });
});
