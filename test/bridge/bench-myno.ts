import type { Config } from '../../src/base/config.ts';
import type { DeviceDescription, Field, FieldRole, Operation } from '../../src/base/description.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { signManifest } from '../../src/mup/signing.ts';
import type { RpcInput, RpcOutput } from '../../src/netconf/backend.ts';
import { serverKey, unsigned, vendor, vendorKey } from '../device/bench-device.ts';
import { MynoDevice } from '../support/myno-device.ts';
import { mynoPortOver } from '../support/myno-transport.ts';
import { BenchBridge, newWorld, until, type World } from './bench-bridge.ts';
import { idOf } from './bench-update.ts';

export const uuid = deviceUuid('MYNO-1');
export const answerDelayMs = 5;
export const successDelayMs = 1500;

const topic = `yang/update/${uuid}`;
const answerTopic = `response/${uuid}`;
const states = ['10_OK', '11_NOOP', '12_ERROR', '20_MANIFEST-NOT-VALID'].map((name) => ({ name }));

function field(name: string, role: FieldRole, datatype: 'string' | 'hexBinary' = 'string'): Field {
  return { name, role, mandatory: true, type: { kind: 'scalar', datatype } };
}

function operation(part: Pick<Operation, 'name' | 'role' | 'mqttMethod'> & Partial<Operation>): Operation {
  return { topic, answerTopic, inputs: [], outputs: [], states, ...part };
}

/** What the reader makes of the description that the prototype's device ships. */
export const description: DeviceDescription = {
  uuid,
  category: 'SETUP',
  profile: 'myno',
  remarks: [],
  dataPoints: [],
  operations: [
    operation({
      name: 'funcGetDeviceToken',
      role: 'token',
      mqttMethod: 'GET-DEVICE-TOKEN',
      outputs: [field('deviceNonce', 'nonce'), field('firmwareVersion', 'firmwareVersion')],
    }),
    operation({
      name: 'funcPubUpdateManifest',
      role: 'manifest',
      mqttMethod: 'PUB-UPDATE-MANIFEST',
      inputs: [
        ...[field('AppId', 'appId'), field('LinkOffset', 'linkOffset'), field('Hash', 'imageDigest')],
        ...[field('Size', 'imageSize'), field('Version', 'newVersion'), field('OldVersion', 'oldVersion')],
        field('InnerSignature', 'innerSignature', 'hexBinary'),
        field('DeviceNonce', 'nonce'),
        field('OuterSignature', 'outerSignature', 'hexBinary'),
      ],
    }),
    operation({
      name: 'funcPubUpdateImage',
      role: 'firmware',
      mqttMethod: 'PUB-UPDATE-IMAGE',
      inputs: [field('inputUpdateImage', 'image', 'hexBinary')],
      inputTopic: `yang/update/image/${uuid}`,
      acknowledgementTopic: `yang/update/image/${uuid}/response`,
    }),
    operation({ name: 'funcRelayOn', role: 'generic', mqttMethod: 'relayOn', topic: `relay/${uuid}` }),
  ],
};

/** A bridge and the prototype's device on one broker in memory, in time that the test moves. */
export class BenchMyno {
  bench: BenchBridge;
  readonly device: MynoDevice;
  readonly #config: Partial<Config>;

  private constructor(bench: BenchBridge, config: Partial<Config>, restarts: boolean) {
    this.bench = bench;
    this.#config = config;
    this.device = new MynoDevice({
      uuid,
      description: Buffer.from(descriptionText),
      keys: { vendor: vendorKey, updateServer: serverKey },
      connect: (topics, receive) =>
        mynoPortOver(this.bench.broker.connect(), this.bench.clock, topics, receive),
      pieceDelayMs: 0,
      answerDelayMs,
      successDelayMs,
      restarts,
      topics: [`relay/${uuid}`],
    });
  }

  /** Both started, the device registered. */
  static async start(config: Partial<Config> = {}, world: World = newWorld(), restarts = true) {
    const bench = await BenchBridge.start(world, config);
    world.reader.knows(descriptionText, description);
    const both = new BenchMyno(bench, config, restarts);
    await both.passes(both.device.boot());
    await until(() => bench.registry.get(uuid) !== undefined, 'the registration');
    return both;
  }

  async close(): Promise<void> {
    await this.device.powerOff();
    await this.bench.close();
  }

  /** The bridge after a restart on the same store. */
  async restartBridge(): Promise<void> {
    await this.bench.close();
    this.bench = await BenchBridge.start(this.bench.world, this.#config);
    await this.bench.settled();
  }

  /** Adds an image that the vendor signed for devices of the prototype. */
  async addImage(content: Uint8Array, digest: string, newVersion = 2): Promise<void> {
    const facts = { ...unsigned, digest: digest as typeof unsigned.digest, size: content.length, newVersion };
    await this.bench.images.add(signManifest(facts, vendor, es256, 'myno'), content);
  }

  call(name: string, input: RpcInput = {}, signal?: AbortSignal): Promise<RpcOutput> {
    return this.bench.call('mqtt-setup', name, { uuidInput: uuid, ...input }, signal);
  }

  /** Orders an update. @returns the job's id */
  async order(digest: string): Promise<string> {
    return idOf(await this.bench.call('mup-bridge', 'update-firmware', { device: uuid, digest }));
  }

  /** Lets time go by until something has come of it. */
  async passes<T>(outcome: Promise<T>, tickMs = answerDelayMs): Promise<T> {
    let ended = false;
    const end = (): void => {
      ended = true;
    };
    outcome.then(end, end);
    await this.until(() => ended, 'the end', tickMs);
    return outcome;
  }

  /** Lets time go by until something holds. */
  async until(holds: () => boolean, what: string, tickMs = answerDelayMs): Promise<void> {
    for (let turn = 0; turn < 20_000; turn += 1) {
      if (holds()) return;
      await this.bench.settled();
      this.bench.clock.advance(tickMs);
    }
    throw new Error(`${what} did not happen; the device: ${this.device.failure ?? 'well'}`);
  }

  /** Lets time go by until a job has ended. */
  async ended(job: string, tickMs = answerDelayMs): Promise<Record<string, string>> {
    for (let turn = 0; turn < 20_000; turn += 1) {
      const found = await this.bench.job(job);
      if (['succeeded', 'failed', 'cancelled'].includes(found['state'] ?? '')) return found;
      await this.bench.settled();
      this.bench.clock.advance(tickMs);
    }
    const { failure = 'well', heard } = this.device;
    throw new Error(
      `the job did not end: ${JSON.stringify(await this.bench.job(job))}; the device: ${failure}, ${heard.slice(-5).join(' ')}`,
    );
  }
}

const descriptionText = '{"the prototype\'s": "%s"}';
