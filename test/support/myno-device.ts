import { MynoFirmware, type MynoKeys, type MynoManifest } from './myno-firmware.ts';
import { trapOf } from './myno-traps.ts';

/** A message from the broker, with the length that it has on the wire. */
export interface MynoMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly packetBytes: number;
  readonly hasProperties: boolean;
}

/** A connection to a broker. It may break and mend itself, of which the device knows nothing. */
export interface MynoPort {
  /** Resolves when it was handed to the connection; QoS 0. */
  publish(topic: string, payload: Uint8Array): Promise<void>;
  /** Runs something later. */
  later(delayMs: number, task: () => void): void;
  /** Ends it for good. */
  close(): Promise<void>;
}

export interface MynoDeviceOptions {
  readonly uuid: string;
  /** JSON-LD, `%s` for the UUID. */
  readonly description: Uint8Array;
  readonly keys: MynoKeys;
  /** Connects and subscribes, each time that it boots. */
  readonly connect: (topics: readonly string[], receive: (message: MynoMessage) => void) => Promise<MynoPort>;
  /** Between two pieces of the description: 5 s in the prototype. */
  readonly pieceDelayMs: number;
  /** Before an answer; before one of the two that say SUCCESS: a second or more in the prototype. */
  readonly answerDelayMs: number;
  readonly successDelayMs: number;
  /** Whether it boots again when it has taken an image. */
  readonly restarts: boolean;
  /** Topics of what else it does; every request there is answered `OK`. */
  readonly topics?: readonly string[];
  /** Called when something has arrived or left. */
  readonly onChange?: () => void;
}

/** What a test has go wrong on the way, each time it is asked. Texts are as in {@link MynoDevice.heard}. */
export interface MynoFaults {
  /** What does not arrive. */
  readonly loses?: (text: string) => boolean;
  /** What is carried out, and its answer or acknowledgement does not leave. */
  readonly swallows?: (text: string) => boolean;
}

const pieceBytes = 4054;

/**
 * The device of the MYNO prototype, with every trap that was found in it (mup-protocol §3, “The prototype's
 * device”). Written from that text alone, without a line of the bridge.
 */
export class MynoDevice {
  readonly #options: MynoDeviceOptions;
  #port: MynoPort | undefined;
  /** Counts boots: what an earlier one had still to do is not done. */
  #boots = 0;
  #owesAnswer = false;
  #firmware: MynoFirmware;
  readonly #installed: number[] = [];
  readonly #watchers = new Set<() => void>();
  /** Requests without their ids, and slices as `slice <n>`, in order, as they arrived. */
  readonly heard: string[] = [];
  /** What the bridge answered to its descriptions. */
  readonly told: string[] = [];
  /** Why it is deaf or dead. */
  failure: string | undefined;
  faults: MynoFaults = {};

  constructor(options: MynoDeviceOptions) {
    this.#options = options;
    this.#firmware = new MynoFirmware(options.keys);
  }

