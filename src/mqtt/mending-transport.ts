import { uint32FromBytes } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import type { MqttConfig } from '../base/config.ts';
import { errorCode, errorMessage, UnavailableError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { RandomBytes } from '../base/random.ts';
import type { Link, LinkEnd, LinkLimits, OpenLink } from './link.ts';
import { type Subscription, Subscriptions } from './subscriptions.ts';
import { checkTopicFilter } from './topics.ts';
import type {
  MqttMessage,
  MqttTransport,
  PublishOptions,
  Qos,
  TransportState,
  Unsubscribe,
} from './transport.ts';

/** A broker that does not answer must not keep whoever leaves a topic: the bridge could not end. */
const unsubscribeTimeoutMs = 1000;

type StateListener = (state: TransportState, reason?: UnavailableError) => void;

/**
 * An {@link MqttTransport} out of connections that do not mend themselves. Each round tries MQTT 5 and,
 * where the broker answers and does not take it, 3.1.1; rounds follow each other with growing, jittered
 * delays. It is `online` once all subscriptions stand again.
 */
export class MendingTransport implements MqttTransport {
  readonly #open: OpenLink;
  readonly #config: Pick<MqttConfig, 'reconnectMinMs' | 'reconnectMaxMs' | 'connectTimeoutMs'>;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #logger: Logger;
  readonly #subscriptions: Subscriptions;
  readonly #listeners = new Set<StateListener>();
  #state: TransportState = 'connecting';
  #version: 4 | 5 = 5;
  #maximumPacketSize = Number.POSITIVE_INFINITY;
  #link: Link | undefined;
  #limits: LinkLimits | undefined;
  #failures = 0;
  #onlineSince = 0;
  #lastReason = '';
  #cancelTimer: Cancel = () => {};

  constructor(deps: {
    readonly open: OpenLink;
    readonly config: Pick<MqttConfig, 'reconnectMinMs' | 'reconnectMaxMs' | 'connectTimeoutMs'>;
    readonly clock: Clock;
    readonly random: RandomBytes;
    readonly logger: Logger;
  }) {
    this.#open = deps.open;
    this.#config = deps.config;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#logger = deps.logger;
    this.#subscriptions = new Subscriptions(deps.logger);
    this.#connect(5);
  }

  get state(): TransportState {
    return this.#state;
  }

  get protocolVersion(): 4 | 5 {
    return this.#version;
  }

  get maximumPacketSize(): number {
    return this.#maximumPacketSize;
  }

  publish(topic: string, payload: Uint8Array, options: PublishOptions = {}): Promise<void> {
    if (this.#state !== 'online' || this.#link === undefined)
      return Promise.reject(offline(this.#lastReason));
    return this.#link.publish(topic, payload, options);
  }

  async subscribe(filter: string, qos: Qos, handler: (message: MqttMessage) => void): Promise<Unsubscribe> {
    if (this.#state === 'closed') throw offline('it was closed');
    checkTopicFilter(filter);
    const subscription = this.#subscriptions.want(filter, qos);
    const subscriber = { handler };
    subscription.subscribers.add(subscriber);
    const granted =
      this.#state === 'online' && subscription.standing === 'granted'
        ? Promise.resolve()
        : subscription.told();
    if (this.#limits !== undefined && subscription.standing === 'absent') void this.#ask(subscription);
    const leave: Unsubscribe = async () => {
      if (subscription.subscribers.delete(subscriber) && subscription.subscribers.size === 0)
        await this.#abandon(subscription);
    };
    try {
      await granted;
    } catch (error) {
      await leave();
      throw error;
    }
    return leave;
  }

  onState(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const link = this.#link;
    this.#cancelTimer();
    this.#become('closed');
    this.#listeners.clear();
    for (const subscription of this.#subscriptions.all()) subscription.refuse(offline('it was closed'));
    await link?.close();
    this.#link = undefined;
    this.#limits = undefined;
  }

  #connect(version: 4 | 5): void {
    // Events of a connection that is not the present one any more are void.
    let link: Link | undefined;
    const current = (): boolean => this.#link === link && this.#state !== 'closed';
    link = this.#open(version, {
      connected: (limits) => {
        if (current()) void this.#connected(version, limits);
      },
      message: (message, ids) => {
        if (current()) this.#subscriptions.dispatch(message, ids);
      },
      ended: (end) => {
        if (current()) this.#ended(version, end);
      },
    });
    this.#link = link;
  }

  async #connected(version: 4 | 5, limits: LinkLimits): Promise<void> {
    const link = this.#link;
    this.#version = version;
    this.#limits = limits;
    this.#maximumPacketSize = limits.maximumPacketSize;
    const wanted = this.#subscriptions.all();
    this.#cancelTimer = this.#clock.schedule(this.#config.connectTimeoutMs, () =>
      link?.destroy('the broker did not grant the subscriptions in time'),
    );
    await Promise.all(wanted.map((subscription) => this.#ask(subscription)));
    if (this.#link !== link || this.#limits !== limits || this.#state === 'closed') return;
    this.#cancelTimer();
    this.#lastReason = '';
    this.#onlineSince = this.#clock.monotonic();
    this.#logger.info('connected to the MQTT broker', { mqttVersion: version === 5 ? '5' : '3.1.1' });
    this.#become('online');
    for (const subscription of this.#subscriptions.all())
      if (subscription.standing === 'granted') subscription.tell();
  }

  /** Asks the broker for a subscription; what it answers is told to whoever waits for it. */
  async #ask(subscription: Subscription): Promise<void> {
    const link = this.#link;
    if (link === undefined) return;
    subscription.standing = 'asked';
    const id = this.#limits?.subscriptionIdentifiers === true ? subscription.id : undefined;
    try {
      await link.subscribe(subscription.filter, subscription.qos, id);
      if (this.#link !== link || subscription.standing !== 'asked') return;
      subscription.standing = 'granted';
      // Before, whoever waits could not publish yet.
      if (this.#state === 'online') subscription.tell();
    } catch (error) {
      if (this.#link !== link || errorCode(error) === 'mqtt-lost') return;
      if (!subscription.refuse(error))
        this.#logger.warn('the broker refuses a subscription that it granted before', {
          filter: subscription.filter,
          error: errorMessage(error),
        });
    }
  }

  async #abandon(subscription: Subscription): Promise<void> {
    const { standing, filter } = subscription;
    this.#subscriptions.delete(subscription);
    if (standing === 'absent' || this.#limits === undefined || this.#state === 'closed') return;
    const leaving = this.#link?.unsubscribe(filter).catch((error: unknown) => {
      this.#logger.debug('unsubscribing failed', { filter, error: errorMessage(error) });
    });
    await this.#inTime(leaving, unsubscribeTimeoutMs);
  }

  /** Waits for a promise that never rejects, and no longer than that. */
  async #inTime(promise: Promise<void> | undefined, timeoutMs: number): Promise<void> {
    let cancel: Cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.schedule(timeoutMs, resolve);
    });
    await Promise.race([promise, late]);
    cancel();
  }

  #ended(version: 4 | 5, end: LinkEnd): void {
    const before = this.#state;
    const wasConnected = this.#limits !== undefined;
    this.#cancelTimer();
    this.#link = undefined;
    this.#limits = undefined;
    for (const subscription of this.#subscriptions.all()) subscription.standing = 'absent';
    if (version === 5 && !wasConnected && end.reached && !end.refused) {
      this.#logger.debug('the broker does not take MQTT 5, trying 3.1.1', { reason: end.reason });
      this.#connect(4);
      return;
    }
    if (before === 'online' && this.#clock.monotonic() - this.#onlineSince >= this.#config.reconnectMaxMs)
      this.#failures = 0;
    this.#report(before, end.reason);
    this.#cancelTimer = this.#clock.schedule(this.#delay(), () => this.#connect(5));
    this.#failures += 1;
    if (before !== 'offline')
      this.#become(
        'offline',
        new UnavailableError('mqtt-offline', `no connection to the broker: ${end.reason}`),
      );
  }

  /** An outage is told once, and again when its reason changes. */
  #report(before: TransportState, reason: string): void {
    const message = before === 'online' ? 'lost the MQTT broker' : 'cannot connect to the MQTT broker';
    if (reason === this.#lastReason) this.#logger.debug(message, { reason });
    else this.#logger.warn(`${message}; trying again`, { reason });
    this.#lastReason = reason;
  }

  /** Doubles from `reconnectMinMs` to `reconnectMaxMs`; somewhere in its upper half, so that clients spread. */
  #delay(): number {
    const { reconnectMinMs, reconnectMaxMs } = this.#config;
    const full = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(this.#failures, 30));
    return full * (0.5 + (uint32FromBytes(this.#random(4)) ?? 0) / 2 ** 33);
  }

  #become(state: TransportState, reason?: UnavailableError): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) {
      try {
        listener(state, reason);
      } catch (error) {
        this.#logger.error('listener of the MQTT connection failed', { error: errorMessage(error) });
      }
    }
  }
}

function offline(reason: string): UnavailableError {
  return new UnavailableError(
    'mqtt-offline',
    `there is no connection to the MQTT broker${reason === '' ? '' : `: ${reason}`}`,
    { hint: 'The connection is being mended; check mqtt.url and the broker if this goes on.' },
  );
}
