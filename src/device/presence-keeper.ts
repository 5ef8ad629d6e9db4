import { equalBytes } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { statusTopic } from '../mqtt/topics.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { offlinePresence } from './presence.ts';

/** How often the device contradicts: whoever may publish on its status topic can say any number of times that it is gone. */
const intervalMs = 10_000;

export interface PresenceKeeperOptions {
  readonly uuid: DeviceUuid;
  readonly transport: MqttTransport;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the device says of itself now. */
  readonly online: () => Uint8Array;
}

/**
 * Says that the device is there (mup-protocol §1), and says so again when `offline` comes while it is: of the will of an
 * earlier connection, which a broker may publish late, or of somebody else.
 */
export class PresenceKeeper {
  readonly #options: PresenceKeeperOptions;
  #unsubscribe: Unsubscribe = async () => {};
  #cancel: Cancel | undefined;
  #contradictedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: PresenceKeeperOptions) {
    this.#options = options;
  }

  /** Resolves when it hears what is said of the device, or when the broker does not let it: then nobody else says anything. */
  async start(): Promise<void> {
    const { transport, uuid, logger } = this.#options;
    try {
      this.#unsubscribe = await transport.subscribe(statusTopic(uuid), 1, (message) => this.#heard(message));
    } catch (error) {
      logger.debug('the device does not hear what is said of its presence', { error });
    }
    if (this.#stopped) await this.#unsubscribe();
  }

  /** Says nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#unsubscribe();
  }

  /** Says that the device is there. */
  async publish(): Promise<void> {
    if (this.#stopped) return;
    const { transport, uuid, logger, online } = this.#options;
    try {
      await transport.publish(statusTopic(uuid), online(), { qos: 1, retain: true });
    } catch (error) {
      logger.warn('the presence of the device was not published', { error });
    }
  }

  /** What the broker had kept was said before the device came. */
  #heard({ payload, retain }: MqttMessage): void {
    if (retain || this.#stopped || this.#cancel !== undefined || !equalBytes(payload, offlinePresence))
      return;
    const { clock, logger, transport } = this.#options;
    const wait = Math.max(0, this.#contradictedAt + intervalMs - clock.monotonic());
    this.#cancel = clock.schedule(wait, () => {
      this.#cancel = undefined;
      // It is said with the next connection.
      if (transport.state !== 'online') return;
      this.#contradictedAt = clock.monotonic();
      logger.warn('somebody says that the device is offline; it says that it is not');
      void this.publish();
    });
  }
}
