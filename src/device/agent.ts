import type { Cancel } from '../base/clock.ts';
import type { Operation } from '../base/description.ts';
import { UsageError } from '../base/errors.ts';
import { deviceUuid } from '../base/ids.ts';
import { checkDeviceTopic, statusTopic } from '../mqtt/topics.ts';
import { describedSuites } from '../mup/described-suites.ts';
import { suiteOf } from '../mup/signature-scheme.ts';
import { suiteName, suiteNames } from '../mup/suites.ts';
import { BootSession } from './boot-session.ts';
import type { DeviceEvent, DeviceEventListener } from './events.ts';
import { Firmware } from './firmware.ts';
import { checkManifestOperation } from './manifest-request.ts';
import type { DeviceAgentOptions } from './options.ts';
import { offlinePresence } from './presence.ts';

/** How long a device that could not boot waits before it tries again. */
const bootRetryMs = 10_000;

/**
 * A device: registers itself, answers the requests of its description, publishes measurements and takes
 * part in updates (mup-protocol §§1–3, profile `mup`).
 */
export class DeviceAgent {
  readonly #options: DeviceAgentOptions;
  readonly #listeners = new Set<DeviceEventListener>();
  readonly #lastInputs = new Map<string, readonly string[]>();
  #firmware: Firmware | undefined;
  #session: BootSession | undefined;
  #restarting: Promise<void> = Promise.resolve();
  #cancelBoot: Cancel = () => {};
  #closed = false;

  /**
   * @throws UsageError `profile-unsupported`, `manifest-operation-incomplete`, `suite-undescribed`; PeerError `bad-topic`,
   *   `bad-uuid` when the description is not one this agent can serve
   */
  constructor(options: DeviceAgentOptions) {
    checkDescription(options);
    checkSuite(options);
    this.#options = options;
  }

  /** Version of the firmware that runs; `undefined` before the first boot. */
  get version(): number | undefined {
    return this.#firmware?.record.version;
  }

  /** Inputs with which a generic operation was carried out last. */
  lastInputs(operation: Operation['name']): readonly string[] | undefined {
    return this.#lastInputs.get(operation);
  }

  /** Calls the listener on each event from now on. @returns what ends that */
  onEvent(listener: DeviceEventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Boots the device. Resolves when it has, which does not wait for the broker.
   * @throws UsageError `device-state-damaged`, `device-state-foreign`
   */
  async start(): Promise<void> {
    await this.#boot();
  }

  /** Says goodbye and ends; the state stays. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelBoot();
    await this.#restarting;
    await this.#shutDown();
    await this.#options.transport.close();
    await this.#options.store.close();
  }

  /** Begins with what the store holds, as after a loss of power. */
  async #boot(): Promise<Firmware> {
    const { store, description, deps } = this.#options;
    const factory = { ...this.#options, uuid: description.uuid };
    const firmware = await Firmware.open(store, factory, deps);
    this.#firmware = firmware;
    const interrupted = await firmware.boot();
    const session = new BootSession(
      this.#options,
      firmware,
      (event) => this.#emit(event),
      () => this.#restart(firmware),
    );
    this.#session = session;
    void session.start(interrupted);
    return firmware;
  }

  #restart(firmware: Firmware): void {
    this.#emit({ kind: 'restarting', version: firmware.record.version });
    this.#restarting = this.#shutDown().then(() => this.#bootAgain());
  }

  /** Boots, however often it takes: a full disk, say, may be so for a while. */
  async #bootAgain(): Promise<void> {
    const { logger, clock } = this.#options.deps;
    if (this.#closed) return;
    try {
      const { version } = (await this.#boot()).record;
      this.#emit({ kind: 'restarted', version });
    } catch (error) {
      logger.error('the device could not restart; it will try again', { error });
      this.#cancelBoot = clock.schedule(bootRetryMs, () => {
        this.#restarting = this.#bootAgain();
      });
    }
  }

  async #shutDown(): Promise<void> {
    const { transport, description, deps } = this.#options;
    await this.#session?.stop();
    this.#session = undefined;
    if (transport.state !== 'online') return;
    const topic = statusTopic(deviceUuid(description.uuid));
    await transport.publish(topic, offlinePresence, { qos: 1, retain: true }).catch((error: unknown) => {
      deps.logger.debug('the end of the presence was not published', { error });
    });
  }

  #emit(event: DeviceEvent): void {
    if (event.kind === 'state-changed') this.#lastInputs.set(event.operation.name, event.inputs);
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // A listener must not; one that does shall not stop an update.
        this.#options.deps.logger.error('a listener of the device failed', { event: event.kind, error });
      }
    }
  }
}

function checkDescription({ description }: DeviceAgentOptions): void {
  const uuid = deviceUuid(description.uuid);
  if (description.profile !== 'mup')
    throw new UsageError('profile-unsupported', `the description is of the profile ${description.profile}`, {
      where: 'mup:profile',
      hint: 'Add mup:profile mup to the description.',
    });
  for (const operation of description.operations) {
    checkDeviceTopic(operation.topic, uuid);
    checkDeviceTopic(operation.answerTopic, uuid, 'answer');
    checkMessages(operation);
    if (operation.role === 'manifest') checkManifestOperation(operation);
  }
}

/** A bridge offers keys and manifests of the described suites alone: the device could never be updated. */
function checkSuite({ description, vendorKey }: DeviceAgentOptions): void {
  const described = describedSuites(description);
  if (vendorKey === undefined || !description.operations.some(({ role }) => role === 'manifest')) return;
  const suite = suiteOf(vendorKey);
  if (described.includes(suite)) return;
  throw new UsageError(
    'suite-undescribed',
    `the vendor's key is of suite ${suiteName(suite)}, the description lists ${suiteNames(described, 'and')}`,
    { where: 'mup:Suite', hint: `Add "${suite}" to the values of the input that represents mup:Suite.` },
  );
}

/** The agent speaks the messages of mup-protocol §2 alone. */
function checkMessages({ name, encoding = 'fields', answered = 'response' }: Operation): void {
  if (encoding === 'fields' && answered === 'response') return;
  throw new UsageError(
    'encoding-unsupported',
    `the operation ${name} has messages that no device agent speaks`,
    {
      where: 'mup:encoding',
      hint: 'Leave mup:encoding and mup:answered out, or play the device otherwise.',
    },
  );
}
