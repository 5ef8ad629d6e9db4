import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import type { EmbeddedBrokerConfig } from '../../base/config.ts';
import { errorCode, errorMessage, UsageError } from '../../base/errors.ts';
import type { LogFields, Logger } from '../../base/logger.ts';
import { RetainedBudget } from '../retained-budget.ts';
import { SubscriptionBudget } from '../subscription-budget.ts';
import { BoundedStream } from './bounded-stream.ts';

/** The embedded broker while it runs. */
export interface EmbeddedBroker {
  readonly port: number;
  /** Where clients on this machine reach it. */
  readonly url: string;
  /** Closes all connections and the port. */
  close(): Promise<void>;
}

/** How long a client may take nothing of what is sent to it. */
const drainTimeoutMs = 5000;

/** How long a connection may take until its CONNECT has come. */
const connectTimeoutMs = 10_000;

/**
 * Starts an MQTT 3.1.1 broker in this process: for one machine, without passwords, loopback unless
 * configured. Sessions end with their connection, and retained messages and subscriptions are bounded, so
 * that no client makes it grow.
 * @throws UsageError `mqtt-port-in-use`, `mqtt-listen-failed`
 */
export async function startBroker(
  config: EmbeddedBrokerConfig,
  { logger }: { readonly logger: Logger },
): Promise<EmbeddedBroker> {
  const aedes = await Aedes.createBroker({
    connectTimeout: connectTimeoutMs,
    drainTimeout: drainTimeoutMs,
    maxClientsIdLength: 128,
  });
  configure(aedes, config, logger);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const stream = new BoundedStream(socket, config.maxPacketBytes, ({ bytes }) => {
      logger.warn('a client of the embedded broker sent too large a packet', { bytes });
      stream.destroy();
    });
    aedes.handle(stream);
  });
  server.maxConnections = config.maxConnections;
  server.on('drop', () => logger.warn('the embedded broker has no room for another connection'));
  const port = await listen(server, config).catch(async (error: unknown) => {
    await closed(aedes);
    throw error;
  });
  // A connection that cannot be accepted, as when file descriptors run out, is its client's to try again.
  server.on('error', (error) =>
    logger.warn('the embedded broker could not accept a connection', { error: errorMessage(error) }),
  );
  const url = `mqtt://${reachableHost(config.host)}:${port}`;
  logger.info('embedded MQTT broker listens', { url });
  if (!isLoopback(config.host))
    logger.warn('the embedded MQTT broker asks for no password and is reachable from other machines', {
      host: config.host,
    });
  return { port, url, close: () => shutDown(server, sockets, aedes) };
}

function configure(aedes: Aedes, limits: EmbeddedBrokerConfig, logger: Logger): void {
  const retained = new RetainedBudget({
    maxMessages: limits.maxRetainedMessages,
    maxBytes: limits.maxRetainedBytes,
  });
  const told = new Set<string>();
  // A client that goes over a bound does so as often as it likes: the first time says it all.
  const tellOnce = (message: string, fields: LogFields): void => {
    logger[told.has(message) ? 'debug' : 'warn'](message, fields);
    told.add(message);
  };
  aedes.preConnect = (_client, packet, done) => {
    // A session that outlives its connection would queue messages without bound.
    packet.clean = true;
    done(null, true);
  };
  aedes.authorizePublish = (_client, packet, done) => {
    if (packet.topic.startsWith('$')) {
      done(new UsageError('bad-topic', 'no client publishes to topics that begin with $'));
      return;
    }
    if (packet.retain && !retained.admit(packet.topic, packet.payload.length)) {
      tellOnce('the embedded broker keeps no more retained messages', { topic: packet.topic });
      packet.retain = false;
    }
    done(null);
  };
  boundSubscriptions(aedes, limits, tellOnce);
  aedes.authorizeForward = (_client, packet) => (packet.topic.startsWith('$SYS') ? null : packet);
  aedes.on('clientError', (client, error) => {
    logger.debug('client of the embedded broker failed', { client: client.id, error: errorMessage(error) });
  });
  aedes.on('connectionError', (_client, error) => {
    logger.debug('connection to the embedded broker failed', { error: errorMessage(error) });
  });
  // Not in aedes's types: what fails inside the broker itself.
  const internal: { on(event: string, listener: (error: unknown) => void): unknown } = aedes;
  internal.on('error', (error) => logger.error('the embedded broker failed', { error: errorMessage(error) }));
}

function boundSubscriptions(
  aedes: Aedes,
  limits: EmbeddedBrokerConfig,
  tell: (message: string, fields: LogFields) => void,
): void {
  const budget = new SubscriptionBudget<object>({
    maxLevelsPerClient: limits.maxClientSubscriptionLevels,
    maxLevels: limits.maxSubscriptionLevels,
  });
  aedes.authorizeSubscribe = (client, subscription, done) => {
    // What a client that is going asked for last would never be released.
    const admitted = client === null || (!client.closed && budget.admit(client, subscription.topic));
    if (admitted) {
      done(null, subscription);
      return;
    }
    tell('the embedded broker takes no more subscriptions', { client: client.id });
    // SUBACK says failure (MQTT 3.1.1 §3.9.3).
    done(null, null);
  };
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of client === null ? [] : filters) budget.release(client, filter);
  });
  aedes.on('clientDisconnect', (client) => budget.releaseAll(client));
}

function listen(server: Server, { host, port }: EmbeddedBrokerConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function listenError(error: unknown, host: string, port: number): UsageError {
  const where = 'mqtt.embedded';
  if (errorCode(error) === 'EADDRINUSE')
    return new UsageError('mqtt-port-in-use', `port ${port} of ${host} is in use`, {
      where,
      hint: 'If a broker runs there already, set mqtt.url to it; else set mqtt.embedded.port to another port, or to 0 for any.',
      cause: error,
    });
  return new UsageError('mqtt-listen-failed', `the embedded broker cannot listen: ${errorMessage(error)}`, {
    where,
    cause: error,
  });
}

async function shutDown(server: Server, sockets: ReadonlySet<Socket>, aedes: Aedes): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  await closed(aedes);
  for (const socket of sockets) socket.destroy();
  await ended;
}

function closed(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => aedes.close(() => resolve()));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
