import { type IClientPublishOptions, type IConnackPacket, type IPublishPacket, MqttClient } from 'mqtt';
import { toHex } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { MqttConfig } from '../../base/config.ts';
import { errorCode, errorMessage, PeerError, UnavailableError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { RandomBytes } from '../../base/random.ts';
import { BulkSender } from '../bulk-sender.ts';
import type { Link, LinkEvents } from '../link.ts';
import { MendingTransport } from '../mending-transport.ts';
import type { SkippedPacket } from '../packet-bound.ts';
import { encodePublish, publishPacketSize } from '../publish-packet.ts';
import { SendQueue } from '../send-queue.ts';
import { checkTopicName } from '../topics.ts';
import type { MqttMessage, MqttTransport, PublishOptions, Qos } from '../transport.ts';
import { BoundedStream } from './bounded-stream.ts';
import { type BrokerAddress, brokerAddress, openSocket } from './broker-address.ts';
import { traceWire } from './wire-trace.ts';

/** What the broker publishes when the connection breaks. */
export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
}

export type ConnectMqttConfig = Omit<MqttConfig, 'embedded'> & {
  /** `mup-` and 16 random hex digits unless given. */
  readonly clientId?: string;
  readonly will?: Will;
};

export interface ConnectMqttDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Where every packet is traced; none are unless given. */
  readonly trace?: Logger;
}

/** QoS 1 and 2 packets without acknowledgement, where the broker names no smaller Receive Maximum. */
const maxUnacknowledged = 1000;

/** How long a broker may take to close the connection after DISCONNECT. */
const closeTimeoutMs = 1000;

/**
 * Connects to the broker of the configuration, in the background: MQTT 5 where the broker takes it, else
 * 3.1.1. Until it is closed it keeps the process alive, also while there is no connection.
 * @throws UsageError `bad-mqtt-url`, `bad-mqtt-credentials`, `bad-mqtt-tls`
 */
export function connectMqtt(config: ConnectMqttConfig, deps: ConnectMqttDeps): MqttTransport {
  const address = brokerAddress(config);
  const logger = deps.logger.child({ broker: `${address.host}:${address.port}` });
  const settings = {
    config: { ...config, clientId: config.clientId ?? `mup-${toHex(deps.random(8))}` },
    address,
  };
  const transport = new MendingTransport({
    open: (version, events) => new MqttJsLink(version, settings, events, { ...deps, logger }),
    config,
    clock: deps.clock,
    random: deps.random,
    logger,
  });
  // The clock's tasks do not keep the process alive, but who waits for a broker wants to see it come.
  const alive = setInterval(() => {}, 2 ** 30);
  transport.onState((state) => {
    if (state === 'closed') clearInterval(alive);
  });
  return transport;
}

interface Settings {
  readonly config: ConnectMqttConfig & { readonly clientId: string };
  readonly address: BrokerAddress;
}

/** One connection, by one mqtt.js client that is never used again. */
class MqttJsLink implements Link {
  readonly #version: 4 | 5;
  readonly #config: Settings['config'];
  readonly #events: LinkEvents;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #stream: BoundedStream;
  readonly #client: MqttClient;
  readonly #queue: SendQueue;
  /** What goes when nothing waits in the other queue. */
  readonly #bulk: BulkSender;
  /** Rejections of what waits for an acknowledgement. */
  readonly #open = new Set<(error: Error) => void>();
  #unacknowledged = 0;
  #receiveMaximum = maxUnacknowledged;
  #maximumQos: Qos = 2;
  #maximumPacketSize: number;
  #reached = false;
  #refused = false;
  #ended = false;
  #reason: string | undefined;

