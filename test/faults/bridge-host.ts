import { join } from 'node:path';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import { errorMessage } from '../../src/base/errors.ts';
import { Bridge } from '../../src/bridge/bridge.ts';
import { ServerKeys } from '../../src/bridge/server-keys.ts';
import { loadFixedModules } from '../../src/cli/adapters/fixed-modules.ts';
import { MendingTransport } from '../../src/mqtt/mending-transport.ts';
import { unrestricted } from '../../src/netconf/access/user-access.ts';
import type { RpcContext, RpcInput, RpcOutput } from '../../src/netconf/backend.ts';
import type { NetconfEvent } from '../../src/netconf/events/event.ts';
import { SubtreeFilter } from '../../src/netconf/filter/subtree-filter.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { RpcError } from '../../src/netconf/rpc-error.ts';
import { DeviceRegistry } from '../../src/registry/device-registry.ts';
import { ImageRepository } from '../../src/registry/image-repository.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { ManualConfig } from '../support/manual-config.ts';
import { MemoryImageStore } from '../support/memory-image-store.ts';
import { root } from '../support/paths.ts';
import { ScriptedReader } from '../support/scripted-reader.ts';
import { MemoryServerKeyStore } from '../support/server-key-store.ts';
import { VirtualDisk } from '../support/virtual-disk.ts';
import type { VirtualProcess } from '../support/virtual-process.ts';
import { describedAs, exampleDevice, nameOf } from './descriptions.ts';
import type { JobSeen } from './history.ts';
import { Host, type World } from './host.ts';
import { endorsement, fastScheme, imageOf, server } from './images.ts';

/** The hand-written modules, read once a test file. */
const fixed = loadFixedModules([join(root, 'yang')]);

/** How long a job waits for a device that is offline, in the runs. */
export const offlineDeadlineMs = 600_000;

/** The machine of a whole bridge. */
export class BridgeHost extends Host {
  readonly #disk: VirtualDisk;
  readonly #imageStore = new MemoryImageStore();
  #bridge: Bridge | undefined;
  #connections = 0;
  #clientId = '';

  constructor(world: World) {
    super('bridge', world);
    this.#disk = new VirtualDisk(world.random.fork('disk'));
  }

  get clientId(): string {
    return this.#clientId;
  }

  /** Puts the image of a version into the repository. @returns its digest */
  async addImage(version: number): Promise<string> {
    const { manifest, content, digest } = imageOf(version, this.world.plan);
    await this.#imageStore.put({ manifest, addedAt: 0 }, content);
    return digest;
  }

  /** Orders an update, as an operator does; what comes of it is recorded. */
  async order(order: number, uuid: string, digest: string): Promise<string | undefined> {
    const { record } = this.world;
    try {
      const [job] = await this.#call('update-firmware', { device: uuid, digest });
      const id = job === undefined ? '' : textOf(job);
      record({ kind: 'order-taken', order, job: id });
      return id;
    } catch (error) {
      record({ kind: 'order-refused', order, ...refusal(error) });
      return undefined;
    }
  }

  /** Calls an RPC of a device that is no part of an update; it may fail. */
  async callDevice(uuid: string): Promise<void> {
    const call = this.#call('funcRelayOn', { uuidInput: uuid }, 'mqtt-setup');
    await call.catch((error) => this.world.trace(`the call failed: ${errorMessage(error)}`));
  }

  async cancel(job: string): Promise<void> {
    try {
      await this.#call('cancel-update', { job });
      this.world.record({ kind: 'cancel-taken', job });
    } catch (error) {
      this.world.trace(`the cancellation of ${job} was refused: ${errorMessage(error)}`);
    }
  }

