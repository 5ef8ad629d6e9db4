import { fairWeather } from '../support/virtual-broker.ts';
import type { StepEnd } from '../support/virtual-process.ts';
import type { BridgeHost } from './bridge-host.ts';
import { DeviceHost } from './device-host.ts';
import type { Host, World } from './host.ts';
import type { MynoHost } from './myno-host.ts';
import type { Fault } from './plan.ts';

/** A device of either profile. */
export type Device = DeviceHost | MynoHost;

/** Lets the faults of a plan happen, each at its time or at its step. */
export class Disturber {
  readonly #world: World;
  readonly #bridge: BridgeHost;
  readonly #devices: readonly Device[];
  /** Faults that wait for a step, with the steps that are left. */
  #armed: { readonly fault: Fault; left: number }[] = [];
  /** The last manifest that went to a device. */
  readonly #manifests = new Map<string, Uint8Array>();
  /** Devices that were asked to verify an image. */
  readonly #asked = new Set<string>();
  readonly #toInject = new Map<string, number>();
  #lastsUntil = 0;

  constructor(world: World, bridge: BridgeHost, devices: readonly Device[]) {
    this.#world = world;
    this.#bridge = bridge;
    this.#devices = devices;
    world.broker.onPublished = ({ topic, payload }) => this.#published(topic, payload);
  }

  /** When the last fault that has begun so far is over. */
  get lastsUntil(): number {
    return this.#lastsUntil;
  }

