import { decodeUtf8, utf8 } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import { assertNever } from '../base/errors.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { RandomBytes } from '../base/random.ts';
import { encodePieces } from '../mqtt/description-pieces.ts';
import { descriptionStatusTopic, descriptionTopic } from '../mqtt/topics.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { type Endorsement, parseRegistrationAnswer } from '../mup/endorsement.ts';
import type { DeviceEventListener } from './events.ts';
import { type Announcement, Registration, type RegistrationLimits } from './registration.ts';

export interface RegistrarOptions {
  readonly uuid: DeviceUuid;
  /** The description as it is, `%s` and all. */
  readonly description: Uint8Array;
  /** Digest of the description's template, to announce it first instead of the description. */
  readonly announceDigest: Digest | undefined;
  /** Signs what is sent of the description, where the device has a key of its own. May reject. */
  readonly sign: (octets: Uint8Array) => Promise<Uint8Array>;
  /** Octets of description in one piece. */
  readonly pieceBytes: number;
  readonly limits: RegistrationLimits;
  readonly transport: MqttTransport;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly emit: DeviceEventListener;
  /**
   * Takes the update server's key that came with an answer.
   * @returns `false` when the key is none that the device may take: whoever has sent it is not its bridge, as
   *   far as the device can tell
   */
  readonly offerKey: (offered: Endorsement) => Promise<boolean>;
  /** Takes a key that comes when the device is registered. Never rejects. */
  readonly offerUnasked: (offered: Endorsement) => Promise<void>;
}

/** Octets of an answer that is looked at; a key and a text for people fit many times. */
const maxAnswerBytes = 4096;

/**
 * Keys that are looked at for one announcement. Each may cost the check of a signature, and whoever may publish
 * on the answer's topic can send any number.
 */
const maxOffers = 8;

/** The code of a bridge that has the description and waits for a user to accept the device. */
const pending = 'pending';

/** Why the device itself does not take an answer. */
const foreignKey = 'foreign-key';

/** Publishes the description and takes the bridge's answer (mup-protocol §1). */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #registration: Registration;
  #unsubscribe: Unsubscribe | undefined;
  #cancelTick: Cancel | undefined;
  /** Counts announcements: pieces of an earlier one are not published any more. */
  #announcements = 0;
  /** Keys that wait to be checked. */
  readonly #offered: Endorsement[] = [];
  /** A key is being checked and kept. */
  #taking = false;
  /** Keys that came since the last announcement. */
  #offers = 0;
  #stopped = false;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    const { announceDigest, random, limits } = options;
    this.#registration = new Registration({ digestFirst: announceDigest !== undefined, random, limits });
  }

  /**
   * Resolves when the topic of the answer is subscribed.
   * @throws PeerError `mqtt-refused`
   */
  async start(): Promise<void> {
    const { transport, uuid } = this.#options;
    this.#unsubscribe = await transport.subscribe(descriptionStatusTopic(uuid), 1, (message) =>
      this.#receive(message),
    );
    if (this.#stopped) await this.stop();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.disconnected();
    const unsubscribe = this.#unsubscribe;
    this.#unsubscribe = undefined;
    await unsubscribe?.();
  }

  /** The connection stands, for the first time or again. */
  connected(): void {
    if (!this.#stopped) this.#announce(this.#registration.connected(this.#options.clock.monotonic()));
  }

  disconnected(): void {
    this.#announcements += 1;
    this.#registration.disconnected();
    this.#cancelTick?.();
  }

  #announce(announcement: Announcement | undefined): void {
    this.#scheduleTick();
    if (announcement === undefined) return;
    const { description, announceDigest } = this.#options;
    this.#announcements += 1;
    this.#offers = 0;
    const bytes = announcement === 'digest' ? utf8(`sha256:${announceDigest}`) : description;
    void this.#publish(bytes, this.#announcements);
  }

  async #publish(octets: Uint8Array, announcement: number): Promise<void> {
    const { transport, uuid, logger, sign, pieceBytes } = this.#options;
    try {
      for (const piece of encodePieces(await sign(octets), pieceBytes)) {
        if (announcement !== this.#announcements) return;
        await transport.publish(descriptionTopic(uuid), piece, { qos: 1 });
      }
    } catch (error) {
      // The next attempt comes with the next connection, or when the wait for the answer is over.
      logger.debug('the description was not published', { error });
    }
  }

  #scheduleTick(): void {
    const { clock } = this.#options;
    this.#cancelTick?.();
    const { wakeAt } = this.#registration;
    if (wakeAt === undefined) return;
    this.#cancelTick = clock.schedule(Math.max(0, wakeAt - clock.monotonic()), () => {
      this.#announce(this.#registration.tick(clock.monotonic()));
    });
  }

  #receive({ payload, retain }: MqttMessage): void {
    const { state } = this.#registration;
    if (this.#stopped || retain || state === 'idle') return;
    const text = payload.length > maxAnswerBytes ? undefined : decodeUtf8(payload);
    const answer = parseRegistrationAnswer(text ?? '');
    if (state === 'registered') {
      // Not asked for: nothing but another key is looked at, since it may cost the check of a signature.
      if (answer.kind === 'registered') void this.#options.offerUnasked(answer.endorsement);
      return;
    }
    switch (answer.kind) {
      case 'registered':
        void this.#accepted(answer.endorsement);
        return;
      case 'refused':
        this.#refused(answer.code, answer.text);
        return;
      case 'malformed':
        this.#options.logger.warn('the answer to the description is malformed');
        return;
      default:
        assertNever(answer);
    }
  }

  /** Answers are taken one after the other until one holds: a bridge may announce more than one key (ADR 27). */
  async #accepted(endorsement: Endorsement): Promise<void> {
    if (this.#offers >= maxOffers) return;
    this.#offers += 1;
    this.#offered.push(endorsement);
    if (this.#taking) return;
    this.#taking = true;
    let taken = false;
    for (let next = this.#offered.shift(); next !== undefined && !taken; next = this.#offered.shift())
      taken = await this.#take(next);
    this.#offered.length = 0;
    this.#taking = false;
  }

  /**
   * A device that could not keep the key asks again: without it, it would refuse every update. So does one
   * that was offered a key which it must not take: its bridge's own answer counts whenever it comes.
   */
  async #take(endorsement: Endorsement): Promise<boolean> {
    const { offerKey, emit, logger, clock } = this.#options;
    try {
      const holds = await offerKey(endorsement);
      // Who has ended announces nothing any more.
      if (this.#stopped) return holds;
      if (!holds) {
        this.#registration.refused(foreignKey, clock.monotonic());
        this.#scheduleTick();
        return false;
      }
    } catch (error) {
      logger.error("the update server's key could not be kept; the device will ask for it again", { error });
      return false;
    }
    this.#registration.accepted();
    this.#scheduleTick();
    logger.info('the device is registered');
    emit({ kind: 'registered' });
    return true;
  }

  #refused(code: string, text: string): void {
    const { emit, logger, clock } = this.#options;
    const next = this.#registration.refused(code, clock.monotonic());
    if (code === pending) {
      logger.info('the device waits until a user of the bridge accepts it');
      emit({ kind: 'registration-pending', text });
    } else if (next === undefined) {
      logger.warn('the bridge refused the description', { code, text });
      emit({ kind: 'registration-refused', code, text });
    }
    this.#announce(next);
  }
}
