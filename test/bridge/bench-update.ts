import type { Config } from '../../src/base/config.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import type { DeviceUuid } from '../../src/base/ids.ts';
import type { DeviceAgentOptions } from '../../src/device/options.ts';
import type { UpdateStep } from '../../src/mup/update-job-types.ts';
import type { RpcOutput } from '../../src/netconf/backend.ts';
import { textOf } from '../../src/xml/element.ts';
import { BenchDevice, description, topics, uuid } from '../device/bench-device.ts';
import { type DeviceFaults, FaultyTransport } from '../support/faulty-device.ts';
import type { MemoryDeviceStore } from '../support/memory-device-store.ts';
import { BenchBridge, newWorld, until, type World } from './bench-bridge.ts';

/** What the device says of itself, and so its siblings may. */
export const descriptionText = '{"the description of": "%s"}';

/** A bridge and the real device agent on one broker in memory. */
export class BenchUpdate {
  bench: BenchBridge;
  device: BenchDevice;
  #faulty: FaultyTransport | undefined;
  readonly #config: Partial<Config>;
  readonly #deviceOptions: Partial<DeviceAgentOptions>;

  private constructor(bench: BenchBridge, config: Partial<Config>, device: Partial<DeviceAgentOptions>) {
    this.bench = bench;
    this.#config = config;
    this.#deviceOptions = device;
    this.device = this.#newDevice();
  }

  /** Both started, the device registered. */
  static async start(
    config: Partial<Config> = {},
    world: World = newWorld(),
    described: DeviceDescription = description,
    device: Partial<DeviceAgentOptions> = {},
  ): Promise<BenchUpdate> {
    const bench = await BenchBridge.start(world, config);
    world.reader.knows(descriptionText, described);
    const both = new BenchUpdate(bench, config, { ...device, description: described });
    await both.startDevice();
    return both;
  }

  /** What is wrong with the device from now on. */
  set faults(faults: DeviceFaults) {
    if (this.#faulty !== undefined) this.#faulty.faults = faults;
  }

  get uuid(): DeviceUuid {
    return uuid;
  }

  async startDevice(): Promise<void> {
    await this.device.start();
    await until(() => this.device.seen('registered').length > 0, 'the registration');
    await until(() => this.bench.registry.get(uuid)?.presence === 'online', 'the presence');
    await this.bench.settled();
  }

  /** The device after a loss of power. */
  async restartDevice(): Promise<void> {
    this.device.transport.disconnect();
    this.bench.broker.remove(this.device.transport);
    this.device = this.#newDevice(this.device.store.snapshot());
    await this.startDevice();
  }

  /** The bridge after a restart on the same store. */
  async restartBridge(whileItIsDown: () => Promise<void> = async () => {}): Promise<void> {
    await this.bench.close();
    await whileItIsDown();
    this.bench = await BenchBridge.start(this.bench.world, this.#config);
    await this.bench.settled();
  }

  async close(): Promise<void> {
    await this.device.agent.close();
    await this.bench.close();
  }

  /** Orders an update. @returns the job's id */
  async order(digest: string): Promise<string> {
    return idOf(await this.bench.call('mup-bridge', 'update-firmware', { device: uuid, digest }));
  }

  cancel(job: string): Promise<RpcOutput> {
    return this.bench.call('mup-bridge', 'cancel-update', { job });
  }

  async state(job: string): Promise<string | undefined> {
    return (await this.bench.job(job))['state'];
  }

  /** Waits for a state, letting time go by where it takes some. */
  async reaches(job: string, state: string, tickMs = 0): Promise<Record<string, string>> {
    for (let turn = 0; turn < 500; turn += 1) {
      const found = await this.bench.job(job);
      if (found['state'] === state) return found;
      if (['succeeded', 'failed', 'cancelled'].includes(found['state'] ?? ''))
        throw new Error(`the job ended otherwise: ${JSON.stringify(found)}`);
      await this.bench.settled();
      if (tickMs > 0) this.bench.clock.advance(tickMs);
    }
    throw new Error(`the job did not reach ${state}: ${JSON.stringify(await this.bench.job(job))}`);
  }

  /** Makes the update stand still in a step. @returns what lets it go on */
  standStillIn(step: UpdateStep): () => void {
    const { broker } = this.bench;
    const lose = (method: RegExp): void => {
      broker.intercept = ({ topic, payload }) =>
        topic === topics.firmware && method.test(new TextDecoder().decode(payload)) ? [] : undefined;
    };
    if (step === 'requesting-token') lose(/GET-DEVICE-TOKEN/);
    if (step === 'sending-manifest') lose(/SEND-EXTENDED-MANIFEST/);
    if (step === 'transferring') this.faults = { stopAfterSlices: 20 };
    if (step === 'verifying') lose(/SEND-FIRMWARE-IMAGE;FIN/);
    if (step === 'restarting') this.faults = { claimedVersion: 1 };
    return () => {
      broker.intercept = undefined;
      this.faults = {};
    };
  }

  /** Methods of the requests that went to the device's update operations, in order. */
  requests(): string[] {
    return this.bench.broker.texts(topics.firmware).map((text) => text.split(';')[1] ?? '');
  }

  /** Slices that went to the broker. */
  slices(): number {
    return this.bench.broker.published.filter(({ topic }) => topic === topics.image).length;
  }

  #newDevice(store?: MemoryDeviceStore): BenchDevice {
    return new BenchDevice(
      {
        ...this.#deviceOptions,
        slotBytes: 200_000,
        wrap: (transport, clock) => {
          const { image, ack, answers, status } = topics;
          this.#faulty = new FaultyTransport(transport, { image, ack, answers, status }, clock, {});
          return this.#faulty;
        },
      },
      { broker: this.bench.broker, ...(store === undefined ? {} : { store }) },
    );
  }
}

export function idOf(output: RpcOutput): string {
  const [job] = output;
  return job === undefined ? '' : textOf(job);
}
