import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../src/base/config.ts';
import type { DeviceUuid } from '../../src/base/ids.ts';
import { MendingTransport } from '../../src/mqtt/mending-transport.ts';
import { MynoDevice, type MynoMessage, type MynoPort } from '../support/myno-device.ts';
import type { MynoManifest } from '../support/myno-firmware.ts';
import { mynoPortOver } from '../support/myno-transport.ts';
import type { VirtualProcess } from '../support/virtual-process.ts';
import { describedAs, uuidOf } from './descriptions.ts';
import { Host, type World } from './host.ts';
import { firstVersion, serverKey, vendorKey } from './images.ts';
import { mayDeafen } from './myno-plan.ts';
import type { Who } from './plan.ts';

/** A device of the prototype: it keeps nothing but the firmware that it has taken. */
export class MynoHost extends Host {
  readonly uuid: DeviceUuid;
  #device: MynoDevice | undefined;
  #connections = 0;
  /** What its flash holds. */
  #flash = { version: firstVersion, digest: sha256(new Uint8Array()) as string };
  #manifest: MynoManifest | undefined;
  #installed = 0;
  #failed = false;

  constructor(who: Who, world: World) {
    super(who, world);
    this.uuid = uuidOf(who);
  }

  get clientId(): string {
    return `myno-${this.uuid}`;
  }

  /** Whether a person has to restart it: it hears nothing any more, or nobody heard its description. */
  get needsHelp(): boolean {
    return this.#device?.failure !== undefined || this.#device?.told.includes('OK') !== true;
  }

  protected async boot(process: VirtualProcess): Promise<void> {
    const { plan } = this.world;
    if (this.#manifest !== undefined) this.world.record({ kind: 'download-ended', device: this.who });
    this.#manifest = undefined;
    this.#installed = 0;
    this.#failed = false;
    const device = new MynoDevice({
      uuid: this.uuid,
      description: new TextEncoder().encode(describedAs(plan)),
      keys: { vendor: vendorKey, updateServer: serverKey },
      connect: (topics, receive) => this.#connect(process, topics, receive),
      pieceDelayMs: 5000,
      answerDelayMs: 50,
      successDelayMs: 1500,
      restarts: true,
      topics: [`relay/${this.uuid}`],
      onChange: () => this.#changed(),
    });
    this.#device = device;
    await device.boot();
  }

  protected started(): void {}

  // It has no file system.
  protected fillDisk(): void {}

  // What it has installed is in its flash.
  protected losePower(): void {}

  /** Each time that it boots. */
  #connect(
    process: VirtualProcess,
    topics: readonly string[],
    receive: (message: MynoMessage) => void,
  ): Promise<MynoPort> {
    const { world, who } = this;
    const random = world.random.fork(`${who} ${this.#connections}`);
    this.#connections += 1;
    world.record({ kind: 'booted', device: who, ...this.#flash });
    const transport = new MendingTransport({
      open: world.broker.opener(process, this.clientId),
      config: defaultConfig.mqtt,
      clock: process.clock,
      random: (length) => random.bytes(length),
      logger: world.loggerOf(who),
    });
    return mynoPortOver(transport, process.clock, topics, receive);
  }

  #changed(): void {
    const device = this.#device;
    if (device === undefined) return;
    const { record, plan, trace } = this.world;
    const { manifest, installed, failure } = device;
    const before = this.#manifest;
    if (installed.length > this.#installed && before !== undefined) {
      this.#installed = installed.length;
      this.#flash = { version: before.version, digest: before.hash };
    }
    if (manifest !== before) {
      this.#manifest = manifest;
      if (before !== undefined) record({ kind: 'download-ended', device: this.who });
      if (manifest !== undefined) {
        const { hash: digest, version } = manifest;
        record({ kind: 'download-began', device: this.who, digest, version });
        if (device.isDirty)
          record({ kind: 'broken', what: `${this.who} takes an image on top of the rest of another` });
      }
    }
    if (failure === undefined || this.#failed) return;
    this.#failed = true;
    trace(`${this.who}: ${failure}`);
    if (!mayDeafen(plan)) record({ kind: 'broken', what: `${this.who}: ${failure}` });
  }
}
