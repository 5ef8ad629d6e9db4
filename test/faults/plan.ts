import type { Weather } from '../support/virtual-broker.ts';
import { fairWeather } from '../support/virtual-broker.ts';
import type { StepEnd } from '../support/virtual-process.ts';
import { VirtualRandom } from '../support/virtual-random.ts';

/** An image that the vendor never signed. */
export const forgedVersion = 5;

/** `bridge`, or a device: `d1`, `d2`, … */
export type Who = string;

/** At a time, or at the n-th step of that kind (an empty text is any) that a process does. */
export type When = { readonly atMs: number } | { readonly step: string; readonly nth: number };

/** What disturbs a run; all durations are milliseconds. */
export type Fault = { readonly when: When; readonly who: Who } & (
  | { readonly kind: 'kill'; readonly end: StepEnd; readonly downMs: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'silence'; readonly forMs: number }
  | { readonly kind: 'stop'; readonly forMs: number }
  | { readonly kind: 'sleep'; readonly forMs: number }
  | { readonly kind: 'disk-full'; readonly forMs: number }
  | { readonly kind: 'clock'; readonly byMs: number }
  | { readonly kind: 'broker'; readonly memory: 'kept' | 'saved' | 'lost'; readonly downMs: number }
  | { readonly kind: 'weather'; readonly weather: Weather; readonly forMs: number }
  /** Another client sends an earlier manifest of the device again. */
  | { readonly kind: 'replay' }
  /** Another client sends slices of its own before the bridge's, so many. */
  | { readonly kind: 'inject'; readonly slices: number }
  /** Another client says that the device runs this version, when it has not got the image yet. */
  | { readonly kind: 'pretend'; readonly version: number }
  /** The device is awake for moments only. */
  | { readonly kind: 'naps'; readonly times: number; readonly awakeMs: number; readonly asleepMs: number }
  /** The boot loader of the device goes back to the firmware before, so long after the next one has booted. */
  | { readonly kind: 'rollback'; readonly afterMs: number }
  /** Somebody removes an image; it is back after a while. */
  | { readonly kind: 'image-removed'; readonly version: number; readonly forMs: number }
  /** A NETCONF client calls an RPC of the device that is no part of an update. */
  | { readonly kind: 'call' }
);

export interface Order {
  readonly atMs: number;
  readonly who: Who;
  readonly version: number;
  /** When it is cancelled, counted from the order. */
  readonly cancelMs?: number;
}

/** Everything that a run does, but for what follows from it. */
export interface Plan {
  /** What the devices speak; those of `myno` are the prototype's. */
  readonly profile: 'mup' | 'myno';
  readonly devices: readonly Who[];
  readonly window: number;
  readonly sliceSizeBytes: number;
  readonly imageBytes: number;
  /** The broker speaks MQTT 3.1.1 alone. */
  readonly mqtt311: boolean;
  /** Devices announce the digest of their description before the description. */
  readonly digestFirst: boolean;
  /** Devices authenticate slices when they arrive (ADR 28). */
  readonly authenticates: boolean;
  readonly orders: readonly Order[];
  readonly faults: readonly Fault[];
}

const second = 1000;
const minute = 60 * second;
const day = 86_400 * second;

/** The steps at which a process is ended with preference: where something is put on record, or told. */
const bridgeSteps = [
  '',
  'put jobs',
  'put accepted',
  'put devices',
  'publish mup/firmware',
  'subscribe',
] as const;
const deviceSteps = [
  '',
  'write record',
  'write slot',
  'sync slot',
  'empty slot',
  'read slot',
  'publish mup/response',
  'publish mup/status',
  'subscribe',
] as const;

/** The plan of a seed. */
export function planOf(seed: number): Plan {
  const random = new VirtualRandom(`plan ${seed}`);
  const devices = ['d1', 'd2', 'd3'].slice(0, random.pick([1, 1, 2, 2, 3]));
  const orders = devices.flatMap((who) => ordersOf(random.fork(who), who));
  const faults = Array.from({ length: random.int(0, 7) }, () =>
    faultOf(random, ['bridge', ...devices], orders),
  );
  const authenticates = seed % 4 === 0;
  return {
    profile: 'mup',
    devices,
    window: random.pick([1, 1, 4, 16]),
    sliceSizeBytes: random.pick([100, 256, 600]),
    imageBytes: random.pick([600, 1999, 4000, 7001]),
    mqtt311: random.chance(0.2),
    digestFirst: random.chance(0.3),
    authenticates,
    orders,
    faults: authenticates ? [...faults, ...injections(orders)] : faults,
  };
}

