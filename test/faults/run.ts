import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { errorMessage } from '../../src/base/errors.ts';
import { type Logger, silentLogger } from '../../src/base/logger.ts';
import { VirtualBroker } from '../support/virtual-broker.ts';
import { VirtualRandom } from '../support/virtual-random.ts';
import { VirtualTime } from '../support/virtual-time.ts';
import { BridgeHost, offlineDeadlineMs } from './bridge-host.ts';
import { DeviceHost } from './device-host.ts';
import { type Device, Disturber } from './disturber.ts';
import type { Doubles } from './double.ts';
import type { Happening, History, Recorded } from './history.ts';
import type { World } from './host.ts';
import { firstVersion, imageOf } from './images.ts';
import { type Truth, violations } from './model.ts';
import { MynoHost } from './myno-host.ts';
import { mynoPlanOf } from './myno-plan.ts';
import { forgedVersion, type Order, type Plan, planOf } from './plan.ts';
import { TraceLogger } from './trace-logger.ts';

/** The version of the update that has to succeed after all. */
const furtherVersion = 9;
/** Faults that have not begun so long after the last order do not begin any more. */
const disturbedMs = 180_000;
/** After the faults a device frees the slot of a download that nobody ends (`idleDeadlineMs` of the device). */
const restMs = 660_000;

const { update } = defaultConfig;
/** Whether a device of the prototype is there shows when it answers, and that alone. */
const tokenMs = { mup: update.tokenDeadlineMs, myno: offlineDeadlineMs };
/** All rounds of all steps, a wait for the device, and a minute for everything else. */
const jobMsOf = ({ profile }: Plan): number =>
  update.maxRounds *
    (tokenMs[profile] +
      update.manifestDeadlineMs +
      2 * update.stallTimeoutMs +
      update.verifyDeadlineMs +
      update.restartDeadlineMs +
      update.retryMaxMs) +
  offlineDeadlineMs +
  60_000;

/** What a state may last, with what a busy or refusing disk may add. */
const slackMs = 60_000;
const stateMsOf = ({ profile }: Plan): Truth['stateMs'] =>
  new Map(
    Object.entries({
      queued: offlineDeadlineMs,
      // A round that ends there begins the next one there.
      'requesting-token': update.maxRounds * (tokenMs[profile] + update.retryMaxMs),
      'sending-manifest': update.manifestDeadlineMs,
      verifying: 2 * update.verifyDeadlineMs,
      restarting: update.restartDeadlineMs,
      'waiting-for-device': offlineDeadlineMs,
    }).map(([state, ms]) => [state, ms + slackMs]),
  );

export interface RunOptions {
  readonly doubles?: Doubles;
  /** Takes each line of a trace; none is made unless given. */
  readonly trace?: (line: string) => void;
}

export interface Outcome {
  readonly plan: Plan;
  readonly history: History;
  readonly violations: readonly string[];
}

/** Runs a bridge and its devices through the faults of a seed, and judges what happened. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<Outcome> {
  return runPlan(planOf(seed), `world ${seed}`, options);
}

/** The same with devices of the prototype (profile `myno`). */
export async function runMynoSeed(seed: number, options: RunOptions = {}): Promise<Outcome> {
  return runPlan(mynoPlanOf(seed), `myno world ${seed}`, options);
}

/** Runs a plan. @param chance the seed of all that the plan leaves open */
export async function runPlan(plan: Plan, chance: string, options: RunOptions = {}): Promise<Outcome> {
  const run = new Run(plan, chance, options);
  const history = await run.run();
  return { plan, history, violations: violations(history, truthOf(plan)) };
}

function truthOf(plan: Plan): Truth {
  const versions = [2, 3, 4, furtherVersion];
  const digests = versions.map((version) => [version, imageOf(version, plan).digest] as const);
  return {
    digestOf: new Map([[firstVersion, sha256(new Uint8Array())], ...digests]),
    jobMs: jobMsOf(plan),
    stateMs: stateMsOf(plan),
  };
}

class Run {
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #time = new VirtualTime();
  readonly #history: Recorded[] = [];
  readonly #broker: VirtualBroker;
  readonly #bridge: BridgeHost;
  readonly #devices: readonly Device[];
  readonly #disturber: Disturber;
  #orders = 0;

