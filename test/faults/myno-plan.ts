import { fairWeather } from '../support/virtual-broker.ts';
import { VirtualRandom } from '../support/virtual-random.ts';
import { type Fault, forgedVersion, type Order, type Plan, type When, type Who } from './plan.ts';

const second = 1000;
const minute = 60 * second;
const day = 86_400 * second;

/** When a device that starts with the world has described itself, if nothing disturbs it. */
const describedMs = 11 * second;

const bridgeSteps = [
  '',
  'put jobs',
  'put accepted',
  'delete accepted',
  'publish yang/update',
  'subscribe',
] as const;
const deviceSteps = [
  '',
  'publish response',
  'publish yang/update/image',
  'publish yang/config',
  'subscribe',
] as const;

/**
 * The plan of a seed with devices of the prototype. What defeats it whatever a bridge does is not in it: manifests
 * that are sent again and slices of others (its nonce is always the same), messages that arrive twice.
 */
export function mynoPlanOf(seed: number): Plan {
  const random = new VirtualRandom(`myno plan ${seed}`);
  const devices = ['d1', 'd2', 'd3'].slice(0, random.pick([1, 1, 2, 2, 3]));
  const orders = devices.flatMap((who) => ordersOf(random.fork(who), who));
  const faults = Array.from({ length: random.int(0, 6) }, () => faultOf(random, devices, orders));
  return {
    profile: 'myno',
    devices,
    window: 1,
    sliceSizeBytes: 600,
    imageBytes: random.pick([400, 1999, 4000, 7001]),
    mqtt311: random.chance(0.2),
    digestFirst: false,
    authenticates: false,
    orders,
    faults,
  };
}

/**
 * Whether devices may become deaf: what was sent to one and held up on its way, for longer than anybody waits, arrives
 * together with what was sent after it.
 */
export function mayDeafen({ faults }: Plan): boolean {
  return faults.some(({ kind }) => kind === 'silence');
}

/** One to three updates, each to a higher version; some are cancelled, some of a forged image. */
function ordersOf(random: VirtualRandom, who: Who): Order[] {
  const count = random.pick([1, 1, 2, 3]);
  let atMs = describedMs + random.int(0, 8 * second);
  return Array.from({ length: count }, (_, i) => {
    const order = { atMs, who, version: random.chance(0.08) ? forgedVersion : i + 2 };
    atMs += random.pick([10, second, 5 * second, 30 * second, 2 * minute]);
    return random.chance(0.2) ? { ...order, cancelMs: random.int(0, 15 * second) } : order;
  });
}

function faultOf(random: VirtualRandom, devices: readonly Who[], orders: readonly Order[]): Fault {
  const device = devices[random.int(0, devices.length - 1)] ?? 'd1';
  const who = random.chance(0.5) ? 'bridge' : device;
  const atMs = timeOf(random, orders);
  const when = whenOf(random, who, atMs);
  const pauseMs = random.chance(0.05) ? random.int(5 * minute, 30 * minute) : random.int(100, 90 * second);
  switch (random.int(0, 14)) {
    case 0:
    case 1:
      return { kind: 'cut', who, when };
    case 2:
      return random.chance(0.3) ? { kind: 'silence', who, when, forMs: pauseMs } : { kind: 'cut', who, when };
    case 3:
      return { kind: 'stop', who: 'bridge', when: { atMs }, forMs: pauseMs };
    case 4:
      return { kind: 'disk-full', who: 'bridge', when: { atMs }, forMs: random.int(100, 90 * second) };
    case 5:
      return {
        ...{ kind: 'clock', who: 'bridge', when: { atMs } },
        byMs: random.pick([-1, 1]) * random.pick([minute, day]),
      };
    case 6:
      return {
        ...{ kind: 'broker', who: 'broker', when: { atMs } },
        ...{ memory: random.pick(['kept', 'saved', 'lost']), downMs: random.int(100, 30 * second) },
      };
    case 7:
    case 8: {
      const weather = {
        ...fairWeather,
        loss: random.pick([0.02, 0.1, 0.3]),
        delayMs: random.pick([60, 200]),
      };
      return { kind: 'weather', who: 'broker', when: { atMs }, weather, forMs: pauseMs };
    }
    case 9:
      return { kind: 'image-removed', who: 'bridge', when, version: random.int(2, 4), forMs: pauseMs };
    case 10:
    case 11:
      return { kind: 'call', who: device, when: { atMs } };
    default: {
      const end = { phase: random.pick(['before', 'during', 'after'] as const), power: random.chance(0.4) };
      return { kind: 'kill', who, when, end, downMs: pauseMs };
    }
  }
}

/** Somewhere in an update with preference. */
function timeOf(random: VirtualRandom, orders: readonly Order[]): number {
  const order = orders[random.int(0, orders.length - 1)];
  return random.chance(0.8) && order !== undefined
    ? order.atMs + random.int(0, 15 * second)
    : random.int(0, 2 * minute);
}

function whenOf(random: VirtualRandom, who: Who, atMs: number): When {
  if (random.chance(0.3)) return { atMs };
  const step = random.pick(who === 'bridge' ? bridgeSteps : deviceSteps);
  return { step, nth: random.int(1, step === '' ? 80 : 12) };
}
