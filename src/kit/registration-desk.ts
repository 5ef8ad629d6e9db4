import { decodeUtf8, utf8 } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/deferred.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { type AssemblyLimits, DescriptionAssembler } from '../mqtt/description-pieces.ts';
import { MynoAssembler } from '../mqtt/myno-pieces.ts';
import { descriptionStatusTopic, descriptionTopic, mynoAnswerTopic, mynoTopics } from '../mqtt/topics.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { type Endorsement, formatRegistrationAnswer, formatRegistrationError } from '../mup/endorsement.ts';
import { isSignedDescription, parseSignedDescription } from '../mup/signed-description.ts';

export interface RegistrationDeskOptions {
  readonly uuid: DeviceUuid;
  readonly transport: MqttTransport;
  readonly limits: AssemblyLimits;
  readonly clock: Clock;
  /** What a device of profile `mup` is answered with. */
  readonly endorsement: Endorsement;
}

/** A description that the device has sent. */
export interface Announcement {
  readonly bytes: Uint8Array;
}

/**
 * Takes the bridge's place where a device registers (mup-protocol §1), in both profiles: puts its pieces together and
 * answers them with the update server's key, or with what a check wants it answered with.
 */
export class RegistrationDesk {
  readonly #options: RegistrationDeskOptions;
  readonly #mup: DescriptionAssembler;
  readonly #myno: MynoAssembler;
  #leaves: readonly Unsubscribe[] = [];
  #endorsement: Endorsement;
  /** Text instead of the next answer. */
  #instead: string | undefined;
  #next = deferred<Announcement>();
  #last: Announcement | undefined;
  #sent: Uint8Array | undefined;

  constructor(options: RegistrationDeskOptions) {
    this.#options = options;
    this.#endorsement = options.endorsement;
    this.#mup = new DescriptionAssembler(options.limits);
    this.#myno = new MynoAssembler(options.limits);
  }

  /** Resolves when all topics are subscribed; those of the prototype may be shut. */
  async open(): Promise<void> {
    const { transport, uuid } = this.#options;
    const prototype = mynoTopics
      .filter(([, operation]) => operation === 'create' || operation === 'update')
      .map(async ([topic, operation]) => {
        const answerTopic = mynoAnswerTopic(operation, uuid);
        const taken = transport.subscribe(topic, 1, (message) => this.#takeMyno(message, answerTopic));
        return taken.catch(() => async () => {});
      });
    const own = transport.subscribe(descriptionTopic(uuid), 1, (message) => this.#takeMup(message));
    this.#leaves = await Promise.all([own, ...prototype]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#leaves.map((leave) => leave()));
  }

  /** The key that the desk answers with. */
  get endorsement(): Endorsement {
    return this.#endorsement;
  }

  /** The last description that came, in full. */
  get last(): Announcement | undefined {
    return this.#last;
  }

  /** What a device of profile `mup` has sent of itself last, a digest perhaps, with the signature before it. */
  get sent(): Uint8Array | undefined {
    return this.#sent;
  }

  /** From now on the desk answers with another key. */
  serve(endorsement: Endorsement): void {
    this.#endorsement = endorsement;
  }

  /** The next registration is answered with this text. */
  answerOnce(text: string): void {
    this.#instead = text;
  }

  /** No registration is answered with another text any more. */
  answerAsUsual(): void {
    this.#instead = undefined;
  }

  /** Sends the answer that is due, as if the device had asked. */
  async answer(): Promise<void> {
    await this.#say(formatRegistrationAnswer(this.#endorsement));
  }

  /** Resolves when the device has described itself, from now on, and was answered. */
  next(): Promise<Announcement> {
    return this.#next.promise;
  }

  #takeMup(message: MqttMessage): void {
    const { uuid, clock } = this.#options;
    if (message.retain) return;
    const result = this.#mup.push(uuid, message.payload, clock.monotonic());
    if (result.kind === 'incomplete') return;
    if (result.kind === 'error') {
      void this.#say(formatRegistrationError(result.code, result.text));
      return;
    }
    this.#sent = result.bytes;
    const octets = unsigned(result.bytes);
    const isDigest = decodeUtf8(octets.subarray(0, 7)) === 'sha256:';
    if (isDigest && this.#last === undefined) {
      void this.#say(formatRegistrationError('unknown-digest', 'send the description'));
      return;
    }
    const instead = this.#instead;
    this.#instead = undefined;
    void this.#say(instead ?? formatRegistrationAnswer(this.#endorsement)).then(() =>
      this.#announced(isDigest ? undefined : { bytes: octets }),
    );
  }

  #takeMyno(message: MqttMessage, answerTopic: string): void {
    const { uuid, clock, transport } = this.#options;
    if (message.retain) return;
    const result = this.#myno.push(message, clock.monotonic());
    if (result.kind !== 'complete' || result.uuid !== uuid) return;
    void transport
      .publish(answerTopic, utf8('OK'))
      .catch(() => {})
      .then(() => this.#announced({ bytes: result.bytes }));
  }

  /** Without a connection nobody is answered: the device asks again. */
  async #say(text: string): Promise<void> {
    const { transport, uuid } = this.#options;
    await transport.publish(descriptionStatusTopic(uuid), utf8(text)).catch(() => {});
  }

  #announced(described: Announcement | undefined): void {
    this.#last = described ?? this.#last;
    const told = this.#next;
    this.#next = deferred();
    if (this.#last !== undefined) told.resolve(this.#last);
  }
}

/**
 * A description without the signature before it (ADR 29): whose it is matters to a bridge that keeps it. What cannot be read
 * stays as it is, and reading the description says so.
 */
function unsigned(bytes: Uint8Array): Uint8Array {
  if (!isSignedDescription(bytes)) return bytes;
  try {
    return parseSignedDescription(bytes).octets;
  } catch {
    return bytes;
  }
}