  /** Versions of the images it took. */
  get installed(): readonly number[] {
    return [...this.#installed, ...this.#firmware.installed];
  }

  /** The manifest that it accepted last, until a FIN. */
  get manifest(): MynoManifest | undefined {
    return this.#firmware.manifest;
  }

  get isDirty(): boolean {
    return this.#firmware.isDirty;
  }

  get boots(): number {
    return this.#boots;
  }

  /** Power on. Resolves when it has described itself, once a boot. */
  async boot(): Promise<void> {
    const { uuid, connect, topics = [] } = this.#options;
    await this.powerOff();
    this.#boots += 1;
    const boot = this.#boots;
    this.#installed.push(...this.#firmware.installed);
    this.#firmware = new MynoFirmware(this.#options.keys);
    this.#owesAnswer = false;
    this.failure = undefined;
    const own = [`yang/update/${uuid}`, `yang/update/image/${uuid}`, `yang/config/create/response/${uuid}`];
    const port = await connect([...own, ...topics], (message) => {
      const runs = boot === this.#boots && this.#port !== undefined;
      if (runs && this.failure === undefined) this.#receive(message);
    });
    this.#port = port;
    await this.#describe(port);
  }

  /** Loses its power: whatever it was doing is gone. */
  async powerOff(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    await port?.close();
  }

  /** Resolves when something holds that what arrives, leaves or happens to it brings about. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        this.#watchers.delete(check);
        resolve();
      };
      this.#watchers.add(check);
      check();
    });
  }

  async #describe(port: MynoPort): Promise<void> {
    const { uuid, description, pieceDelayMs } = this.#options;
    const head = Buffer.from(`${uuid};`);
    for (let at = 0; at < description.length; at += pieceBytes) {
      await port.publish(
        'yang/config/create',
        Buffer.concat([head, description.subarray(at, at + pieceBytes)]),
      );
      await new Promise<void>((resolve) => port.later(pieceDelayMs, resolve));
    }
    await port.publish('yang/config/create', Buffer.from(`${uuid};END`));
  }

  #receive(message: MynoMessage): void {
    const { uuid } = this.#options;
    const { topic, payload, packetBytes, hasProperties } = message;
    const isSlice = topic === `yang/update/image/${uuid}`;
    const comma = payload.indexOf(0x2c);
    const n = Number(Buffer.from(payload.subarray(0, comma)).toString());
    const text = isSlice ? `slice ${n}` : withoutId(payload);
    if (this.faults.loses?.(text) === true) return;
    if (!topic.startsWith('yang/config/')) this.heard.push(text);
    const slice = isSlice ? { payloadBytes: payload.length, repeated: this.#firmware.repeats(n) } : undefined;
    const trap = trapOf({ packetBytes, hasProperties, ...(slice === undefined ? {} : { slice }) });
    if (this.#owesAnswer) this.#fail(`${text} came before its last answer went out`);
    else if (trap !== undefined) this.#fail(`${trap.end}: ${trap.why}`);
    else if (isSlice) this.#slice(n, payload.subarray(comma + 1));
    else if (topic.startsWith('yang/config/')) this.told.push(text);
    else this.#request(topic, payload);
    this.#changed();
  }

  #slice(n: number, bytes: Uint8Array): void {
    const { uuid, answerDelayMs } = this.#options;
    const acknowledgement = this.#firmware.slice(n, bytes);
    if (acknowledgement === undefined) return;
    this.#answer(`yang/update/image/${uuid}/response`, acknowledgement, answerDelayMs, `slice ${n}`);
  }

  #request(topic: string, payload: Uint8Array): void {
    const { uuid, answerDelayMs, successDelayMs } = this.#options;
    const text = withoutId(payload);
    const id = Buffer.from(payload)
      .toString()
      .slice(0, -text.length - 1);
    const { text: answer, slow } =
      topic === `yang/update/${uuid}` ? this.#firmware.request(text) : { text: 'OK', slow: undefined };
    const delay = slow === true ? successDelayMs : answerDelayMs;
    this.#answer(`response/${uuid}`, `${id};${answer}`, delay, text);
  }

  #answer(topic: string, answer: string, delayMs: number, asked: string): void {
    const boot = this.#boots;
    this.#owesAnswer = true;
    this.#port?.later(delayMs, () => {
      if (boot !== this.#boots || this.failure !== undefined) return;
      this.#owesAnswer = false;
      if (this.faults.swallows?.(asked) !== true) void this.#leave(topic, answer);
    });
  }

  async #leave(topic: string, answer: string): Promise<void> {
    await this.#port?.publish(topic, Buffer.from(answer));
    this.#changed();
    if (this.#options.restarts && answer.endsWith(';FIRMWARE-SUCCESS')) await this.boot();
  }

  #fail(why: string): void {
    this.failure = why;
  }

  #changed(): void {
    this.#options.onChange?.();
    for (const check of this.#watchers) check();
  }
}

/** A request behind its id and the semicolon. */
function withoutId(payload: Uint8Array): string {
  const text = Buffer.from(payload).toString();
  return text.slice(text.indexOf(';') + 1);
}
