import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { cancelUpdate, type JobEntry } from '../../src/cli/job-entry.ts';
import type { NetconfClient } from '../../src/netconf/client.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { AttackKeys } from './attack-keys.ts';
import { Attacker, Wire } from './attacker.ts';
import { runMup } from './cli.ts';
import { DeployedBroker, observer, passwordOf } from './deployed-broker.ts';
import { startMosquitto } from './mosquitto.ts';
import type { Line, Program } from './program.ts';
import {
  type BridgeProcess,
  exampleDescription,
  prepareTrust,
  startBridgeProcess,
  startDeviceProcess,
} from './system.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { ended, operatorSession, orderUpdate } from './update-orders.ts';

/** `acl`: everybody has an account and the access lists of `deploy/` hold; `open`: anybody may do anything. */
export type BrokerMode = 'open' | 'acl';

export interface StageOptions {
  /** The vendor has signed the descriptions of the devices, counter 2, and the bridge takes no others. */
  readonly signed?: boolean;
}

/** The devices of the stage, one that a test may start, and the attacker's account where there are accounts: that of a third device. */
export const alpha = 'ALPHA-1';
export const beta = 'BETA-2';
export const gamma = 'GAMMA-4';
export const mallory = 'MALLORY-3';
const bridgeAccount = 'mup_bridge';

/** 100 slices. */
const imageBytes = 60_000;
/** What of an update a device gets until the moment is caught in which all stands: about 30 slices. */
const heldBytes = 20_000;
/** 2,000 slices: it can be cancelled before all have arrived. */
const longBytes = 1_200_000;
const smallBytes = 3000;
const boardNamespace = 'urn:mup:yang:mqtt-demo-board';

interface Broker {
  readonly url: string;
  /** Where there are accounts. */
  readonly caFile?: string;
  connect(account: string): Promise<MqttClient>;
  stop(): Promise<void>;
}

/** A bridge, two devices, a broker and an attacker, all but the attacker as they run in the field. */
export class AttackStage {
  readonly mode: BrokerMode;
  /** All that passes the broker. Without access lists the attacker hears the same. */
  readonly wire: Wire;
  readonly attacker: Attacker;
  readonly bridge: BridgeProcess;
  readonly session: NetconfClient;
  readonly keys: AttackKeys;
  readonly directory: string;
  readonly #broker: Broker;
  readonly #signed: boolean;
  /** May publish everything. */
  readonly #referee: Attacker;
  readonly #devices = new Map<string, Program>();
  /** Between each device and the broker. */
  readonly #radios = new Map<string, TcpProxy>();
  readonly #versions = new Map<string, number>();
  /** Of the images, by version. */
  readonly #digests = new Map<number, string>();
  readonly #stopped = new Set<Program>();
  /** Jobs whose end nobody has looked at. */
  readonly #ordered = new Set<string>();

  private constructor(parts: {
    readonly mode: BrokerMode;
    readonly broker: Broker;
    readonly wire: Wire;
    readonly attacker: Attacker;
    readonly referee: Attacker;
    readonly bridge: BridgeProcess;
    readonly session: NetconfClient;
    readonly directory: string;
    readonly keys: AttackKeys;
    readonly signed: boolean;
  }) {
    this.keys = parts.keys;
    this.#signed = parts.signed;
    this.#referee = parts.referee;
    this.mode = parts.mode;
    this.wire = parts.wire;
    this.attacker = parts.attacker;
    this.bridge = parts.bridge;
    this.session = parts.session;
    this.directory = parts.directory;
    this.#broker = parts.broker;
  }

  static async start(mode: BrokerMode, { signed = false }: StageOptions): Promise<AttackStage> {
    const directory = await temporaryDirectory();
    const stateDir = join(directory, 'bridge');
    const [broker] = await Promise.all([
      startBroker(mode),
      prepareTrust(stateDir, join(directory, 'vendor.pem')),
    ]);
    const seesAll = await broker.connect(observer);
    const wire = await Wire.tap(seesAll);
    const referee = new Attacker(seesAll, 'referee', wire);
    const attacker = new Attacker(await broker.connect(mallory), 'attack', wire);
    const file = join(directory, 'mup.toml');
    const keys = await AttackKeys.read(join(directory, 'vendor.pem'));
    const policy = `[registration]\nacceptance = "signed"\nvendorKeys = ["${keys.vendor}"]`;
    const lines = [...mqttLines(broker, bridgeAccount), ...quickly, signed ? policy : '', ''];
    writeFileSync(file, lines.join('\n'));
    const bridge = await startBridgeProcess(stateDir, { mqttUrl: broker.url, extra: ['--config', file] });
    const session = await operatorSession(bridge);
    const stage = new AttackStage({
      signed,
      keys,
      mode,
      broker,
      wire,
      attacker,
      referee,
      bridge,
      session,
      directory,
    });
    await Promise.all([stage.startDevice(alpha), stage.startDevice(beta)]);
    return stage;
  }