  constructor(version: 4 | 5, { config, address }: Settings, events: LinkEvents, deps: ConnectMqttDeps) {
    this.#version = version;
    this.#config = config;
    this.#maximumPacketSize = config.maxPacketBytes;
    this.#events = events;
    this.#logger = deps.logger;
    this.#clock = deps.clock;
    const socket = openSocket(address, () => {
      this.#reached = true;
    });
    this.#stream = new BoundedStream(socket, config.maxPacketBytes, (packet) => this.#skipped(packet));
    this.#queue = new SendQueue(
      () =>
        this.#stream.writableLength <= config.maxUnsentBytes && this.#unacknowledged < this.#receiveMaximum,
    );
    this.#stream.on('drain', () => this.#pump());
    this.#stream.on('error', (error) => {
      this.#reason ??= reasonOf(error);
    });
    this.#client = new MqttClient(() => this.#stream, clientOptions(version, config, address));
    if (deps.trace !== undefined) traceWire(this.#client, deps.trace);
    this.#bulk = this.#newBulk(deps.trace !== undefined);
    this.#listen();
    this.#client.connect();
  }

  publish(topic: string, payload: Uint8Array, options: PublishOptions): Promise<void> {
    const qos = Math.min(options.qos ?? 1, this.#maximumQos) as Qos;
    try {
      checkTopicName(topic);
      this.#checkSize(topic, payload, (options.qos ?? 1) === qos ? options : { ...options, qos });
    } catch (error) {
      return Promise.reject(error);
    }
    if (options.bulk === true) return this.#bulk.publish(topic, payload);
    return new Promise((resolve, reject) => {
      this.#queue.push(() => this.#send(topic, payload, options, qos, resolve, reject), reject);
    });
  }

  subscribe(filter: string, qos: Qos, subscriptionId: number | undefined): Promise<void> {
    const properties =
      subscriptionId === undefined ? {} : { properties: { subscriptionIdentifier: subscriptionId } };
    return this.#acknowledged(
      (done) => this.#client.subscribe(filter, { qos, ...properties }, done),
      (error) =>
        new PeerError('mqtt-refused', `the broker refuses the filter ${filter}: ${errorMessage(error)}`, {
          where: filter,
        }),
    );
  }

  unsubscribe(filter: string): Promise<void> {
    return this.#acknowledged(
      (done) => this.#client.unsubscribe(filter, done),
      (error) => new PeerError('mqtt-refused', errorMessage(error), { where: filter }),
    );
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    if (!this.#client.connected) {
      this.destroy('closed');
      return;
    }
    const gone = new Promise<void>((resolve) => this.#stream.once('close', () => resolve()));
    this.#lose(lost('it was closed'));
    // mqtt.js would wait for acknowledgements that may never come.
    for (const id of Object.keys(this.#client.outgoing)) this.#client.removeOutgoingMessage(Number(id));
    this.#client.end(false);
    const cancel = this.#clock.schedule(closeTimeoutMs, () => this.destroy('closed'));
    await gone;
    cancel();
  }

  destroy(reason: string): void {
    this.#reason ??= reason;
    this.#stream.destroy();
  }

  #listen(): void {
    const client = this.#client;
    client.on('connect', (packet) => this.#connected(packet));
    client.on('message', (topic, payload, packet) => {
      this.#events.message(receivedMessage(topic, payload, packet), subscriptionIds(packet));
    });
    client.on('packetsend', ({ cmd }) => {
      if (cmd === 'pingreq') this.#bulk.pinged();
    });
    client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'pingresp') this.#bulk.answered();
    });
    client.on('disconnect', ({ reasonCode }) => {
      this.#reason ??= `the broker disconnects, reason code ${reasonCode ?? 0}`;
    });
    client.on('error', (error) => {
      // CONNACK codes 1 and 132: another protocol version (MQTT 3.1.1 §3.2.2.3, MQTT 5 §3.2.2.2).
      const code: unknown = 'code' in error ? error.code : undefined;
      if (typeof code === 'number' && !client.connected && code !== 1 && code !== 132) this.#refused = true;
      this.destroy(reasonOf(error));
    });
    client.on('close', () => this.#close());
  }

  #connected({ properties }: IConnackPacket): void {
    this.#receiveMaximum = Math.min(maxUnacknowledged, properties?.receiveMaximum ?? maxUnacknowledged);
    const { maxPacketBytes } = this.#config;
    this.#maximumPacketSize = Math.min(maxPacketBytes, properties?.maximumPacketSize ?? maxPacketBytes);
    if (properties?.maximumQoS === 0 || properties?.maximumQoS === 1)
      this.#maximumQos = properties.maximumQoS;
    const subscriptionIdentifiers =
      this.#version === 5 && properties?.subscriptionIdentifiersAvailable !== false;
    this.#events.connected({ subscriptionIdentifiers, maximumPacketSize: this.#maximumPacketSize });
  }

  #close(): void {
    if (this.#ended) return;
    this.#ended = true;
    const reason = this.#reason ?? 'the broker closed the connection';
    this.#lose(lost(reason));
    this.#events.ended({ reason, reached: this.#reached, refused: this.#refused });
  }

  #lose(error: UnavailableError): void {
    this.#queue.close(error);
    this.#bulk.close(error);
    for (const reject of [...this.#open]) reject(error);
  }

  #pump(): void {
    this.#queue.pump();
    this.#bulk.pump();
  }

  #checkSize(topic: string, payload: Uint8Array, options: PublishOptions): void {
    const bytes = publishPacketSize(topic, payload.length, options, this.#version);
    const limit = this.#maximumPacketSize;
    if (bytes <= limit) return;
    throw new PeerError(
      'packet-too-big',
      `an MQTT packet of ${bytes} octets is more than the ${limit} that pass`,
      {
        where: topic,
        hint: 'mqtt.maxPacketBytes and the Maximum Packet Size of the broker bound it.',
      },
    );
  }

  #send(
    topic: string,
    payload: Uint8Array,
    options: PublishOptions,
    qos: Qos,
    resolve: () => void,
    reject: (error: unknown) => void,
  ): void {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    const packet = this.#packetOptions(options, qos);
    if (qos === 0) {
      this.#client.publish(topic, bytes, packet);
      resolve();
      return;
    }
    this.#unacknowledged += 1;
    this.#acknowledged(
      (done) => this.#client.publish(topic, bytes, packet, done),
      (error) =>
        new PeerError('mqtt-refused', `the broker refuses a message: ${errorMessage(error)}`, {
          where: topic,
        }),
    )
      .finally(() => {
        this.#unacknowledged -= 1;
        this.#pump();
      })
      .then(resolve, reject);
  }

  /** mqtt.js takes its time for each packet; a slice is a packet that is easily written, and there are many. */
  #newBulk(traced: boolean): BulkSender {
    const [client, stream] = [this.#client, this.#stream];
    return new BulkSender({
      clock: this.#clock,
      hasRoom: () => this.#queue.isEmpty && !stream.writableNeedDrain,
      send: (topic, payload) => {
        stream.write(encodePublish(topic, payload, this.#version));
        if (traced)
          client.emit('packetsend', {
            ...{ cmd: 'publish', topic, payload: Buffer.from(payload) },
            ...{ qos: 0, retain: false, dup: false },
          });
      },
      ping: () => client.sendPing(),
    });
  }

  /** No more than needed: mqtt.js takes its time for each that is one of its defaults. */
  #packetOptions(options: PublishOptions, qos: Qos): IClientPublishOptions {
    const packet: IClientPublishOptions = { qos };
    if (options.retain === true) packet.retain = true;
    const properties = this.#properties(options);
    if (properties !== undefined) packet.properties = properties;
    return packet;
  }

  #properties({ responseTopic, correlationData }: PublishOptions): PublishProperties | undefined {
    if (this.#version === 4 || (responseTopic === undefined && correlationData === undefined))
      return undefined;
    const properties: PublishProperties = {};
    if (responseTopic !== undefined) properties.responseTopic = responseTopic;
    if (correlationData !== undefined) properties.correlationData = Buffer.from(correlationData);
    return properties;
  }

  /** Runs an exchange with the broker that ends with its acknowledgement, or with the connection. */
  #acknowledged(
    run: (done: (error?: Error | null) => void) => void,
    refusal: (error: Error) => PeerError,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null | undefined): void => {
        if (!this.#open.delete(lose)) return;
        if (error === null || error === undefined) resolve();
        else reject(error);
      };
      const lose = (error: Error): void => settle(error);
      this.#open.add(lose);
      // mqtt.js reports the end of the connection before we do; `#close` tells it with its reason.
      run((error) => {
        if (!this.#stream.destroyed) settle(error ? refusal(error) : undefined);
      });
    });
  }

  /** What is too large is acknowledged all the same: else the broker would send it again and again. */
  #skipped({ bytes, publish }: SkippedPacket): void {
    this.#logger.warn('an MQTT packet over mqtt.maxPacketBytes was dropped', {
      bytes,
      ...(publish === undefined ? {} : { topic: publish.topic }),
    });
    if (publish === undefined || publish.qos === 0) return;
    // PUBACK, or PUBREC, whose PUBREL mqtt.js answers.
    const type = publish.qos === 1 ? 0x40 : 0x50;
    this.#stream.write(Buffer.from([type, 2, publish.packetId >> 8, publish.packetId & 0xff]));
  }
}