  constructor(plan: Plan, chance: string, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    const random = new VirtualRandom(chance);
    const trace = (text: string): void => this.#trace(text);
    this.#broker = new VirtualBroker({
      time: this.#time,
      random: random.fork('broker'),
      trace: options.trace && trace,
    });
    this.#broker.mqtt311 = plan.mqtt311;
    const world: World = {
      plan,
      doubles: options.doubles ?? {},
      time: this.#time,
      broker: this.#broker,
      random,
      record: (happening) => this.#record(happening),
      trace,
      loggerOf: (who): Logger => (options.trace === undefined ? silentLogger : new TraceLogger(who, trace)),
      onStep: (who, what) => this.#disturber.stepped(who, what),
    };
    this.#bridge = new BridgeHost(world);
    const Kind = plan.profile === 'mup' ? DeviceHost : MynoHost;
    this.#devices = plan.devices.map((who) => new Kind(who, world));
    this.#disturber = new Disturber(world, this.#bridge, this.#devices);
  }

  async run(): Promise<History> {
    const rejected = (reason: unknown): void =>
      this.#record({ kind: 'broken', what: `nobody caught ${errorMessage(reason)}` });
    process.on('unhandledRejection', rejected);
    try {
      await this.#disturbed();
      await this.#afterwards();
    } catch (error) {
      this.#record({ kind: 'broken', what: errorMessage(error) });
    } finally {
      process.removeListener('unhandledRejection', rejected);
    }
    return this.#history;
  }

  /** Orders, faults, and what follows from them, until everything runs undisturbed. */
  async #disturbed(): Promise<void> {
    for (const version of [2, 3, 4, forgedVersion, furtherVersion]) await this.#bridge.addImage(version);
    for (const host of [this.#bridge, ...this.#devices]) host.start();
    this.#disturber.begin();
    for (const order of this.#plan.orders) this.#time.after(order.atMs, () => this.#planned(order));
    const lastOrder = Math.max(0, ...this.#plan.orders.map(({ atMs }) => atMs));
    const lastsUntil = lastOrder + disturbedMs;
    await this.#time.pass(lastsUntil);
    this.#disturber.end();
    while (this.#time.now < this.#disturber.lastsUntil) await this.#time.pass(this.#disturber.lastsUntil);
    await this.#helpOut();
    await this.#expect(
      120_000,
      () => [this.#bridge, ...this.#devices].every(({ ready }) => ready),
      'all to run',
    );
    this.#record({ kind: 'faults-over' });
  }

  /** A device of the prototype that is deaf, or unknown to the bridge, is so until somebody restarts it. */
  async #helpOut(): Promise<void> {
    for (const device of this.#devices)
      if (device instanceof MynoHost && device.needsHelp) {
        this.#trace(`${device.who}: somebody restarts it`);
        device.kill(1000, true);
      }
    await this.#time.pass(this.#time.now + 5000);
  }

  /** What was under way ends, and every device is updated once more. */
  async #afterwards(): Promise<void> {
    await this.#time.pass(this.#time.now + jobMsOf(this.#plan), () => this.#allEnded());
    await this.#time.pass(this.#time.now + restMs);
    let answered = 0;
    for (const device of this.#devices)
      void this.#order(device.who, furtherVersion, true).then(() => {
        answered += 1;
      });
    const all = (): boolean => answered === this.#devices.length && this.#allEnded();
    await this.#time.pass(this.#time.now + jobMsOf(this.#plan), all);
    await this.#time.pass(this.#time.now + 1000);
    void this.#bridge.recordJobs();
    await this.#time.pass(this.#time.now + 1000);
  }

  async #expect(withinMs: number, holds: () => boolean, what: string): Promise<void> {
    if (await this.#time.pass(this.#time.now + withinMs, holds)) return;
    this.#record({ kind: 'broken', what: `${withinMs} ms are not enough for ${what}` });
  }

  #allEnded(): boolean {
    const states = new Map<string, string>();
    for (const happening of this.#history) {
      if (happening.kind === 'order-taken' && !states.has(happening.job)) states.set(happening.job, 'queued');
      if (happening.kind === 'job-state') states.set(happening.job, happening.state);
    }
    return [...states.values()].every((state) => ['succeeded', 'failed', 'cancelled'].includes(state));
  }

  /** An order of the plan; the operator tries again while the bridge does not serve. */
  #planned(order: Order, triesLeft = 60): void {
    if (this.#bridge.ready) void this.#order(order.who, order.version, false, order.cancelMs);
    else if (triesLeft > 0) this.#time.after(2000, () => this.#planned(order, triesLeft - 1));
  }

  async #order(who: string, version: number, further: boolean, cancelMs?: number): Promise<void> {
    const order = this.#orders;
    this.#orders += 1;
    const device = this.#devices.find((host) => host.who === who);
    if (device === undefined) return;
    this.#record({ kind: 'ordered', order, device: who, version, further });
    const { digest } = imageOf(version, this.#plan);
    const job = await this.#bridge.order(order, device.uuid, digest);
    if (job !== undefined && cancelMs !== undefined)
      this.#time.after(cancelMs, () => {
        if (this.#bridge.ready) void this.#bridge.cancel(job);
      });
  }

  #record(happening: Happening): void {
    this.#history.push({ ...happening, at: this.#time.now });
    if (this.#options.trace !== undefined) this.#trace(`>> ${JSON.stringify(happening)}`);
  }

  #trace(text: string): void {
    this.#options.trace?.(`${(this.#time.now / 1000).toFixed(3).padStart(9)} ${text}`);
  }
}
