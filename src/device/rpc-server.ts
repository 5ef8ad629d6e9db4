import type { DeviceDescription, Operation } from '../base/description.ts';
import { errorMessage, PeerError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { decodeRequest, encodeResponse, type RpcRequest } from '../mqtt/rpc-codec.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { stateOf } from './fields.ts';

/** What an operation answers a request with. */
export interface Answer {
  /** As the operation's description spells it. */
  readonly state: string;
  readonly outputs: readonly string[];
}

/** Sends the answer to a request; only the first one counts. Never rejects. */
export type Respond = (answer: Answer) => Promise<void>;

/** Carries out a request. Its promise resolves when all is done that follows from it. */
export type RequestHandler = (
  operation: Operation,
  inputs: readonly string[],
  respond: Respond,
) => Promise<void>;

export interface RpcServerOptions {
  readonly description: DeviceDescription;
  readonly transport: MqttTransport;
  readonly logger: Logger;
  readonly handle: RequestHandler;
}

/** Requests that are carried out at the same time; more are dropped, and the bridge's deadline answers. */
const maxInFlight = 64;

/**
 * Takes the requests of all operations of a description and answers them (mup-protocol §2). A message that
 * is no request of an operation on its topic is dropped, or answered with an error if it names another
 * method.
 */
export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #unsubscribes: Unsubscribe[] = [];
  #inFlight = 0;
  #dropped = 0;
  #stopped = false;

  constructor(options: RpcServerOptions) {
    this.#options = options;
  }

  /** Messages that were dropped: malformed, retained, or too many at once. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Resolves when all request topics are subscribed.
   * @throws PeerError `mqtt-refused`
   */
  async start(): Promise<void> {
    const { description, transport } = this.#options;
    const topics = new Set(description.operations.map(({ topic }) => topic));
    await Promise.all([...topics].map((topic) => this.#subscribe(transport, topic)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#unsubscribes.splice(0).map((unsubscribe) => unsubscribe()));
  }

  async #subscribe(transport: MqttTransport, topic: string): Promise<void> {
    const unsubscribe = await transport.subscribe(topic, 1, (message) => this.#receive(topic, message));
    if (this.#stopped) await unsubscribe();
    else this.#unsubscribes.push(unsubscribe);
  }

  #receive(topic: string, message: MqttMessage): void {
    if (this.#stopped) return;
    const request = this.#requestIn(topic, message);
    if (request === undefined) return;
    const onTopic = this.#options.description.operations.filter((operation) => operation.topic === topic);
    const operation = onTopic.find(({ mqttMethod }) => mqttMethod === request.method);
    const responder = operation ?? onTopic[0];
    if (responder === undefined) return;
    this.#inFlight += 1;
    void this.#serve(operation, responder, request, message).finally(() => {
      this.#inFlight -= 1;
    });
  }

  #requestIn(topic: string, { payload, retain }: MqttMessage): RpcRequest | undefined {
    try {
      // A retained request would be carried out again after each reconnect.
      if (retain) throw new PeerError('retained-request', 'it is retained');
      if (this.#inFlight >= maxInFlight) throw new PeerError('too-many-requests', 'too many at once');
      return decodeRequest(payload, this.#options.description.profile);
    } catch (error) {
      this.#drop(topic, errorMessage(error));
      return undefined;
    }
  }

  #drop(topic: string, reason: string): void {
    this.#dropped += 1;
    this.#options.logger.debug('a message was dropped', { topic, reason });
  }

  async #serve(
    operation: Operation | undefined,
    responder: Operation,
    request: RpcRequest,
    message: MqttMessage,
  ): Promise<void> {
    const failure = { state: stateOf(responder, '12_ERROR'), outputs: [] };
    let answered = false;
    const respond: Respond = async (answer) => {
      if (answered || this.#stopped) return;
      answered = true;
      await this.#publish(responder, request, message, answer);
    };
    try {
      if (operation !== undefined) await this.#options.handle(operation, request.inputs, respond);
      else this.#drop(responder.topic, 'no operation on this topic has its method');
    } catch (error) {
      this.#options.logger.error('a request failed', { operation: responder.name, error });
    }
    await respond(failure);
  }

  /**
   * Answers on the operation's own answer topic, whatever Response Topic a request brings: it is where the
   * bridge listens, and a device that publishes wherever it is told to would be a tool for attackers.
   */
  async #publish(
    operation: Operation,
    { id }: RpcRequest,
    { correlationData }: MqttMessage,
    answer: Answer,
  ): Promise<void> {
    const { description, transport, logger } = this.#options;
    try {
      const payload = encodeResponse({ id, ...answer, profile: description.profile });
      await transport.publish(
        operation.answerTopic,
        payload,
        correlationData === undefined ? {} : { correlationData },
      );
    } catch (error) {
      logger.warn('an answer could not be sent', { operation: operation.name, error });
    }
  }
}
