import { mup } from '../test/support/program.ts';
import { operator } from '../test/support/system.ts';
import { BenchError } from './support/bench-error.ts';
import { connectSsh, LoadSession, openSessions, request } from './support/netconf-load.ts';
import { rssMib } from './support/process-figures.ts';
import type { Figure } from './support/report.ts';
import { median, percentile } from './support/stats.ts';
import { addImages, Fleet, imageBytes, type TransferRun } from './support/update-runs.ts';
import { startWorld, type World } from './support/world.ts';

/** How many devices at once, and how often. */
const sizes = [
  { count: 1, repeats: 7 },
  { count: 100, repeats: 5 },
  { count: 1000, repeats: 3 },
];
const windows = [1, 16];
const restarts = 3;
/** Between two RPCs of the client that watches: what it asks for itself shall not count. */
const rpcPauseMs = 50;
const idleRpcs = 200;
/** At least 60 % of what the bare publisher moves. */
const mostOfBare = 1.67;
const neighbour = 'NEIGHBOUR';

/**
 * Updates of 1, 100 and 1,000 devices at once through Mosquitto, 87,800 octets each in slices of 600, beside
 * a bare mqtt.js publisher that sends the same slices over the same broker to the same devices and takes
 * their acknowledgements, as many in flight for each device. Both are timed from the first slice that a
 * device got until all devices had all. A NETCONF client calls an RPC of another device meanwhile.
 */
export async function updates(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const window of windows)
    for (const { count, repeats } of sizes) figures.push(...(await updatesOf(count, window, repeats)));
  figures.push(...(await restart(1000)));
  return figures;
}

async function updatesOf(count: number, window: number, repeats: number): Promise<Figure[]> {
  const world = await startWorld();
  const fleet = await Fleet.start(world, count, window);
  const { sessions, close } = await openSessions({ port: world.bridge.port, ...operator }, 4);
  try {
    const [first = '', ...digests] = await addImages(world, repeats + 1);
    const watcher = await Watcher.start(world);
    await watcher.idle();
    // The first of each is not counted: code that has not run yet is slow.
    await fleet.bare();
    await fleet.update(world.bridge.program.pid, first, sessions);
    await settled(sessions);
    const runs: TransferRun[] = [];
    const bare: TransferRun[] = [];
    for (const digest of digests) {
      bare.push(await fleet.bare());
      runs.push(await watcher.during(() => fleet.update(world.bridge.program.pid, digest, sessions)));
      await settled(sessions);
      process.stderr.write(`  ${summary(runs.at(-1))}; bare ${summary(bare.at(-1))}\n`);
    }
    watcher.close();
    return figuresOf(
      `${count} ${count === 1 ? 'device' : 'devices'}, window ${window}`,
      count,
      runs,
      bare,
      watcher,
    );
  } finally {
    close();
    await fleet.close();
    await world.close();
  }
}

function summary(run: TransferRun | undefined): string {
  if (run === undefined) return '';
  const { seconds, updateSeconds, senderMs, fleetMs, strays } = run;
  return `transfer ${seconds.toFixed(2)} s, all ${updateSeconds.toFixed(2)} s, CPU ${senderMs.toFixed(0)} ms and devices ${fleetMs.toFixed(0)} ms, ${strays} strays`;
}

function figuresOf(
  name: string,
  count: number,
  runs: readonly TransferRun[],
  bare: readonly TransferRun[],
  { idleMs, busyMs, peakMib }: Watcher,
): Figure[] {
  const seconds = median(runs.map((run) => run.seconds));
  const bareSeconds = median(bare.map((run) => run.seconds));
  const all = median(runs.map((run) => run.updateSeconds));
  const mib = (count * imageBytes) / 2 ** 20;
  const [before, meanwhile] = [median(idleMs), median(busyMs)];
  return [
    {
      name: `${name}: transfer`,
      value: mib / seconds,
      unit: 'MiB/s',
      baseline: { name: 'bare mqtt.js', value: mib / bareSeconds },
    },
    {
      name: `${name}: time of transfer / bare`,
      // Each beside the one that ran right before it: the machine may be slower at another time.
      value: median(runs.map((run, i) => run.seconds / (bare[i]?.seconds ?? Number.NaN))),
      unit: 'ratio',
      limit: mostOfBare,
    },
    {
      name: `${name}: updates, order to restart`,
      value: count / all,
      unit: '/s',
      baseline: { name: 'bare, image alone', value: count / bareSeconds },
    },
    {
      name: `${name}: RPC to another, median`,
      value: meanwhile,
      unit: 'ms',
      baseline: { name: 'idle', value: before },
    },
    {
      name: `${name}: RPC to another, p99`,
      value: percentile(busyMs, 99),
      unit: 'ms',
      baseline: { name: 'idle', value: percentile(idleMs, 99) },
    },
    { name: `${name}: RPC median / idle`, value: meanwhile / before, unit: 'ratio' },
    {
      name: `${name}: CPU of an update`,
      value: median(runs.map((run) => run.senderMs)) / count,
      unit: 'ms',
      baseline: { name: 'bare, image alone', value: median(bare.map((run) => run.senderMs)) / count },
    },
    {
      name: `${name}: CPU of a device`,
      value: median(runs.map((run) => run.fleetMs)) / count,
      unit: 'ms',
    },
    {
      name: `${name}: slices not taken`,
      value: median(runs.map((run) => run.strays)),
      unit: 'count',
      baseline: { name: 'bare', value: median(bare.map((run) => run.strays)) },
    },
    { name: `${name}: memory of the bridge, peak`, value: peakMib, unit: 'MiB', limit: 400 },
  ];
}

