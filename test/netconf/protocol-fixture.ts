import { decodeUtf8, utf8 } from '../../src/base/bytes.ts';
import type { Clock } from '../../src/base/clock.ts';
import { defaultConfig, type NetconfConfig } from '../../src/base/config.ts';
import { type Logger, silentLogger } from '../../src/base/logger.ts';
import { type AccessPolicy, unrestricted } from '../../src/netconf/access/user-access.ts';
import type { RequestAudit } from '../../src/netconf/audit.ts';
import type { Backend, RpcContext, RpcInput, RpcOutput, ServedModule } from '../../src/netconf/backend.ts';
import { Datastores } from '../../src/netconf/datastore/datastores.ts';
import type { EventStreams } from '../../src/netconf/events/event-streams.ts';
import type { DataFilter } from '../../src/netconf/filter/data-filter.ts';
import { encodeFrame, FrameDecoder, type Framing } from '../../src/netconf/framing.ts';
import { base10, base11 } from '../../src/netconf/hello.ts';
import { baseNamespace } from '../../src/netconf/namespaces.ts';
import { NetconfServer } from '../../src/netconf/server.ts';
import type { SessionHandle, SessionPort } from '../../src/netconf/session-port.ts';
import { readXml } from '../../src/xml/adapters/saxes-reader.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import type { LeafNode, ModuleSchema, RpcSchema, SchemaNode, YangType } from '../../src/yang/schema.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { eventStreams } from '../support/memory-event-log.ts';

export const lampNamespace = 'urn:mup:yang:mqtt-lamp';

const text: YangType = { base: 'string', lengths: [], patterns: [] };
export const leaf = (name: string, type: YangType = text, more: Partial<LeafNode> = {}): LeafNode => ({
  kind: 'leaf',
  name,
  type,
  mandatory: false,
  ...more,
});

const byte: YangType = { base: 'uint8', ranges: [{ low: '0', high: '255' }] };

const input: readonly SchemaNode[] = [
  leaf('uuidInput', { base: 'string', lengths: [], patterns: ['[A-Z0-9\\-]+'] }, { mandatory: true }),
  leaf('mode', { base: 'enumeration', names: ['steady', 'blink'] }, { default: 'steady' }),
  {
    kind: 'container',
    name: 'colour',
    children: [leaf('red', byte, { default: '0' }), leaf('green', byte)],
  },
];

const rpc = (name: string, nodes: readonly SchemaNode[], output: readonly SchemaNode[] = []): RpcSchema => ({
  name,
  input: nodes,
  output,
});

const list: SchemaNode = {
  kind: 'container',
  name: 'lamps',
  children: [
    { kind: 'list', name: 'lamp', keys: ['id'], children: [leaf('id'), leaf('room'), leaf('state')] },
  ],
};

export const lampSchema: ModuleSchema = {
  name: 'mqtt-lamp',
  namespace: lampNamespace,
  prefix: 'lamp',
  revision: '2026-01-02',
  rpcs: new Map([
    ['setLamp', rpc('setLamp', input, [leaf('retval')])],
    ['reset', rpc('reset', [])],
  ]),
  data: [list],
};

export const lampModule: ServedModule = {
  schema: lampSchema,
  conformance: 'implement',
  text: async () => 'module mqtt-lamp { description "ä"; }',
};

export function imported(name: string, revision: string): ServedModule {
  const schema = { ...lampSchema, name, revision, namespace: `urn:${name}`, rpcs: new Map(), data: [] };
  return { schema, conformance: 'import', text: async () => `module ${name} { revision ${revision}; }` };
}

const lampNode = (name: string, children: readonly XmlElement[] | string): XmlElement =>
  element(lampNamespace, name, children);

const lamp = (id: string, room: string): XmlElement =>
  lampNode('lamp', [lampNode('id', id), lampNode('room', room), lampNode('state', 'off')]);

/** What the scripted backend was asked. */
export interface Call {
  readonly name: string;
  readonly input: RpcInput;
  readonly context: RpcContext;
}

/** A backend whose answers a test sets. */
export class ScriptedBackend implements Backend {
  readonly calls: Call[] = [];
  served: readonly ServedModule[] = [
    lampModule,
    imported('twice', '2026-01-01'),
    imported('twice', '2026-01-02'),
  ];
  data: readonly XmlElement[] = [lampNode('lamps', [lamp('1', 'hall'), lamp('2', 'attic')])];
  answer: (call: Call) => RpcOutput | Promise<RpcOutput> = () => [];
  readonly #listeners = new Set<() => void>();

  modules(): readonly ServedModule[] {
    return this.served;
  }

  onModulesChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Serves other modules from now on. */
  serve(modules: readonly ServedModule[]): void {
    this.served = modules;
    for (const listener of this.#listeners) listener();
  }

  async get(_filter: DataFilter | undefined): Promise<readonly XmlElement[]> {
    return this.data;
  }

  async rpc(_: ModuleSchema, name: string, given: RpcInput, context: RpcContext): Promise<RpcOutput> {
    const call = { name, input: given, context };
    this.calls.push(call);
    return this.answer(call);
  }
}

/** A port that keeps what is written, and says `false` when told to. */
export class FakePort implements SessionPort {
  written: Uint8Array[] = [];
  accepts = true;
  ends = 0;
  aborts = 0;
  paused = false;

