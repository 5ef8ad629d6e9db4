// Many devices in one process, on few connections and as light as can be, so that what is measured is whoever
// updates them: they answer the requests of the example description, acknowledge slices, check that the image
// is complete, and come back from a restart with the new version. They check no signature and no digest.
// Started as `fleet.ts JSON` with the fields of `FleetOptions`; reads commands from standard input, a line each:
//   arm SIZE   the devices take an image of so many octets without a manifest
//   watch      when all is quiet, says `watching`, and then when the next slice comes
// and prints a line of JSON for each `FleetEvent`. Times are milliseconds since the epoch.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { FleetDevice } from './fleet-device.ts';
import { LightMqtt } from './light-mqtt.ts';

export interface FleetOptions {
  readonly url: string;
  /** The devices are called `<prefix>-<n>`. */
  readonly prefix: string;
  readonly count: number;
  /** File of their description. */
  readonly description: string;
}

export type FleetEvent =
  | { readonly event: 'registered' | 'armed' | 'watching' }
  /** All have taken their image. */
  | { readonly event: 'complete'; readonly first: number; readonly last: number; readonly strays: number }
  /** All have come back from their restart. */
  | { readonly event: 'updated'; readonly at: number }
  | { readonly event: 'slice'; readonly at: number; readonly offset: number };

/** As a few sites with many devices each would share a link, and more than a broker queues for one client. */
const devicesPerConnection = 125;
/** Devices that describe themselves at the same time: a broker drops what is too much for the bridge's queue. */
const describing = 64;

const options: FleetOptions = JSON.parse(process.argv[2] ?? '');
const description = readFileSync(options.description);
const devices = new Map<string, FleetDevice>();
const connections: LightMqtt[] = [];
const tally = { registered: 0, complete: 0, updated: 0, slices: 0, strays: 0, first: 0 };
const silent: FleetDevice[] = [];
let watching = false;

function say(event: FleetEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

const listener = {
  registered: () => {
    tally.registered += 1;
    silent.shift()?.describe(description);
    if (tally.registered === options.count) say({ event: 'registered' });
  },
  slice: (offset: number, taken: boolean) => {
    tally.slices += 1;
    if (!taken) tally.strays += 1;
    if (tally.first === 0) tally.first = now();
    if (!watching) return;
    watching = false;
    say({ event: 'slice', at: now(), offset });
  },
  complete: () => {
    tally.complete += 1;
    if (tally.complete < options.count) return;
    say({ event: 'complete', first: tally.first, last: now(), strays: tally.strays });
    Object.assign(tally, { complete: 0, strays: 0, first: 0 });
  },
  updated: () => {
    tally.updated += 1;
    if (tally.updated < options.count) return;
    say({ event: 'updated', at: now() });
    tally.updated = 0;
  },
};

/** Until nothing came between two answers of the broker. */
async function watch(): Promise<void> {
  for (let before = -1; before !== tally.slices; ) {
    before = tally.slices;
    await Promise.all(connections.map((connection) => connection.ping()));
  }
  watching = true;
  say({ event: 'watching' });
}

async function connectDevices(from: number): Promise<void> {
  const mqtt = await LightMqtt.connect(options.url, `${options.prefix}-${from}`);
  connections.push(mqtt);
  const mine: FleetDevice[] = [];
  for (let n = from; n < Math.min(from + devicesPerConnection, options.count); n += 1)
    mine.push(new FleetDevice(`${options.prefix}-${n}`, mqtt, listener));
  for (const device of mine) for (const topic of device.topics) devices.set(topic, device);
  mqtt.onMessage = (topic, payload) => devices.get(topic)?.receive(topic, payload);
  await mqtt.subscribe(mine.flatMap(({ topics }) => topics));
  silent.push(...mine);
}

for (let from = 0; from < options.count; from += devicesPerConnection) await connectDevices(from);
for (const device of silent.splice(0, describing)) device.describe(description);
createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, size] = line.split(' ');
  if (command === 'watch') {
    void watch();
    return;
  }
  for (const device of new Set(devices.values())) device.expect(Number(size));
  say({ event: 'armed' });
});