/** A NETCONF client that calls another device all the time, and looks at the bridge's memory. */
class Watcher {
  readonly idleMs: number[] = [];
  readonly busyMs: number[] = [];
  peakMib = 0;
  readonly #pid: number;
  readonly #session: LoadSession;
  readonly #close: () => void;
  #watching = false;

  private constructor(pid: number, session: LoadSession, close: () => void) {
    this.#pid = pid;
    this.#session = session;
    this.#close = close;
  }

  static async start(world: World): Promise<Watcher> {
    await world.device(neighbour);
    const client = await connectSsh({ port: world.bridge.port, ...operator });
    return new Watcher(world.bridge.program.pid, await LoadSession.open(client), () => client.end());
  }

  async idle(): Promise<void> {
    for (let i = 0; i < idleRpcs; i += 1) await this.#call(this.idleMs);
  }

  async during<T>(task: () => Promise<T>): Promise<T> {
    this.#watching = true;
    const watched = this.#watch();
    try {
      return await task();
    } finally {
      this.#watching = false;
      await watched;
    }
  }

  close(): void {
    this.#close();
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      await this.#call(this.busyMs);
      this.peakMib = Math.max(this.peakMib, await rssMib(this.#pid));
    }
  }

  async #call(times: number[]): Promise<void> {
    const begun = performance.now();
    const reply = await this.#session.exchange(relayOn);
    if (reply?.includes('10_OK') !== true) throw new BenchError(`the other device did not do it: ${reply}`);
    times.push(performance.now() - begun);
    await sleep(rpcPauseMs);
  }
}

const relayOn = request(
  `<relayOn xmlns="urn:mup:yang:mqtt-demo-board"><uuidInput>${neighbour}</uuidInput></relayOn>`,
);

/** From `kill -9` of the bridge, while it updates so many devices, to the next slice that a device gets. */
async function restart(count: number): Promise<Figure[]> {
  const world = await startWorld();
  const fleet = await Fleet.start(world, count, 1);
  const digests = await addImages(world, restarts);
  const toSlice: number[] = [];
  const toServing: number[] = [];
  let { program, port } = world.bridge;
  try {
    for (const digest of digests) {
      const said = fleet.said;
      const { sessions, close } = await openSessions({ port, ...operator }, 4);
      await fleet.order(digest, sessions);
      const killedAt = performance.timeOrigin + performance.now();
      program.signal('SIGKILL');
      await program.exited;
      close();
      // Until no slice is on its way any more.
      const nextSlice = await fleet.watch();
      const { broker, bridge } = world;
      const startedAt = performance.now();
      program = mup([
        ...['serve', '--state-dir', bridge.stateDir, '--netconf-port', '0', '--mqtt-url', broker.url],
        ...['--ready-json', '--log-format', 'json'],
      ]);
      const { netconf } = (await program.json({ netconf: undefined })) as { netconf: { port: number } };
      toServing.push((performance.now() - startedAt) / 1000);
      port = netconf.port;
      toSlice.push(((await nextSlice()) - killedAt) / 1000);
      await fleet.updated(said);
      const after = await openSessions({ port, ...operator }, 1);
      await settled(after.sessions);
      after.close();
    }
    const name = `kill -9 while ${count} devices are updated`;
    return [
      { name: `${name}: start of the bridge to serving`, value: median(toServing), unit: 's', limit: 1 },
      { name: `${name}: to the next slice`, value: median(toSlice), unit: 's', limit: 3 },
    ];
  } finally {
    await program.stop();
    await fleet.close();
    await world.close();
  }
}

const jobStates = request(
  '<get><filter><update-jobs xmlns="urn:mup:yang:mup-bridge"><job><state/></job></update-jobs></filter></get>',
);

/** Until the bridge has heard that all updates have come to their end, which has to be a good one. */
async function settled(sessions: readonly LoadSession[]): Promise<void> {
  for (;;) {
    const reply = (await sessions[0]?.exchange(jobStates))?.toString('latin1') ?? '';
    const states = [...reply.matchAll(/<state>([^<]*)</g)].map(([, state]) => state);
    if (states.length === 0 || states.includes('failed')) throw new BenchError(`an update failed: ${reply}`);
    if (states.every((state) => state === 'succeeded')) return;
    await sleep(rpcPauseMs);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
