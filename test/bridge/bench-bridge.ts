import { join } from 'node:path';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import type { DeviceUuid } from '../../src/base/ids.ts';
import type { AuditFacts } from '../../src/bridge/audit-entry.ts';
import { Bridge } from '../../src/bridge/bridge.ts';
import { ServerKeys } from '../../src/bridge/server-keys.ts';
import { loadFixedModules } from '../../src/cli/adapters/fixed-modules.ts';
import { encodePieces } from '../../src/mqtt/description-pieces.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { endorse } from '../../src/mup/endorsement.ts';
import { signManifest } from '../../src/mup/signing.ts';
import { type UserAccess, unrestricted } from '../../src/netconf/access/user-access.ts';
import type { Backend, RpcInput, RpcOutput } from '../../src/netconf/backend.ts';
import { SubtreeFilter } from '../../src/netconf/filter/subtree-filter.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { DeviceRegistry } from '../../src/registry/device-registry.ts';
import { ImageRepository } from '../../src/registry/image-repository.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { countingRandom, image, server, serverKey, unsigned, vendor } from '../device/bench-device.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { ManualConfig } from '../support/manual-config.ts';
import { MemoryDocumentStore } from '../support/memory-document-store.ts';
import { MemoryImageStore } from '../support/memory-image-store.ts';
import { root } from '../support/paths.ts';
import { RecordingEvents } from '../support/recording-events.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { ScriptedReader } from '../support/scripted-reader.ts';
import { ScriptedBroker, type ScriptedTransport } from '../support/scripted-transport.ts';
import { MemoryServerKeyStore } from '../support/server-key-store.ts';

/** The hand-written modules, read once a test file. */
const fixed = loadFixedModules([join(root, 'yang')]);

/** What stays when a bridge is restarted. */
export interface World {
  readonly broker: ScriptedBroker;
  readonly clock: ManualClock;
  readonly store: MemoryDocumentStore;
  readonly imageStore: MemoryImageStore;
  readonly reader: ScriptedReader;
  /** Descriptions in folders of the operator, by digest. */
  readonly library: Map<string, Uint8Array>;
  readonly logger: RecordingLogger;
  /** The bridge's running configuration. */
  readonly running: ManualConfig;
  readonly events: RecordingEvents;
  /** What went to the audit log. */
  readonly audit: AuditFacts[];
  readonly serverKeys: MemoryServerKeyStore;
}

export function newWorld(): World {
  return {
    broker: new ScriptedBroker(),
    clock: new ManualClock(),
    store: new MemoryDocumentStore(),
    imageStore: new MemoryImageStore(),
    reader: new ScriptedReader(),
    library: new Map(),
    logger: new RecordingLogger(),
    running: new ManualConfig(),
    events: new RecordingEvents(),
    audit: [],
    serverKeys: new MemoryServerKeyStore({
      key: server,
      endorsement: { serverKey, epoch: 1, signature: endorse(serverKey, 1, vendor, es256) },
    }),
  };
}

