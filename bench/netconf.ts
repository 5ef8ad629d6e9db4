import { loadavg } from 'node:os';
import { connectAsync, type MqttClient } from 'mqtt';
import { operator } from '../test/support/system.ts';
import { register } from './registration.ts';
import { bareSsh } from './support/baselines.ts';
import { newCategory } from './support/descriptions.ts';
import { type LoadTarget, openSessions, rate, request } from './support/netconf-load.ts';
import { cpuMs } from './support/process-figures.ts';
import type { Figure } from './support/report.ts';
import { median, series } from './support/stats.ts';
import { startWorld, type World } from './support/world.ts';

const rounds = 5;
const roundMs = 500;
const window = 8;
const crowds = [1, 10, 100];
const fewDevices = 10;
/** Devices that register at one time. */
const registering = 32;
const manyDevices = 10_000;
/** Of the RPCs; a device of ours drops what is over 64 requests at a time. */
const uuids = ['BENCH-NETCONF-1', 'BENCH-NETCONF-2'];
const moduleNamespace = 'urn:mup:yang:mqtt-demo-board';

const getOne = (of: string): Buffer =>
  request(
    `<get><filter><devices xmlns="urn:mup:yang:mup-bridge"><device><uuid>${of}</uuid></device></devices></filter></get>`,
  );
const getByPath = request(
  `<get><filter type="xpath" xmlns:mup="urn:mup:yang:mup-bridge" select="/mup:devices/mup:device[mup:uuid='CROWD-5']"/></get>`,
);
const getAll = request('<get><filter><devices xmlns="urn:mup:yang:mup-bridge"/></filter></get>');
const rpcOf = (of: string): Buffer =>
  request(`<relayOn xmlns="${moduleNamespace}"><uuidInput>${of}</uuidInput></relayOn>`);
/**
 * What the NETCONF server does by itself: sessions, requests and long replies, beside a bare ssh2 echo. The load comes from this process, the servers are others.
 */
export async function netconf(): Promise<Figure[]> {
  // One device answers for all: what is measured is the server, not this cap.
  Object.assign(process.env, { MUP_RPC_MAX_IN_FLIGHT_PER_DEVICE: '10000' });
  const world = await startWorld();
  const mqtt = await connectAsync(world.broker.url, { protocolVersion: 5 });
  mqtt.setMaxListeners(0);
  await mqtt.subscribeAsync('mup/description/+/status', { qos: 1 });
  const target: LoadTarget = { port: world.bridge.port, ...operator };
  process.stderr.write(
    `  load average at the start: ${loadavg()
      .map((one) => one.toFixed(1))
      .join(' ')}\n`,
  );
  try {
    for (const uuid of uuids) await world.device(uuid);
    await registerUpTo(mqtt, 0, fewDevices);
    const echo = await bareEcho();
    const figures: Figure[] = [];
    for (const [name, framed] of [
      ['get of one device', uuids.map(getOne)],
      ['RPC', uuids.map(rpcOf)],
    ] as const)
      figures.push(...(await throughput(target, world, name, framed, echo)));
    figures.push(...(await keyed(target, mqtt)));
    return figures;
  } finally {
    await mqtt.endAsync();
    await world.close();
  }
}

async function registerUpTo(mqtt: MqttClient, from: number, to: number): Promise<void> {
  const text = await newCategory('BENCH-CROWD');
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) await register(mqtt, `CROWD-${next++}`, text);
  };
  await Promise.all(Array.from({ length: registering }, lane));
}

/** Milliseconds of a bare ssh2 echo of a request: no server on ssh2 answers sooner. */
async function bareEcho(): Promise<number> {
  const ssh = await bareSsh();
  const message = new Uint8Array(getOne('BENCH-NETCONF-1').length).fill(0x78);
  await series(500, () => ssh.exchange(message));
  const time = median(await series(2000, () => ssh.exchange(message)));
  await ssh.close();
  return time;
}

async function throughput(
  target: LoadTarget,
  world: World,
  name: string,
  framed: readonly Buffer[],
  echoMs: number,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of crowds) {
    process.stderr.write(`  ${name}, ${count} sessions …\n`);
    const { sessions, close } = await openSessions(target, count);
    for (const [kind, width] of [
      ['serial', 1],
      ['pipelined', window],
    ] as const) {
      await rate(sessions, framed, width, roundMs);
      const rates: number[] = [];
      const cpu = await cpuMs(world.bridge.program.pid);
      let answered = 0;
      for (let i = 0; i < rounds; i += 1) {
        const { perSecond, count: done } = await rate(sessions, framed, width, roundMs);
        rates.push(perSecond);
        answered += done;
      }
      const used = (await cpuMs(world.bridge.program.pid)) - cpu;
      figures.push({
        name: `${name}, ${kind}, ${count} sessions`,
        value: median(rates),
        unit: '/s',
        ...(count === 1 && width === 1 ? { baseline: { name: 'bare ssh2 echo', value: 1000 / echoMs } } : {}),
      });
      figures.push({ name: '  CPU of the bridge for each', value: used / answered, unit: 'ms' });
    }
    close();
  }
  return figures;
}

/** One device by its key, in both types of filter. */
const byKey = [
  ['subtree', getOne('CROWD-5')],
  ['XPath', getByPath],
] as const;

/** `get` of one device among few and many, and of all of them, a reply of megabytes. */
async function keyed(target: LoadTarget, mqtt: MqttClient): Promise<Figure[]> {
  const few = await keyedTimes(target);
  process.stderr.write(`  ${manyDevices} devices …\n`);
  await registerUpTo(mqtt, fewDevices, manyDevices);
  const many = await keyedTimes(target);
  const { sessions, close } = await openSessions(target, 1);
  let octets = 0;
  const times = await series(5, async () => {
    octets = (await sessions[0]?.exchange(getAll))?.length ?? 0;
  });
  close();
  const mib = octets / 2 ** 20;
  return [
    ...byKey.map(
      ([filter], i): Figure => ({
        name: `get of one device of ${manyDevices}, ${filter}`,
        value: many[i] ?? 0,
        unit: 'ms',
        baseline: { name: `of ${fewDevices}`, value: few[i] ?? 0 },
      }),
    ),
    { name: `get of all ${manyDevices} devices, ${mib.toFixed(1)} MiB`, value: median(times), unit: 'ms' },
    { name: '  throughput', value: (mib * 1000) / median(times), unit: 'MiB/s' },
  ];
}

/** The median of each of {@link byKey}, ms. */
async function keyedTimes(target: LoadTarget): Promise<number[]> {
  const { sessions, close } = await openSessions(target, 1);
  const [session] = sessions;
  const medians: number[] = [];
  for (const [, framed] of byKey) {
    await series(500, async () => session?.exchange(framed));
    medians.push(median(await series(2000, async () => session?.exchange(framed))));
  }
  close();
  return medians;
}
