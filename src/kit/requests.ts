import { decodeUtf8Lossy } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { DeviceDescription, Operation, OperationRole } from '../base/description.ts';
import { errorMessage, InternalError } from '../base/errors.ts';
import { printable } from '../base/printable.ts';
import type { RandomBytes } from '../base/random.ts';
import { RequestIds } from '../mqtt/request-ids.ts';
import { decodeResponse, encodeRequest, type RpcResponse } from '../mqtt/rpc-codec.ts';
import type { MqttMessage, MqttTransport, PublishOptions } from '../mqtt/transport.ts';
import { CheckFailure, CheckSkipped } from './check.ts';
import { Inbox } from './inbox.ts';

export interface RequestsOptions {
  readonly description: DeviceDescription;
  readonly transport: MqttTransport;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** An answer as it came, and as it reads. */
export interface Answer {
  readonly message: MqttMessage;
  readonly response: RpcResponse;
}

/** What of a request is to be other than usual. */
export interface RequestChanges {
  readonly id?: string;
  readonly method?: string;
  readonly options?: PublishOptions;
}

/** Requests to the device, as a bridge sends them over MQTT 3.1.1: without properties (mup-protocol §2). */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #ids: RequestIds;
  readonly #answers: ReadonlyMap<string, Inbox>;

  private constructor(options: RequestsOptions, answers: ReadonlyMap<string, Inbox>) {
    this.#options = options;
    this.#answers = answers;
    this.#ids = new RequestIds(options.random);
  }

  /** Resolves when all topics of answers are subscribed. */
  static async open(options: RequestsOptions): Promise<Requests> {
    const { description, transport, clock } = options;
    const topics = [...new Set(description.operations.map(({ answerTopic }) => answerTopic))];
    const inboxes = topics.map(
      async (topic) => [topic, await Inbox.open(transport, topic, 1, clock)] as const,
    );
    return new Requests(options, new Map(await Promise.all(inboxes)));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#answers.values()].map((inbox) => inbox.close()));
  }

  /** @throws CheckSkipped when the device describes no such operation */
  operation(role: OperationRole): Operation {
    const found = this.#options.description.operations.find((one) => one.role === role);
    if (found === undefined) throw new CheckSkipped(`the device describes no ${role} operation`);
    return found;
  }

  /** A request id that was not used before. */
  nextId(): string {
    return this.#ids.next(this.#options.description.profile);
  }

  /** One request, and the answer to it. @throws CheckFailure when none comes in time */
  async ask(
    operation: Operation,
    inputs: readonly string[],
    timeoutMs: number,
    changes: RequestChanges = {},
  ): Promise<Answer> {
    const id = changes.id ?? this.nextId();
    await this.send(operation, inputs, { ...changes, id });
    const answer = await this.answer(operation, id, timeoutMs);
    if (answer !== undefined) return answer;
    const method = printable(changes.method ?? operation.mqttMethod).slice(0, 80);
    throw new CheckFailure(`an answer to ${method}`, `none in ${timeoutMs} ms`);
  }

  /** Sends a request and waits for nothing. */
  async send(operation: Operation, inputs: readonly string[], changes: RequestChanges): Promise<void> {
    const { description, transport } = this.#options;
    const { id = this.nextId(), method = operation.mqttMethod, options } = changes;
    const payload = encodeRequest({ id, method, inputs, profile: description.profile });
    await transport.publish(operation.topic, payload, options);
  }

  /** The next answer with that id, or `undefined` when none comes in time. */
  answer(operation: Operation, id: string, timeoutMs: number): Promise<Answer | undefined> {
    return this.#inbox(operation).take((message) => {
      const response = this.#decoded(message);
      return response.id === id ? { message, response } : undefined;
    }, timeoutMs);
  }

  /** Which of these ids an answer brings first, or `undefined` when none comes in time. */
  async either(operation: Operation, ids: readonly string[], timeoutMs: number): Promise<string | undefined> {
    return this.#inbox(operation).take((message) => {
      const { id } = this.#decoded(message);
      return ids.includes(id) ? id : undefined;
    }, timeoutMs);
  }

  #inbox({ answerTopic }: Operation): Inbox {
    const inbox = this.#answers.get(answerTopic);
    if (inbox === undefined) throw new InternalError(`nobody listens on ${answerTopic}`);
    return inbox;
  }

  #decoded({ payload }: MqttMessage): RpcResponse {
    try {
      return decodeResponse(payload, this.#options.description.profile);
    } catch (error) {
      const shown = printable(decodeUtf8Lossy(payload.subarray(0, 80)));
      throw new CheckFailure(
        'an answer that can be read',
        `${JSON.stringify(shown)}: ${errorMessage(error)}`,
      );
    }
  }
}