  /** What `get` shows of the jobs. */
  async jobs(): Promise<readonly JobSeen[]> {
    const path = element(bridgeNamespace, 'update-jobs');
    const filter = new SubtreeFilter(element('urn:ietf:params:xml:ns:netconf:base:1.0', 'filter', [path]));
    const [list] = (await this.#bridge?.backend.get(filter, { ...context(), rest: () => undefined })) ?? [];
    return (list === undefined ? [] : childElements(list)).map((entry) => {
      const { id = '', device = '', image = '', state = '', failure } = leavesOf(entry);
      return { job: id, device: nameOf(device), image, state, code: failure };
    });
  }

  protected async boot(process: VirtualProcess): Promise<void> {
    const { world } = this;
    const { doubles, plan, record } = world;
    record({ kind: 'bridge-able' });
    const random = world.random.fork(`bridge ${this.#connections}`);
    const randomBytes = doubles.bridgeRandom ?? ((length: number) => random.bytes(length));
    const logger = world.loggerOf(this.who);
    const clock = doubles.bridgeClock?.(process.clock) ?? process.clock;
    this.#connections += 1;
    this.#clientId = `bridge-${this.#connections}`;
    const config = configOf(plan);
    const transport = new MendingTransport({
      open: world.broker.opener(process, this.#clientId),
      config: config.mqtt,
      clock,
      random: randomBytes,
      logger,
    });
    const disk = this.#disk.open(process);
    const store = doubles.bridgeStore?.(disk) ?? disk;
    const { modules, imports } = await fixed;
    const reader = new ScriptedReader();
    const text = describedAs(plan);
    const { digest } = reader.knows(text, exampleDevice(plan));
    const bridge = new Bridge({
      config,
      transport,
      registry: await DeviceRegistry.open({ store, clock, ...defaultConfig.registration }),
      store,
      images: new ImageRepository({
        store: this.#imageStore,
        limits: config.images,
        sha256,
        now: () => clock.now(),
      }),
      reader,
      library: {
        find: async (asked) => (asked === digest ? new TextEncoder().encode(text) : undefined),
      },
      scheme: fastScheme,
      serverKeys: await ServerKeys.open(new MemoryServerKeyStore({ key: server, endorsement })),
      fixedModules: modules,
      imports,
      running: new ManualConfig(),
      events: { emit: (event) => this.#emitted(process, event) },
      sha256,
      clock,
      random: randomBytes,
      logger,
    });
    this.#bridge = bridge;
    await bridge.start();
  }

  /** Takes the image of a version out of the repository. */
  async removeImage(version: number): Promise<void> {
    await this.#imageStore.delete(imageOf(version, this.world.plan).digest);
  }

  protected started(): void {
    void this.recordJobs();
  }

  /** Records what `get` shows of the jobs. */
  async recordJobs(): Promise<void> {
    this.world.record({ kind: 'jobs-listed', jobs: await this.jobs() });
  }

  protected fillDisk(full: boolean): void {
    this.#disk.full = full;
  }

  // What the store promises, it promises with and without power.
  protected losePower(): void {}

  #emitted(process: VirtualProcess, { content }: NetconfEvent): void {
    if (!process.alive || content.name !== 'update-state') return;
    const { job = '', device = '', image = '', state = '', failure } = leavesOf(content);
    this.world.record({ kind: 'job-state', job, device: nameOf(device), image, state, code: failure });
  }

  async #call(name: string, input: RpcInput, module = 'mup-bridge'): Promise<RpcOutput> {
    const backend = this.#bridge?.backend;
    const served = backend?.modules().find(({ schema }) => schema.name === module);
    if (backend === undefined || served === undefined) throw new Error('the bridge does not serve');
    return backend.rpc(served.schema, name, input, context());
  }
}

function configOf({ window, sliceSizeBytes }: World['plan']): Config {
  return {
    ...defaultConfig,
    update: { ...defaultConfig.update, window, sliceSizeBytes, offlineDeadlineMs },
  };
}

function context(): RpcContext {
  return {
    session: { id: 1, username: 'alice', sourceHost: '127.0.0.1', loginTime: 0 },
    access: unrestricted,
    signal: new AbortController().signal,
  };
}

function refusal(error: unknown): { code: string; holder: string | undefined } {
  if (!(error instanceof RpcError)) return { code: 'internal', holder: undefined };
  const { appTag = error.tag, info } = error.fields;
  const holder = info?.find(({ name }) => name === 'job');
  return { code: appTag, holder: holder === undefined ? undefined : textOf(holder) };
}

function leavesOf(entry: XmlElement): Partial<Record<string, string>> {
  return Object.fromEntries(childElements(entry).map((one) => [one.name, textOf(one)]));
}
