import { decodeUtf8, utf8 } from '../../src/base/bytes.ts';
import type { MqttTransport } from '../../src/mqtt/transport.ts';
import { decodeSlice, encodeAcknowledgement } from '../../src/mup/slices.ts';

export interface ScriptedDeviceOptions {
  /** The version that it reports after its restart. */
  readonly comesBackWith: number;
  /** What carries its description, where its own connection is too narrow for that. */
  readonly describedBy?: MqttTransport;
  /** Slices that it acknowledges together. */
  readonly acknowledgesEach?: number;
}

/**
 * A device of the example description that does what a test says, by its messages alone (mup-protocol §§1–3):
 * it believes every manifest and takes every slice.
 */
export class ScriptedDevice {
  readonly #transport: MqttTransport;
  readonly #uuid: string;
  /** The version that it reports after its restart. */
  readonly #comesBackWith: number;
  readonly #acknowledgesEach: number;
  #slices = 0;
  #size = 0;
  #received = 0;

  private constructor(
    transport: MqttTransport,
    uuid: string,
    { comesBackWith, acknowledgesEach = 1 }: ScriptedDeviceOptions,
  ) {
    this.#transport = transport;
    this.#uuid = uuid;
    this.#comesBackWith = comesBackWith;
    this.#acknowledgesEach = acknowledgesEach;
  }

  /** Registered when it resolves, with firmware version 1. */
  static async start(
    transport: MqttTransport,
    uuid: string,
    description: string,
    options: ScriptedDeviceOptions,
  ): Promise<void> {
    const device = new ScriptedDevice(transport, uuid, options);
    const { describedBy = transport } = options;
    for (const topic of ['mup/token', 'mup/manifest', 'mup/firmware'])
      await transport.subscribe(`${topic}/${uuid}`, 1, ({ payload }) =>
        device.#request(decodeUtf8(payload)?.split(';') ?? []),
      );
    await transport.subscribe(`mup/firmware/${uuid}/image`, 0, ({ payload }) => device.#slice(payload));
    const registered = new Promise<void>((resolve) => {
      void transport.subscribe(`mup/description/${uuid}/status`, 1, () => resolve());
    });
    device.#say(`mup/status/${uuid}`, 'online;1');
    void describedBy.publish(`mup/description/${uuid}`, utf8(`1/1;${description}`), { qos: 1 });
    await registered;
  }

  #request([id, method, ...inputs]: readonly string[]): void {
    if (method === 'GET-DEVICE-TOKEN') this.#answer(`${id};10_OK;${this.#uuid};${'0f'.repeat(16)};1`);
    else if (method === 'SEND-EXTENDED-MANIFEST') {
      this.#size = Number(inputs[4]);
      this.#received = 0;
      this.#answer(`${id};10_OK`);
    } else {
      const complete = inputs[0] === 'FIN' && this.#size > 0 && this.#received === this.#size;
      this.#answer(`${id};${complete ? '10_OK' : '28_IMAGE-INVALID'}`);
      if (!complete) return;
      this.#say(`mup/status/${this.#uuid}`, 'offline');
      this.#say(`mup/status/${this.#uuid}`, `online;${this.#comesBackWith}`);
    }
  }

  #slice(payload: Uint8Array): void {
    const slice = decodeSlice(payload);
    if (slice?.offset === this.#received) this.#received += slice.bytes.length;
    this.#slices += 1;
    if (this.#slices % this.#acknowledgesEach > 0 && this.#received < this.#size) return;
    void this.#transport.publish(`mup/firmware/${this.#uuid}/ack`, encodeAcknowledgement(this.#received), {
      qos: 0,
    });
  }

  #answer(text: string): void {
    this.#say(`mup/response/${this.#uuid}`, text);
  }

  #say(topic: string, text: string): void {
    void this.#transport.publish(topic, utf8(text), { qos: 1 });
  }
}