/** Whoever authenticates slices has somebody who injects some in every update. */
function injections(orders: readonly Order[]): Fault[] {
  return orders.map(({ who, atMs }) => ({ kind: 'inject', who, when: { atMs }, slices: 3 }));
}

/** One or two updates of a device, some while another is under way, some cancelled, some of a forged image. */
function ordersOf(random: VirtualRandom, who: Who): Order[] {
  const count = random.pick([1, 1, 2, 3]);
  let atMs = random.int(0, 8 * second);
  return Array.from({ length: count }, (_, i) => {
    const version = random.chance(0.08) ? forgedVersion : random.chance(0.1) ? 2 : i + 2;
    const order = { atMs, who, version };
    atMs += random.pick([10, second, 5 * second, 30 * second, 2 * minute]);
    return random.chance(0.15) ? { ...order, cancelMs: random.int(0, 15 * second) } : order;
  });
}

function faultOf(random: VirtualRandom, processes: readonly Who[], orders: readonly Order[]): Fault {
  const who = processes[random.int(0, processes.length - 1)] ?? 'bridge';
  const device = processes[random.int(1, processes.length - 1)] ?? who;
  const when = whenOf(random, who, orders);
  const atMs = timeOf(random, orders);
  const power = random.chance(0.4);
  const phase = random.pick(['before', 'during', 'after'] as const);
  const long = random.chance(0.05);
  const pauseMs = long ? random.int(5 * minute, 50 * minute) : random.int(100, 90 * second);
  switch (random.int(0, 19)) {
    case 0:
      return { kind: 'cut', who, when };
    case 1:
      return { kind: 'silence', who, when, forMs: pauseMs };
    case 2:
      return { kind: 'stop', who, when, forMs: pauseMs };
    case 3:
      return { kind: 'sleep', who: device, when: { atMs }, forMs: pauseMs };
    case 4:
      return { kind: 'disk-full', who, when, forMs: random.int(100, 90 * second) };
    case 5:
      return { kind: 'clock', who, when, byMs: random.pick([-1, 1]) * random.pick([minute, day, 30 * day]) };
    case 6:
    case 7:
      return {
        kind: 'broker',
        who: 'broker',
        when: { atMs },
        memory: random.pick(['kept', 'saved', 'lost']),
        downMs: random.int(100, 30 * second),
      };
    case 8:
    case 9:
      return { kind: 'weather', who: 'broker', when: { atMs }, weather: weatherOf(random), forMs: pauseMs };
    case 10:
      return { kind: 'replay', who: device, when: { atMs } };
    case 12:
      return { kind: 'pretend', who: device, when: { atMs }, version: random.int(2, 4) };
    case 13:
      return {
        ...{ kind: 'naps', who: device, when: { atMs }, times: random.int(2, 6) },
        ...{ awakeMs: random.int(500, 8000), asleepMs: random.int(1000, 60_000) },
      };
    case 14:
      return { kind: 'image-removed', who: 'bridge', when, version: random.int(2, 4), forMs: pauseMs };
    case 11:
      return { kind: 'inject', who: device, when: { atMs }, slices: random.int(1, 3) };
    default:
      return { kind: 'kill', who, when, end: { phase, power }, downMs: pauseMs };
  }
}

/** Somewhere in an update with preference. */
function timeOf(random: VirtualRandom, orders: readonly Order[]): number {
  const order = orders[random.int(0, orders.length - 1)];
  return random.chance(0.8) && order !== undefined
    ? order.atMs + random.int(0, 12 * second)
    : random.int(0, 2 * minute);
}

function whenOf(random: VirtualRandom, who: Who, orders: readonly Order[]): When {
  if (random.chance(0.3)) return { atMs: timeOf(random, orders) };
  const step = random.pick(who === 'bridge' ? bridgeSteps : deviceSteps);
  const most = step === '' ? 150 : 12;
  return { step, nth: random.int(1, most) };
}

function weatherOf(random: VirtualRandom): Weather {
  const some = (): number => random.pick([0, 0.02, 0.1, 0.3]);
  return {
    ...fairWeather,
    loss: some(),
    doubled: some(),
    overtaken: some(),
    dropped: random.pick([0, 0, 0.05, 0.2]),
    delayMs: random.pick([60, 500, 3000]),
  };
}