  /**
   * Starts a device, which has to register.
   * @param own its description; that of the example unless given
   */
  async startDevice(uuid: string, own = exampleDescription): Promise<void> {
    const file = join(this.directory, `${uuid}.toml`);
    writeFileSync(file, [...mqttLines(this.#broker, uuid), ''].join('\n'));
    const { url } = this.#broker;
    const radio = this.#radios.get(uuid) ?? (await startTcpProxy(Number(new URL(url).port)));
    this.#radios.set(uuid, radio);
    const description = this.#signed ? join(this.directory, `${uuid}.description`) : own;
    if (this.#signed) writeFileSync(description, this.keys.signedDescription(uuid, 'vendor', 2));
    const device = await startDeviceProcess({
      uuid,
      description,
      mqttUrl: url.replace(/:\d+$/, `:${radio.port}`),
      stateDir: join(this.directory, uuid),
      vendorKey: this.vendorKey,
      extra: ['--config', file],
    });
    this.#devices.set(uuid, device);
  }

  /**
   * Restarts a device. With `meanwhile` the bridge stands still until that is done, after the device has described
   * itself; without, until the bridge has taken the description.
   */
  async restarted(uuid: string, meanwhile?: () => Promise<void>): Promise<void> {
    await this.device(uuid).stop();
    const from = this.wire.messages.length;
    if (meanwhile !== undefined) this.pause(this.bridge.program);
    const registered = this.startDevice(uuid);
    try {
      await this.wire.next(`mup/description/${uuid}`, () => true, from);
      await meanwhile?.();
    } finally {
      this.resume();
      await registered;
    }
  }

  get vendorKey(): string {
    return join(this.directory, 'vendor.pem');
  }

  device(uuid: string): Program {
    const device = this.#devices.get(uuid);
    if (device === undefined) throw new Error(`there is no device ${uuid}`);
    return device;
  }

  /** The first event of a device since its line `from` that has these fields. */
  event(uuid: string, fields: Readonly<Record<string, unknown>>, from: number): Promise<unknown> {
    return this.device(uuid).json(fields, from);
  }

  /** Signs an image as the vendor does, and brings it to the bridge. @returns its digest */
  async addImage(version: number, size: number): Promise<string> {
    const file = join(this.directory, `firmware-${version}-${size}.bin`);
    writeFileSync(
      file,
      Uint8Array.from({ length: size }, (_, i) => (i * 31 + version * 7 + (i >> 8)) & 0xff),
    );
    const io = { cwd: this.directory };
    const signing = ['--key', this.vendorKey, '--app-id', 'APP', '--new-version', String(version)];
    await succeeds(runMup(['sign', file, ...signing], io));
    const args = ['image', 'add', file, '--state-dir', this.bridge.stateDir, '--json'];
    const { digest }: { digest: string } = JSON.parse(await succeeds(runMup(args, io)));
    this.#digests.set(version, digest);
    return digest;
  }

  /** Orders an update to the next version. @returns the job's id */
  async order(uuid: string, size = smallBytes): Promise<string> {
    const version = (this.#versions.get(uuid) ?? 1) + 1;
    this.#versions.set(uuid, version);
    const job = await orderUpdate(this.session, uuid, await this.addImage(version, size));
    this.#ordered.add(job);
    return job;
  }

  /** Orders an image of a version again that the bridge holds already. @returns the job as it ended */
  async orderAgain(uuid: string, version: number): Promise<JobEntry> {
    const digest = this.#digests.get(version);
    if (digest === undefined) throw new Error(`no image of version ${version} was made`);
    return this.ended(await orderUpdate(this.session, uuid, digest));
  }

  /** The job as it ended. */
  ended(job: string): Promise<JobEntry> {
    this.#ordered.delete(job);
    return ended(this.session, job);
  }

  cancel(job: string): Promise<XmlElement> {
    return this.session.rpc(cancelUpdate(job));
  }

  /** Version that the last update of a device brings, or would have brought. */
  version(uuid: string): number {
    return this.#versions.get(uuid) ?? 1;
  }

  /**
   * Orders an update, and stops the bridge in the middle of it, as soon as the device says this event: the device goes
   * on, and hears nobody but the attacker until {@link resume}.
   * @param stopped who is stopped instead of the bridge
   * @returns the job's id
   */
  async caughtAt(
    uuid: string,
    event: string,
    { stopped = this.bridge.program, size = imageBytes }: { stopped?: Program; size?: number } = {},
  ): Promise<string> {
    const device = this.device(uuid);
    const radio = this.#radios.get(uuid);
    const from = device.lines.length;
    radio?.hold(heldBytes);
    const job = await this.order(uuid, size);
    await device.line((line: Line) => Object(line.json)['event'] === event, from);
    this.pause(stopped);
    radio?.release();
    return job;
  }

  /** Resolves when all that a device was sent so far has come out of its events. */
  async settled(uuid: string): Promise<void> {
    const nonce = await this.#referee.nonce(uuid);
    await this.event(uuid, { event: 'token-issued', nonce }, 0);
  }

  /** Stops a process until {@link resume}. */
  pause(program: Program): void {
    program.signal('SIGSTOP');
    this.#stopped.add(program);
  }

  /** Lets all go on that was stopped. */
  resume(): void {
    for (const program of this.#stopped) program.signal('SIGCONT');
    this.#stopped.clear();
  }

  /** The inputs of the manifest that a device was sent last. */
  manifest(uuid: string): readonly string[] {
    return this.wire.lastRequest(`mup/manifest/${uuid}`, 'SEND-EXTENDED-MANIFEST').inputs;
  }

  /** A manifest that a device was sent, but whose image it never got: it is not older than what runs. */
  async unusedManifest(uuid: string): Promise<readonly string[]> {
    const job = await this.caughtAt(uuid, 'manifest-accepted', { size: longBytes });
    this.resume();
    await this.cancel(job);
    await this.ended(job);
    return this.manifest(uuid);
  }

  /** Calls an operation of a device over NETCONF. @returns its return value */
  async call(uuid: string, operation = 'relayOn'): Promise<string> {
    const input = element(boardNamespace, 'uuidInput', uuid);
    const reply = await this.session.rpc(element(boardNamespace, operation, [input]));
    const retval = childElements(reply).find(({ name }) => name === 'retval');
    return retval === undefined ? '' : textOf(retval);
  }

  /** What has to go well after every attack: a call of each device, and an update of the one attacked. */
  async honestWork(): Promise<void> {
    // What the attack did not reach succeeds too.
    for (const job of this.#ordered) expect((await this.ended(job)).state).toBe('succeeded');
    expect([await this.call(alpha), await this.call(beta)]).toEqual(['10_OK', '10_OK']);
    const from = this.device(alpha).lines.length;
    const { state, failure } = await this.ended(await this.order(alpha));
    expect([state, failure]).toEqual(['succeeded', undefined]);
    // The bridge knows the new version before the device has registered with it, and the next attack comes at once.
    await this.event(alpha, { event: 'registered' }, from);
  }

  async stop(): Promise<void> {
    this.resume();
    await this.session.close();
    await Promise.all([...this.#devices.values()].map((device) => device.stop()));
    await Promise.all([...this.#radios.values()].map((radio) => radio.close()));
    await this.bridge.program.stop();
    await this.#broker.stop();
  }
}

/** So that what waits for an attacked device ends soon. */
const quickly = [
  '[update]\nstallTimeoutMs = 3000\ntokenDeadlineMs = 3000\nmanifestDeadlineMs = 8000\nverifyDeadlineMs = 8000',
  'restartDeadlineMs = 8000\nofflineDeadlineMs = 10000\nretryMinMs = 100\nretryMaxMs = 500\nmaxRounds = 3',
];

function mqttLines({ caFile }: Broker, account: string): string[] {
  if (caFile === undefined) return [];
  const settings = { username: account, password: passwordOf(account), caFile };
  return ['[mqtt]', ...Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)];
}

async function startBroker(mode: BrokerMode): Promise<Broker> {
  if (mode === 'acl') {
    const deployed = await DeployedBroker.start([alpha, beta, gamma, mallory, bridgeAccount]);
    return {
      url: deployed.url,
      caFile: deployed.caFile,
      connect: (account) => deployed.connect(account, { protocolVersion: 5 }),
      stop: () => deployed.stop(),
    };
  }
  const mosquitto = await startMosquitto();
  const clients: MqttClient[] = [];
  return {
    url: mosquitto.url,
    connect: async () => {
      const client = await connectAsync(mosquitto.url, { protocolVersion: 5, reconnectPeriod: 0 });
      if (client.stream instanceof Socket) client.stream.setNoDelay(true);
      clients.push(client);
      return client;
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.endAsync(true)));
      await mosquitto.stop();
    },
  };
}

async function succeeds(running: ReturnType<typeof runMup>): Promise<string> {
  const { code, stdout, stderr } = await running;
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}
