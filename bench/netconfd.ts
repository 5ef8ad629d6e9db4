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
const window = 8;
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
    for (const width of [1, window]) {
      for (const server of servers) await server.open(width);
      for (let i = 0; i < rounds; i += 1) for (const server of servers) await server.round(width);
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
      figure('get of netconf-state/statistics, serial', '/s', (server) => server.rate(1)),
      figure('  CPU for each', 'ms', (server) => server.cpu(1)),
      figure('get of netconf-state/statistics, pipelined', '/s', (server) => server.rate(window)),
      figure('  CPU for each', 'ms', (server) => server.cpu(window)),
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
  readonly #rounds: { readonly width: number; readonly perSecond: number; readonly cpu: number }[] = [];
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

  /** Opens the session that the rounds use, and warms it. */
  async open(width: number): Promise<void> {
    this.#session = await openSessions(this.#target, 1);
    const reply = await this.#session.sessions[0]?.exchange(getStatistics);
    if (reply?.includes('in-rpcs') !== true) throw new BenchError(`no statistics: ${String(reply)}`);
    await rate(this.#session.sessions, [getStatistics], width, roundMs * 2);
  }

  async round(width: number): Promise<void> {
    const before = await total(this.#pids, cpuMs);
    const { perSecond, count } = await rate(this.#session?.sessions ?? [], [getStatistics], width, roundMs);
    this.#rounds.push({ width, perSecond, cpu: ((await total(this.#pids, cpuMs)) - before) / count });
  }

  close(): void {
    this.#session?.close();
  }

  /** Requests per second. */
  rate(width: number): number {
    return median(this.#of(width).map(({ perSecond }) => perSecond));
  }

  /** Milliseconds of CPU of a request. */
  cpu(width: number): number {
    return median(this.#of(width).map(({ cpu }) => cpu));
  }

  #of(width: number) {
    return this.#rounds.filter((round) => round.width === width);
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
