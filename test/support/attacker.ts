import type { MqttClient } from 'mqtt';
import {
  decodeRequest,
  decodeResponse,
  type RpcRequest,
  type RpcResponse,
} from '../../src/mqtt/rpc-codec.ts';

/** Reason Code 0x87 of MQTT 5 §3.4.2.1, and all that are errors. */
const firstError = 0x80;

/** The broker did not take what the attacker published: the attack ends there. */
export class RefusedByBroker extends Error {
  constructor(topic: string, reason: number) {
    const code = `0x${reason.toString(16)}`;
    super(`broker: PUBACK ${code}${reason === 0x87 ? ' Not authorized' : ''} on \`${topic}\``);
  }
}

/** A message that passed the broker. */
export interface WireMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
}

/** All that passes the broker, as one of its clients hears it by `#`. */
export class Wire {
  readonly messages: WireMessage[] = [];
  readonly #waiting: (() => void)[] = [];

  private constructor(client: MqttClient) {
    client.on('message', (topic, payload, { retain }) => {
      this.messages.push({ topic, payload, retain });
      for (const resume of this.#waiting.splice(0)) resume();
    });
  }

  /** Resolves when the broker has granted it. */
  static async tap(client: MqttClient): Promise<Wire> {
    const wire = new Wire(client);
    await client.subscribeAsync('#', { qos: 1 });
    return wire;
  }

  /** The first message since `from` that is wanted, heard already or still to come. */
  async next(topic: string, wanted: (message: WireMessage) => boolean, from = 0): Promise<WireMessage> {
    for (;;) {
      const found = this.messages.slice(from).find((one) => one.topic === topic && wanted(one));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The last request that was made on a topic. */
  lastRequest(topic: string, method: string): RpcRequest {
    const requests = this.messages
      .filter((message) => message.topic === topic)
      .map(({ payload }) => decodeRequest(payload, 'mup'))
      .filter((request) => request.method === method);
    const last = requests.at(-1);
    if (last === undefined) throw new Error(`nobody has sent ${method} on ${topic}`);
    return last;
  }
}

/** Which of the procedures of an update is called (mup-protocol §3). */
const procedures = {
  token: { prefix: 'mup/token', method: 'GET-DEVICE-TOKEN' },
  manifest: { prefix: 'mup/manifest', method: 'SEND-EXTENDED-MANIFEST' },
  firmware: { prefix: 'mup/firmware', method: 'SEND-FIRMWARE-IMAGE' },
} as const;

export type Procedure = keyof typeof procedures;

/** A client of the broker that publishes whatever it likes, as whoever it likes. */
export class Attacker {
  readonly #client: MqttClient;
  readonly #name: string;
  readonly #wire: Wire;
  #requests = 0;

  /**
   * @param name what its request ids begin with
   * @param wire where answers are seen, also those that the attacker itself does not hear
   */
  constructor(client: MqttClient, name: string, wire: Wire) {
    this.#client = client;
    this.#name = name;
    this.#wire = wire;
  }

  /** Hears all that it may by `#`. */
  tap(): Promise<Wire> {
    return Wire.tap(this.#client);
  }

  /** Resolves when the broker has taken it. @throws RefusedByBroker */
  async send(topic: string, payload: string | Uint8Array, retain = false): Promise<void> {
    const bytes = Buffer.from(payload);
    const refused = await this.#client.publishAsync(topic, bytes, { qos: 1, retain }).then(
      () => undefined,
      (error: { readonly code?: number }) => error,
    );
    if (refused === undefined) return;
    if (typeof refused.code !== 'number' || refused.code < firstError) throw refused;
    throw new RefusedByBroker(topic, refused.code);
  }

  /** Calls a procedure of a device as if it were the bridge. @returns what the device answers */
  async call(procedure: Procedure, uuid: string, inputs: readonly string[] = []): Promise<RpcResponse> {
    const { prefix, method } = procedures[procedure];
    this.#requests += 1;
    const id = `${this.#name}${this.#requests}`;
    const from = this.#wire.messages.length;
    await this.send(`${prefix}/${uuid}`, [id, method, ...inputs].join(';'));
    const { payload } = await this.#wire.next(
      `mup/response/${uuid}`,
      (message) => message.payload.toString().startsWith(`${id};`),
      from,
    );
    return decodeResponse(payload, 'mup');
  }

  /** A token of a device. @returns its nonce */
  async nonce(uuid: string): Promise<string> {
    const { state, outputs } = await this.call('token', uuid);
    const [, nonce] = outputs;
    if (state !== '10_OK' || nonce === undefined) throw new Error(`${uuid} gave no token: ${state}`);
    return nonce;
  }
}

/** The fields of an extended manifest, in the order of the request (mup-protocol §3). */
export const manifestFields = [
  ...['suite', 'appId', 'linkOffset', 'digest', 'size', 'newVersion', 'oldVersion', 'innerSignature'],
  ...['uuid', 'nonce', 'outerSignature'],
] as const;

export type ManifestField =
  | 'suite'
  | 'appId'
  | 'linkOffset'
  | 'digest'
  | 'size'
  | 'newVersion'
  | 'oldVersion'
  | 'innerSignature'
  | 'uuid'
  | 'nonce'
  | 'outerSignature';

/** The same manifest with other values. */
export function changed(
  inputs: readonly string[],
  values: Partial<Readonly<Record<ManifestField, string>>>,
): string[] {
  const byName = new Map<string, string>(Object.entries(values));
  return inputs.map((input, i) => byName.get(manifestFields[i] ?? '') ?? input);
}
