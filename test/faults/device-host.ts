import { sha256, startSha256 } from '../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../src/base/config.ts';
import type { DeviceUuid } from '../../src/base/ids.ts';
import { DeviceAgent } from '../../src/device/agent.ts';
import type { DeviceEvent } from '../../src/device/events.ts';
import { presenceWill } from '../../src/device/presence.ts';
import { MendingTransport } from '../../src/mqtt/mending-transport.ts';
import { instantiate } from '../../src/ontology/description-template.ts';
import { templateOf } from '../support/scripted-reader.ts';
import { VirtualFlash } from '../support/virtual-flash.ts';
import type { VirtualProcess } from '../support/virtual-process.ts';
import { describedAs, exampleDevice, uuidOf } from './descriptions.ts';
import { Host, type World } from './host.ts';
import { appId, fastScheme, firstVersion, vendorKey } from './images.ts';
import type { Who } from './plan.ts';

/** A device: flash memory and the product's agent. */
export class DeviceHost extends Host {
  readonly uuid: DeviceUuid;
  readonly #flash: VirtualFlash;
  #agent: DeviceAgent | undefined;
  /** The download that the flash tells of. */
  #download: string | undefined;
  #starts = 0;
  /** Set: the boot loader goes back to the firmware before, so long after the next one has booted. */
  rollsBackAfterMs: number | undefined;

  constructor(who: Who, world: World) {
    super(who, world);
    this.uuid = uuidOf(who);
    this.#flash = new VirtualFlash(world.random.fork(`flash ${who}`));
    this.#flash.onRecord = (record) => this.#noteDownload(record);
  }

  get clientId(): string {
    return `mup-device-${this.uuid}`;
  }

  /** Says goodbye and sleeps. */
  sleep(forMs: number): void {
    const { process } = this;
    const agent = this.#agent;
    if (process === undefined || agent === undefined) return;
    this.willBeDown(forMs);
    agent.close().then(
      () => process.kill(),
      () => process.kill(),
    );
  }

  protected async boot(process: VirtualProcess): Promise<void> {
    const { world } = this;
    const { broker, doubles, plan } = world;
    const { clock } = process;
    const text = describedAs(plan);
    const template = templateOf(exampleDevice(plan), text);
    const random = world.random.fork(`${this.who} ${this.#starts}`);
    const logger = world.loggerOf(this.who);
    this.#starts += 1;
    const deps = {
      clock,
      random: (length: number) => random.bytes(length),
      logger,
      scheme: fastScheme,
      startSha256,
    };
    const agent = new DeviceAgent({
      descriptionBytes: new TextEncoder().encode(text),
      description: instantiate(template, this.uuid),
      transport: new MendingTransport({
        open: broker.opener(process, this.clientId, presenceWill(this.uuid)),
        config: defaultConfig.mqtt,
        clock,
        random: deps.random,
        logger,
      }),
      store: this.#flash.open(process),
      appId,
      firmwareVersion: firstVersion,
      slotBytes: 8192,
      vendorKey,
      trustFirstKey: false,
      telemetryIntervalMs: 0,
      pieceBytes: 16,
      ...(plan.digestFirst && { announceDigest: template.digest }),
      deps: doubles.deviceDeps?.(deps) ?? deps,
    });
    this.#agent = agent;
    agent.onEvent((event) => {
      if (process.alive) this.#happened(event);
    });
    await agent.start();
  }

  protected started(): void {
    this.#recordBoot();
  }

  protected fillDisk(full: boolean): void {
    this.#flash.full = full;
  }

  protected losePower(): void {
    this.#flash.cutPower();
  }

  #happened(event: DeviceEvent): void {
    const { record, trace } = this.world;
    const device = this.who;
    trace(`${device}: ${event.kind}`);
    switch (event.kind) {
      case 'restarted':
        this.#recordBoot();
        this.#perhapsRollsBack();
        return;
      case 'request': {
        const { operation, inputs, state } = event;
        if (operation.role !== 'manifest' || !state.startsWith('10')) return;
        const nonce = inputs[operation.inputs.findIndex(({ role }) => role === 'nonce')] ?? '';
        record({ kind: 'manifest-accepted', device, nonce });
        return;
      }
      // The flash may not say so yet, when it is full.
      case 'image-refused':
        this.#judgeRefusal(event.reason);
        record({ kind: 'download-ended', device });
        return;
      case 'image-verified':
      case 'transfer-abandoned':
        record({ kind: 'download-ended', device });
        return;
      default:
        return;
    }
  }

  #perhapsRollsBack(): void {
    const afterMs = this.rollsBackAfterMs;
    this.rollsBackAfterMs = undefined;
    if (afterMs === undefined) return;
    this.world.time.after(afterMs, () => {
      const version = this.#flash.rollBack();
      if (version === undefined) return;
      this.world.record({ kind: 'rolled-back', device: this.who, version });
      this.kill(1000, false);
    });
  }

  /** Of slices that are authenticated an image can be too short, but never another one. */
  #judgeRefusal(reason: string): void {
    const { plan, record } = this.world;
    if (plan.authenticates && reason.includes('digest'))
      record({ kind: 'broken', what: `${this.who} took a slice that is not of the image` });
  }

  /** A record with another transfer than the one before it: a download has begun, or ended. */
  #noteDownload({ transfer }: Record<string, unknown>): void {
    const { record } = this.world;
    const device = this.who;
    const now = JSON.stringify(transfer);
    if (now === this.#download) return;
    this.#download = now;
    if (transfer === undefined) record({ kind: 'download-ended', device });
    else {
      const { digest, newVersion } = transfer as { digest: string; newVersion: number };
      record({ kind: 'download-began', device, digest, version: newVersion });
    }
  }

  /** Reads the flash itself, whatever the agent believes. */
  #recordBoot(): void {
    const record = this.#flash.record ?? {};
    const slot = record['activeSlot'] === 'b' ? 'b' : 'a';
    this.world.record({
      kind: 'booted',
      device: this.who,
      version: Number(record['version']),
      digest: sha256(this.#flash.content(slot)),
    });
  }
}
