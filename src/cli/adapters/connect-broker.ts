import { systemClock, systemRandom } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import type { Logger } from '../../base/logger.ts';
import type { EmbeddedBroker } from '../../mqtt/adapters/aedes-broker.ts';
import { connectMqtt } from '../../mqtt/adapters/mqtt-js.ts';
import type { MqttTransport } from '../../mqtt/transport.ts';
import type { Cleanup } from './cleanup.ts';

/** Connects to the configured broker, or to one of our own where none is configured. */
export async function connectBroker(
  config: Config,
  logger: Logger,
  cleanup: Cleanup,
): Promise<{ readonly transport: MqttTransport; readonly url: string }> {
  const own = config.mqtt.url === '';
  const broker = own ? await ownBroker(config, logger) : undefined;
  if (broker !== undefined) cleanup.add(() => broker.close());
  const url = broker?.url ?? config.mqtt.url;
  const transport = connectMqtt(
    { ...config.mqtt, url },
    {
      logger: logger.child({ component: 'mqtt' }),
      clock: systemClock,
      random: systemRandom,
      ...(config.log.wireTrace.includes('mqtt') ? { trace: logger.child({ wire: 'mqtt' }) } : {}),
    },
  );
  cleanup.add(() => transport.close());
  return { transport, url };
}

/** Its code is loaded here, and not at each start of a bridge that has no need of it. */
async function ownBroker({ mqtt }: Config, logger: Logger): Promise<EmbeddedBroker> {
  const { startBroker } = await import('../../mqtt/adapters/aedes-broker.ts');
  return startBroker(mqtt.embedded, { logger: logger.child({ component: 'broker' }) });
}