/** Waits for what follows from promises alone, as many turns as it takes. */
export async function until(holds: () => boolean, what = 'the expected'): Promise<void> {
  for (let turn = 0; turn < 2000; turn += 1) {
    if (holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${what} did not happen`);
}

/** A whole bridge on a broker, a clock and a store in memory. */
export class BenchBridge {
  readonly world: World;
  readonly transport: ScriptedTransport;
  readonly bridge: Bridge;
  readonly images: ImageRepository;
  readonly registry: DeviceRegistry;

  private constructor(world: World, transport: ScriptedTransport, bridge: Bridge, parts: Parts) {
    this.world = world;
    this.transport = transport;
    this.bridge = bridge;
    this.images = parts.images;
    this.registry = parts.registry;
  }

  /** Starts a bridge; on a world that had one before, after a restart. */
  static async start(world = newWorld(), changes: Partial<Config> = {}): Promise<BenchBridge> {
    const { broker, clock, store, imageStore, reader, library, logger, running, events, audit } = world;
    const config: Config = { ...defaultConfig, ...changes };
    const transport = broker.connect();
    const images = new ImageRepository({
      store: imageStore,
      limits: config.images,
      sha256,
      now: () => clock.now(),
    });
    const registry = await DeviceRegistry.open({ store, clock, ...config.registration });
    const { modules, imports } = await fixed;
    const bridge = new Bridge({
      config,
      transport,
      registry,
      store,
      images,
      reader,
      library: { find: async (digest) => library.get(digest) },
      scheme: es256,
      serverKeys: await ServerKeys.open(world.serverKeys),
      fixedModules: modules,
      imports,
      running,
      events,
      audit: { record: async (facts) => void audit.push(facts) },
      sha256,
      clock,
      random: countingRandom(),
      logger,
    });
    await bridge.start();
    return new BenchBridge(world, transport, bridge, { images, registry });
  }

  get broker(): ScriptedBroker {
    return this.world.broker;
  }

  get clock(): ManualClock {
    return this.world.clock;
  }

  get backend(): Backend {
    return this.bridge.backend;
  }

  async close(): Promise<void> {
    await this.bridge.close();
    await this.transport.close();
  }

  settled(): Promise<void> {
    return this.broker.settled();
  }

  /** What the bridge answered a device's descriptions. */
  answers(uuid: DeviceUuid): string[] {
    return this.broker.texts(`mup/description/${uuid}/status`);
  }

  /** Publishes a text as a device's description, in pieces. */
  describe(uuid: DeviceUuid, text: string, pieceBytes = 7): void {
    for (const piece of encodePieces(new TextEncoder().encode(text), pieceBytes))
      this.broker.inject(`mup/description/${uuid}`, piece);
  }

  /** Registers a device that the test plays: the described one, or a sibling of it. */
  async register(
    description: DeviceDescription,
    text = `description of ${description.category}`,
    uuid = description.uuid as DeviceUuid,
  ): Promise<void> {
    this.world.reader.knows(text, description);
    this.describe(uuid, text, 1000);
    const before = this.answers(uuid).length;
    await until(() => this.answers(uuid).length > before, 'an answer to the description');
    const answer = this.answers(uuid).at(-1) ?? '';
    if (!answer.startsWith('OK;')) throw new Error(answer);
  }

  /** Answers a device's requests as the test says. @returns the requests so far */
  play(topic: string, answerTopic: string, answer: (request: string) => string | undefined): string[] {
    const requests: string[] = [];
    const device = this.broker.connect();
    void device.subscribe(topic, 1, ({ payload }) => {
      const request = new TextDecoder().decode(payload);
      const [id = ''] = request.split(';');
      requests.push(request.slice(id.length + 1));
      const text = answer(request.slice(id.length + 1));
      if (text !== undefined) this.broker.inject(answerTopic, `${id};${text}`);
    });
    return requests;
  }

  /** What whoever asks may do. */
  access: UserAccess = unrestricted;

  /** Calls an RPC of a module, as the NETCONF server does. */
  async call(
    module: string,
    name: string,
    input: RpcInput,
    signal = new AbortController().signal,
  ): Promise<RpcOutput> {
    const served = this.backend.modules().find(({ schema }) => schema.name === module);
    if (served === undefined) throw new Error(`no module ${module} is served`);
    const session = { id: 1, username: 'alice', sourceHost: '127.0.0.1', loginTime: 0 };
    return this.backend.rpc(served.schema, name, input, { session, access: this.access, signal });
  }

  /** Adds a signed image. */
  async addImage(content = image, newVersion = 2, oldVersion = 0): Promise<string> {
    const digest = sha256(content);
    const facts = { ...unsigned, digest, size: content.length, newVersion, oldVersion };
    await this.images.add(signManifest(facts, vendor, es256), content);
    return digest;
  }

  /** `<get>` of one top-level node, or of what a filter selects. */
  async get(...filter: XmlElement[]): Promise<readonly XmlElement[]> {
    const session = { id: 1, username: 'alice', sourceHost: '127.0.0.1', loginTime: 0 };
    const selected =
      filter.length === 0
        ? undefined
        : new SubtreeFilter(element('urn:ietf:params:xml:ns:netconf:base:1.0', 'filter', filter));
    const { signal } = new AbortController();
    return this.backend.get(selected, { session, access: this.access, signal, rest: () => undefined });
  }

  /** An update job as `get` shows it: leaf by leaf. */
  async job(id: string): Promise<Record<string, string>> {
    const [jobs] = await this.get(
      element(bridgeNamespace, 'update-jobs', [
        element(bridgeNamespace, 'job', [element(bridgeNamespace, 'id', id)]),
      ]),
    );
    const [entry] = jobs === undefined ? [] : childElements(jobs);
    return leaves(entry);
  }
}

interface Parts {
  readonly images: ImageRepository;
  readonly registry: DeviceRegistry;
}

/** The leaves of an element, by name. */
export function leaves(entry: XmlElement | undefined): Record<string, string> {
  return Object.fromEntries(
    (entry === undefined ? [] : childElements(entry)).map((one) => [one.name, textOf(one)]),
  );
}
