import { BenchError } from './bench-error.ts';
import type { LightMqtt } from './light-mqtt.ts';

/** What becomes of a device, as far as anybody counts it. */
export interface FleetListener {
  readonly registered: () => void;
  readonly slice: (offset: number, taken: boolean) => void;
  /** All octets of the image are there. */
  readonly complete: () => void;
  /** It runs the new version. */
  readonly updated: () => void;
}

/** Pause of a restart: its request is answered before, as with any device. */
const restartMs = 20;

/** The same for all: nobody attacks them. */
const nonce = '0123456789abcdef'.repeat(2);

/** One device of the example description, by its messages alone (mup-protocol §§1–3). */
export class FleetDevice {
  readonly topics: readonly string[];
  readonly #uuid: string;
  readonly #mqtt: LightMqtt;
  readonly #listener: FleetListener;
  readonly #image: string;
  readonly #acknowledgementTopic: string;
  readonly #acknowledgement = Buffer.alloc(4);
  #version = 1;
  #newVersion = 0;
  /** Octets of the image that is expected, and how many of them came. */
  #size = 0;
  #received = 0;

  constructor(uuid: string, mqtt: LightMqtt, listener: FleetListener) {
    this.#uuid = uuid;
    this.#mqtt = mqtt;
    this.#listener = listener;
    this.#image = `mup/firmware/${uuid}/image`;
    this.#acknowledgementTopic = `mup/firmware/${uuid}/ack`;
    this.topics = [
      ...[this.#image, `mup/token/${uuid}`, `mup/manifest/${uuid}`, `mup/firmware/${uuid}`],
      ...[`actuator/relay/${uuid}`, `mup/description/${uuid}/status`],
    ];
  }

  /** Says what and that it is. */
  describe(description: Buffer): void {
    this.#mqtt.publish(`mup/description/${this.#uuid}`, Buffer.concat([Buffer.from('1/1;'), description]));
    this.#online();
  }

  /** Takes an image of so many octets from now on. */
  expect(size: number): void {
    this.#size = size;
    this.#received = 0;
  }

  receive(topic: string, payload: Buffer): void {
    if (topic === this.#image) this.#slice(payload);
    else if (topic.endsWith('/status')) this.#answered(payload.toString('latin1'));
    else this.#request(payload.toString('latin1').split(';'));
  }

  #answered(text: string): void {
    if (!text.startsWith('OK')) throw new BenchError(`the description was refused: ${text}`);
    this.#listener.registered();
  }

  #slice(payload: Buffer): void {
    const offset = payload.readUInt32BE(0);
    const taken = offset === this.#received && payload.length - 4 <= this.#size - offset;
    if (taken) this.#received += payload.length - 4;
    this.#acknowledgement.writeUInt32BE(this.#received);
    this.#mqtt.publish(this.#acknowledgementTopic, this.#acknowledgement);
    this.#listener.slice(offset, taken);
    if (taken && this.#received === this.#size) this.#listener.complete();
  }

  #request([id = '', method = '', ...inputs]: readonly string[]): void {
    if (method === 'SEND-FIRMWARE-IMAGE') {
      this.#finish(id, inputs[0] === 'FIN' && this.#size > 0 && this.#received === this.#size);
      return;
    }
    if (method === 'SEND-EXTENDED-MANIFEST') {
      const [size, version] = inputs.slice(4);
      this.expect(Number(size));
      this.#newVersion = Number(version);
    }
    const token = `;${this.#uuid};${nonce};${this.#version}`;
    this.#answer(id, `10_OK${method === 'GET-DEVICE-TOKEN' ? token : ''}`);
  }

  #finish(id: string, complete: boolean): void {
    this.expect(0);
    this.#answer(id, complete ? '10_OK' : '28_IMAGE-INVALID');
    if (!complete) return;
    this.#mqtt.publish(`mup/status/${this.#uuid}`, 'offline', true);
    setTimeout(() => {
      this.#version = this.#newVersion;
      this.#online();
      this.#listener.updated();
    }, restartMs);
  }

  #answer(id: string, text: string): void {
    this.#mqtt.publish(`mup/response/${this.#uuid}`, `${id};${text}`);
  }

  #online(): void {
    this.#mqtt.publish(`mup/status/${this.#uuid}`, `online;${this.#version}`, true);
  }
}