  begin(): void {
    for (const fault of this.#world.plan.faults) this.#arm(fault);
  }

  /** No fault begins any more. */
  end(): void {
    this.#armed = [];
    this.#toInject.clear();
    for (const device of this.#devices) if (device instanceof DeviceHost) device.rollsBackAfterMs = undefined;
  }

  #arm(fault: Fault): void {
    const { when } = fault;
    if ('atMs' in when) this.#world.time.after(when.atMs, () => this.#strike(fault));
    else this.#armed.push({ fault, left: when.nth });
  }

  /** A process takes a step: perhaps the one that a fault waits for. */
  stepped(who: string, what: string): StepEnd | undefined {
    let end: StepEnd | undefined;
    for (const armed of this.#armed) {
      const { when } = armed.fault;
      if (armed.fault.who !== who || !('step' in when) || !what.startsWith(when.step)) continue;
      armed.left -= 1;
      if (armed.left !== 0) continue;
      this.#world.trace(`fault at the step "${what}" of ${who}: ${JSON.stringify(armed.fault)}`);
      if (armed.fault.kind === 'kill') {
        end = armed.fault.end;
        this.#hostOf(who)?.willBeDown(armed.fault.downMs);
        this.#lasts(armed.fault.downMs);
      } else this.#world.time.after(0, () => this.#strike(armed.fault));
    }
    return end;
  }

  #strike(fault: Fault): void {
    const { broker, trace } = this.#world;
    trace(`fault: ${JSON.stringify(fault)}`);
    const host = this.#hostOf(fault.who);
    switch (fault.kind) {
      case 'kill':
        host?.kill(fault.downMs, fault.end.power);
        this.#lasts(fault.downMs);
        break;
      case 'cut':
        broker.cut(host?.clientId ?? '');
        break;
      case 'silence':
        broker.silence(host?.clientId ?? '', fault.forMs);
        this.#lasts(fault.forMs);
        break;
      case 'stop':
        this.#stop(host, fault.forMs);
        break;
      case 'sleep':
        if (host instanceof DeviceHost) host.sleep(fault.forMs);
        this.#lasts(fault.forMs);
        break;
      case 'disk-full':
        this.#fillDisk(host, fault.forMs);
        break;
      case 'clock':
        host?.setClock(fault.byMs);
        break;
      case 'broker':
        broker.stop(fault.memory);
        this.#until(fault.downMs, () => broker.start());
        break;
      case 'weather':
        broker.weather = fault.weather;
        this.#until(fault.forMs, () => {
          broker.weather = fairWeather;
        });
        break;
      case 'replay':
        this.#replay(fault.who);
        break;
      case 'inject':
        this.#toInject.set(fault.who, fault.slices);
        break;
      case 'pretend':
        this.#pretend(fault.who, fault.version);
        break;
      case 'naps':
        this.#nap(host, fault);
        break;
      case 'call':
        this.#call(fault.who);
        break;
      case 'rollback':
        if (host instanceof DeviceHost) host.rollsBackAfterMs = fault.afterMs;
        break;
      default:
        void this.#bridge.removeImage(fault.version);
        this.#until(fault.forMs, () => void this.#bridge.addImage(fault.version));
    }
  }

  #stop(host: Host | undefined, forMs: number): void {
    const stopped = host?.process;
    if (host === undefined || stopped === undefined) return;
    stopped.stop();
    const silenceMs = 45_000;
    if (forMs >= silenceMs) this.#world.broker.giveUp(host.clientId);
    this.#until(forMs, () => {
      // First: what its timers do now, they do in time.
      this.#able(host);
      stopped.goOn();
    });
  }

  #fillDisk(host: Host | undefined, forMs: number): void {
    if (host === undefined) return;
    host.full = true;
    this.#until(forMs, () => {
      host.full = false;
      this.#able(host);
    });
  }

  #until(forMs: number, over: () => void): void {
    this.#lasts(forMs);
    this.#world.time.after(forMs, over);
  }

  /** A fault that begins now lasts so long; a second for what follows from it at once. */
  #lasts(forMs: number): void {
    this.#lastsUntil = Math.max(this.#lastsUntil, this.#world.time.now + forMs + 1000);
  }

  #able(host: Host): void {
    if (host === this.#bridge) this.#world.record({ kind: 'bridge-able' });
  }

  #nap(host: Host | undefined, { times, awakeMs, asleepMs }: Extract<Fault, { kind: 'naps' }>): void {
    if (!(host instanceof DeviceHost)) return;
    const everyMs = awakeMs + asleepMs;
    for (let nap = 0; nap < times; nap += 1)
      this.#world.time.after(nap * everyMs, () => host.sleep(asleepMs));
    this.#lasts(times * everyMs);
  }

  /** Once the device was asked to verify an image, nobody could tell that it is not the device who speaks. */
  #pretend(who: string, version: number): void {
    const device = this.#devices.find((host) => host.who === who);
    if (device === undefined || this.#asked.has(who)) return;
    const online = new TextEncoder().encode(`online;${version}`);
    this.#world.broker.inject(`mup/status/${device.uuid}`, online);
  }

  #call(who: string): void {
    const device = this.#devices.find((host) => host.who === who);
    if (device !== undefined && this.#bridge.ready) void this.#bridge.callDevice(device.uuid);
  }

  #replay(who: string): void {
    const device = this.#devices.find((host) => host.who === who);
    const manifest = this.#manifests.get(who);
    if (device === undefined || manifest === undefined) return;
    this.#world.broker.inject(`mup/firmware/${device.uuid}`, manifest);
  }

  /** What an attacker who may subscribe to everything sees. */
  #published(topic: string, payload: Uint8Array): void {
    const device = this.#devices.find(({ uuid }) => topic.startsWith(`mup/firmware/${uuid}`));
    if (device === undefined) return;
    if (topic.endsWith('/image')) {
      this.#inject(device, payload);
      return;
    }
    if (topic.endsWith('/ack')) return;
    const text = new TextDecoder().decode(payload);
    if (text.includes(';SEND-FIRMWARE-IMAGE;FIN')) this.#asked.add(device.who);
    if (!text.includes(';SEND-EXTENDED-MANIFEST;')) return;
    this.#asked.delete(device.who);
    this.#manifests.set(device.who, payload);
  }

  /** A slice with other octets arrives before the bridge's own. */
  #inject({ who, uuid }: Device, payload: Uint8Array): void {
    const left = this.#toInject.get(who) ?? 0;
    if (left === 0) return;
    this.#toInject.set(who, left - 1);
    const other = payload.slice();
    other[other.length - 1] = (other[other.length - 1] ?? 0) ^ 0xff;
    this.#world.broker.inject(`mup/firmware/${uuid}/image`, other, { qos: 0 });
  }

  #hostOf(who: string): Host | undefined {
    return [this.#bridge, ...this.#devices].find((host) => host.who === who);
  }
}
