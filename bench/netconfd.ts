import { BenchError } from './support/bench-error.ts';
import {
  connectSsh,
  LoadSession,
  type LoadTarget,
  openSessions,
  rate,
  request,
} from './support/netconf-load.ts';
import { startNetconfd } from './support/netconfd.ts';
import { cpuMs, family, rssMib } from './support/process-figures.ts';
import type { Figure } from './support/report.ts';
import { median, series } from './support/stats.ts';
import { startWorld, userWithKey } from './support/world.ts';

const rounds = 7;
const roundMs = 700;
const setUps = 30;
/** Sessions, and requests under way on each. */
const loads = [
  { name: 'one by one', sessions: 1, width: 1 },
  { name: '8 at a time', sessions: 1, width: 8 },
  { name: 'one by one on each of 4 sessions', sessions: 4, width: 1 },
];
type Load = (typeof loads)[number];
/** Sessions whose memory is measured: many, to see them at all; netconfd stalls from about 15 on. */
const idlers = { ours: 200, theirs: 5 };

const closeSession = request('<close-session/>');
/** What every server with RFC 6022 has, netconfd too. */
const getStatistics = request(
  '<get><filter><netconf-state xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><statistics/></netconf-state></filter></get>',
);

/**
 * Session set-up, one request that both know, and memory of a session, beside Debian's netconfd behind bare
 * ssh2. Both run from the start to the end, and each is measured right after the other, round by round: the
 * machine itself is not as fast in one minute as in the next.
 */
export async function netconfd(): Promise<Figure[]> {
  const world = await startWorld();
  const netconfd = await startNetconfd();
  if (netconfd === undefined) process.stderr.write('  no netconfd\n');
  const ours = new Server(await userWithKey(world), [world.bridge.program.pid], idlers.ours);
  const theirs = netconfd && new Server(netconfd.target, netconfd.pids, idlers.theirs);
  const servers = theirs === undefined ? [ours] : [ours, theirs];
  try {
    for (let i = 0; i < setUps; i += 1) for (const server of servers) await server.setUp();
    for (const server of servers) await server.crowd();
    for (const load of loads) {
      for (const server of servers) await server.open(load);
      for (let i = 0; i < rounds; i += 1) for (const server of servers) await server.round(load);
      for (const server of servers) server.close();
    }
    const figure = (name: string, unit: Figure['unit'], of: (server: Server) => number): Figure => ({
      name,
      value: of(ours),
      unit,
      ...(theirs === undefined ? {} : { baseline: { name: 'netconfd behind ssh2', value: of(theirs) } }),
    });
    return [
      figure('session set-up, login to hello', 'ms', ({ setUps }) => median(setUps)),
      ...loads.flatMap((load) => [
        figure(`get of netconf-state/statistics, ${load.name}`, '/s', (server) => server.rate(load)),
        figure('  CPU for each', 'ms', (server) => server.cpu(load)),
      ]),
      figure('memory of a session', 'KiB', ({ kibPerSession }) => kibPerSession),
    ];
  } finally {
    await netconfd?.close();
    await world.close();
  }
}

/** A server under measurement. */
class Server {
  readonly setUps: number[] = [];
  kibPerSession = Number.NaN;
  readonly #target: LoadTarget;
  readonly #pids: readonly number[];
  readonly #idle: number;
  readonly #rounds: { readonly load: Load; readonly perSecond: number; readonly cpu: number }[] = [];
  #session: Awaited<ReturnType<typeof openSessions>> | undefined;

  constructor(target: LoadTarget, pids: readonly number[], idle: number) {
    this.#target = target;
    this.#pids = pids;
    this.#idle = idle;
  }

  async setUp(): Promise<void> {
    const times = await series(1, async () => {
      const client = await connectSsh(this.#target);
      const session = await LoadSession.open(client);
      await session.exchange(closeSession);
      client.end();
    });
    this.setUps.push(...times);
  }

  /** Opens the sessions that the rounds use, and warms them. */
  async open({ sessions, width }: Load): Promise<void> {
    this.#session = await openSessions(this.#target, sessions);
    const reply = await this.#session.sessions[0]?.exchange(getStatistics);
    if (reply?.includes('in-rpcs') !== true) throw new BenchError(`no statistics: ${String(reply)}`);
    await rate(this.#session.sessions, [getStatistics], width, roundMs * 2);
  }

  async round(load: Load): Promise<void> {
    const before = await total(this.#pids, cpuMs);
    const { perSecond, count } = await rate(
      this.#session?.sessions ?? [],
      [getStatistics],
      load.width,
      roundMs,
    );
    this.#rounds.push({ load, perSecond, cpu: ((await total(this.#pids, cpuMs)) - before) / count });
  }

  close(): void {
    this.#session?.close();
  }

  /** Requests per second. */
  rate(load: Load): number {
    return median(this.#of(load).map(({ perSecond }) => perSecond));
  }

  /** Milliseconds of CPU of a request. */
  cpu(load: Load): number {
    return median(this.#of(load).map(({ cpu }) => cpu));
  }

  #of(load: Load) {
    return this.#rounds.filter((round) => round.load === load);
  }

  /** What many sessions hold that do nothing. */
  async crowd(): Promise<void> {
    const before = await total(this.#pids, rssMib);
    const crowd = await openSessions(this.#target, this.#idle);
    for (const session of crowd.sessions) await session.exchange(getStatistics);
    this.kibPerSession = (((await total(this.#pids, rssMib)) - before) * 1024) / this.#idle;
    crowd.close();
  }
}

/** A figure of some processes and of all that they have started. */
async function total(pids: readonly number[], of: (pid: number) => Promise<number>): Promise<number> {
  const all = (await Promise.all(pids.map(family))).flat();
  // What ends meanwhile has none.
  const figures = await Promise.all(all.map((pid) => of(pid).catch(() => 0)));
  return figures.reduce((sum, figure) => sum + figure, 0);
}
