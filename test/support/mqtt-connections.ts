import { systemClock, systemRandom } from '../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { type Logger, silentLogger } from '../../src/base/logger.ts';
import { type ConnectMqttConfig, connectMqtt } from '../../src/mqtt/adapters/mqtt-js.ts';
import type { MqttMessage, MqttTransport, TransportState } from '../../src/mqtt/transport.ts';

/** The default configuration, reconnecting quickly. */
export const quickMqttConfig = { ...defaultConfig.mqtt, reconnectMinMs: 20, reconnectMaxMs: 100 };

/** The transports a test opened, so that they are closed after it. */
export class MqttConnections {
  readonly #open: MqttTransport[] = [];

  connect(
    url: string,
    config: Partial<ConnectMqttConfig> = {},
    logger: Logger = silentLogger,
    trace?: Logger,
  ): MqttTransport {
    const transport = connectMqtt(
      { ...quickMqttConfig, url, ...config },
      { logger, clock: systemClock, random: systemRandom, ...(trace === undefined ? {} : { trace }) },
    );
    this.#open.push(transport);
    return transport;
  }

  /** Connects and waits until it is online. */
  async online(...args: Parameters<MqttConnections['connect']>): Promise<MqttTransport> {
    const transport = this.connect(...args);
    await untilState(transport, 'online');
    return transport;
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((transport) => transport.close()));
  }
}

/** Resolves when the transport is in a state. */
export async function untilState(transport: MqttTransport, wanted: TransportState): Promise<void> {
  if (transport.state === wanted) return;
  await new Promise<void>((resolve) => {
    const stop = transport.onState((state) => {
      if (state !== wanted) return;
      stop();
      resolve();
    });
  });
}

/** Messages of a filter, to be awaited one by one. */
export class Inbox {
  readonly received: MqttMessage[] = [];
  #waiters: (() => void)[] = [];

  static async open(transport: MqttTransport, filter: string): Promise<Inbox> {
    const inbox = new Inbox();
    await transport.subscribe(filter, 1, (message) => {
      inbox.received.push(message);
      for (const wake of inbox.#waiters.splice(0)) wake();
    });
    return inbox;
  }

  /** Resolves when the given number of messages has come in all. */
  async count(wanted: number): Promise<MqttMessage[]> {
    while (this.received.length < wanted) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    return this.received;
  }

  texts(): string[] {
    return this.received.map(({ payload }) => new TextDecoder().decode(payload));
  }
}