  write(bytes: Uint8Array): boolean {
    this.written.push(bytes);
    return this.accepts;
  }

  end(): void {
    this.ends += 1;
  }

  abort(): void {
    this.aborts += 1;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

/** A call of the RPC that {@link lampModule} has. */
export const reset = `<reset xmlns="${lampNamespace}"/>`;

/** The message-id of a reply. */
export const idOf = (reply: string): string | undefined => /message-id="(\w+)"/.exec(reply)?.[1];

/** Everyone may do everything. */
export const permitAll: AccessPolicy = { forUser: () => unrestricted };

/** Datastores with nothing in them and no disk. */
export function memoryDatastores(schemas: readonly ModuleSchema[], clock: Clock): Datastores {
  const store = { load: async () => undefined, save: async () => {} };
  return new Datastores({ schemas, store, clock, logger: silentLogger, maxConfigBytes: 1_000_000 });
}

export interface ServerFixture {
  readonly server: NetconfServer;
  readonly backend: ScriptedBackend;
  readonly datastores: Datastores;
  readonly events: EventStreams;
  readonly clock: ManualClock;
  readonly config: NetconfConfig;
}

export function startServer(
  overrides: Partial<NetconfConfig> = {},
  more: {
    readonly logger?: Logger;
    readonly trace?: Logger;
    readonly access?: AccessPolicy;
    readonly audit?: RequestAudit;
    readonly schemas?: readonly ModuleSchema[];
    readonly events?: (clock: ManualClock) => EventStreams;
  } = {},
): ServerFixture {
  const config = { ...defaultConfig.netconf, ...overrides };
  const backend = new ScriptedBackend();
  const clock = new ManualClock();
  const { events: openEvents = eventStreams, schemas = [lampSchema], ...others } = more;
  const datastores = memoryDatastores(schemas, clock);
  const events = openEvents(clock);
  const server = new NetconfServer({
    backend,
    datastores,
    access: permitAll,
    events,
    config,
    clock,
    logger: silentLogger,
    ...others,
  });
  return { server, backend, datastores, events, clock, config };
}

export const clientHello = (...capabilities: string[]): string =>
  `<hello xmlns="${baseNamespace}"><capabilities>${capabilities
    .map((uri) => `<capability>${uri}</capability>`)
    .join('')}</capabilities></hello>]]>]]>`;

/** The client's end of one session, with everything it was sent. */
export class ScriptedClient {
  readonly port = new FakePort();
  readonly handle: SessionHandle;
  readonly #decoder = new FrameDecoder({ maxMessageBytes: 2 ** 30 });
  readonly #framing: Framing;
  #seen = 0;
  #messages: string[] = [];

  constructor(server: NetconfServer, framing: Framing = 'chunked', username = 'anna') {
    this.#framing = framing;
    this.handle = server.openSession({ username, sourceHost: '192.0.2.7', port: this.port });
  }

  /** Sends the hello and takes the server's. */
  greet(): this {
    this.raw(clientHello(base10, ...(this.#framing === 'chunked' ? [base11] : [])));
    this.takeMessages();
    this.expectFraming();
    return this;
  }

  /** The server's hello was taken; what it sends from now on is framed as was asked for. */
  expectFraming(): void {
    this.#messages.push(...this.#decoder.begin(this.#framing).map(asText));
  }

  raw(bytes: string | Uint8Array): void {
    this.handle.receive(typeof bytes === 'string' ? utf8(bytes) : bytes);
  }

  /** Sends a message, framed. */
  send(xml: string): void {
    for (const piece of encodeFrame(xml, this.#framing)) this.raw(piece);
  }

  sendRpc(operation: string, id = '1'): void {
    this.send(`<rpc xmlns="${baseNamespace}" message-id="${id}">${operation}</rpc>`);
  }

  /** All messages since the last call. */
  takeMessages(): string[] {
    for (; this.#seen < this.port.written.length; this.#seen += 1)
      this.#messages.push(
        ...this.#decoder.push(this.port.written[this.#seen] ?? new Uint8Array(0)).map(asText),
      );
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  /** The reply to one RPC. */
  async call(operation: string, id = '1'): Promise<string> {
    this.sendRpc(operation, id);
    return this.reply();
  }

  /** The next message, however many promises stand before it. */
  async reply(): Promise<string> {
    await settled();
    const [message = '(nothing)', ...rest] = this.takeMessages();
    this.#messages.unshift(...rest);
    return message;
  }
}

export function connect(
  server: NetconfServer,
  framing: Framing = 'chunked',
  username = 'anna',
): ScriptedClient {
  return new ScriptedClient(server, framing, username).greet();
}

/** Lets every promise that can settle do so. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

export function asText(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? '(not UTF-8)';
}

/** Reads a document without bounds that matter. */
export function parse(document: string): XmlElement {
  return readXml(document, { maxBytes: 1e9, maxDepth: 300, maxAttributes: 100 });
}