type PublishProperties = NonNullable<IClientPublishOptions['properties']>;

function lost(reason: string): UnavailableError {
  return new UnavailableError('mqtt-lost', `the connection to the MQTT broker broke: ${reason}`);
}

/** Where a host has several addresses, Node's error for all of them has a code and no message. */
function reasonOf(error: unknown): string {
  return errorMessage(error) || errorCode(error) || 'unknown';
}

function clientOptions(
  version: 4 | 5,
  config: Settings['config'],
  { username, password }: BrokerAddress,
): ConstructorParameters<typeof MqttClient>[1] {
  const will = config.will && { ...config.will, payload: Buffer.from(config.will.payload) };
  return {
    protocolVersion: version,
    clientId: config.clientId,
    clean: true,
    // Listeners first: else the trace misses CONNECT.
    manualConnect: true,
    keepalive: Math.ceil(config.keepaliveMs / 1000),
    connectTimeout: config.connectTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: 'native',
    // Else each packet that arrives makes a timer anew; a ping that traffic made needless costs less.
    reschedulePings: false,
    // Else it asks the package `debug`, thirty times a message, whether somebody listens.
    log: () => {},
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined ? {} : { will }),
    ...(version === 5 ? { properties: { maximumPacketSize: config.maxPacketBytes } } : {}),
  };
}

function receivedMessage(topic: string, payload: Buffer, packet: IPublishPacket): MqttMessage {
  const { responseTopic, correlationData } = packet.properties ?? {};
  return {
    topic,
    payload: new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength),
    qos: packet.qos,
    retain: packet.retain,
    dup: packet.dup,
    responseTopic,
    correlationData: correlationData && new Uint8Array(correlationData),
  };
}

function subscriptionIds({ properties }: IPublishPacket): readonly number[] {
  const ids = properties?.subscriptionIdentifier;
  if (ids === undefined) return [];
  return typeof ids === 'number' ? [ids] : ids;
}
