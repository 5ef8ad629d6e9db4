import type { History, JobSeen, Recorded } from './history.ts';

/** What the runs are judged by, besides their history. */
export interface Truth {
  /** SHA-256 of the genuine firmware of each version; of the first one, what devices are made with. */
  readonly digestOf: ReadonlyMap<number, string>;
  /** How long after its order, or after the end of the faults, a job may go on. */
  readonly jobMs: number;
  /** How long a state may last without the bridge being hindered; for states that are not here, for ever. */
  readonly stateMs: ReadonlyMap<string, number>;
}

interface Job {
  readonly id: string;
  readonly device: string;
  readonly image: string;
  readonly since: number;
  state: string;
  /** Since when it is in that state. */
  stateSince: number;
  code: string | undefined;
  endedAt: number | undefined;
}

interface Order {
  readonly device: string;
  readonly version: number;
  readonly further: boolean;
  readonly at: number;
  outcome: 'unanswered' | 'taken' | 'refused';
  job?: string;
}

interface DeviceState {
  version: number;
  /** What it ran before its boot loader went back; it may have said so. */
  rolledBackFrom?: number;
  /** What it began to download: digest and version. */
  readonly downloads: Set<string>;
  readonly nonces: Set<string>;
  downloading: boolean;
}

const ends = ['succeeded', 'failed', 'cancelled'];
/** A state of the device (`28_IMAGE-INVALID`), or a code of ours. */
const failureCode = /^(?:[0-9]{2}_[A-Z-]+|[a-z]+(?:-[a-z]+)*)$/;

/**
 * Holds a history against what must be so in every run (issue 5): every update ends in time, with a name for
 * its failure; no job is lost, doubled or changed after its end; a device is updated by one job at a time, boots
 * what the vendor signed and nothing older, takes no manifest twice, and can be updated again after all.
 * @returns what is wrong, nothing where nothing is
 */
export function violations(history: History, truth: Truth): string[] {
  const judge = new Judge(truth);
  for (const happening of history) judge.take(happening);
  return judge.verdict();
}

class Judge {
  readonly #truth: Truth;
  readonly #found: string[] = [];
  readonly #jobs = new Map<string, Job>();
  readonly #orders = new Map<number, Order>();
  readonly #devices = new Map<string, DeviceState>();
  #faultsOverAt: number | undefined;
  #bridgeAbleSince = 0;
  #at = 0;

  constructor(truth: Truth) {
    this.#truth = truth;
  }

  take(happening: Recorded): void {
    this.#at = happening.at;
    switch (happening.kind) {
      case 'ordered':
        this.#orders.set(happening.order, { ...happening, outcome: 'unanswered' });
        break;
      case 'order-taken':
        this.#orderTaken(happening);
        break;
      case 'order-refused':
        this.#orderRefused(happening);
        break;
      case 'cancel-taken':
        this.#cancelTaken(happening.job);
        break;
      case 'job-state':
        this.#jobSeen(happening);
        break;
      case 'jobs-listed':
        this.#listed(happening.jobs);
        break;
      case 'bridge-able':
        this.#bridgeAbleSince = happening.at;
        break;
      case 'booted':
        this.#booted(happening);
        break;
      case 'rolled-back':
        this.#rolledBack(happening);
        break;
      case 'manifest-accepted':
        this.#manifestAccepted(happening);
        break;
      case 'download-began':
        this.#downloadBegan(happening);
        break;
      case 'download-ended':
        this.#device(happening.device).downloading = false;
        break;
      case 'faults-over':
        this.#faultsOverAt = happening.at;
        break;
      default:
        this.#blame(happening.what);
    }
  }

  verdict(): string[] {
    if (this.#faultsOverAt === undefined) this.#blame('the faults did not end');
    for (const job of this.#jobs.values()) this.#endedInTime(job);
    this.#nothingDoubled();
    for (const [number, order] of this.#orders) if (order.further) this.#furtherSucceeded(number, order);
    return this.#found;
  }

  #blame(what: string): void {
    this.#found.push(`${(this.#at / 1000).toFixed(3)} s: ${what}`);
  }

  #orderTaken({ order: number, job }: Extract<Recorded, { kind: 'order-taken' }>): void {
    const order = this.#orders.get(number);
    if (order === undefined) {
      this.#blame(`order ${number} was answered and never given`);
      return;
    }
    order.outcome = 'taken';
    order.job = job;
    const image = this.#truth.digestOf.get(order.version) ?? '';
    if (!this.#jobs.has(job)) this.#newJob({ ...order, job, image, state: 'queued', code: undefined });
    const twice = [...this.#orders.values()].filter((other) => other.job === job).length > 1;
    if (twice) this.#blame(`job ${job} is the answer to two orders`);
  }

  #orderRefused({ order, code, holder }: Extract<Recorded, { kind: 'order-refused' }>): void {
    const refused = this.#orders.get(order);
    if (refused === undefined) return;
    // Such an order may come up after a restart, as one that was not answered.
    if (code === 'store-uncertain') return;
    // An order whose record may or may not be there after a restart is as good as not answered.
    if (code !== 'store-uncertain') refused.outcome = 'refused';
    if (code === 'internal') this.#blame(`order ${order} was refused with an internal error`);
    if (code !== 'update-in-progress') return;
    const job = this.#jobs.get(holder ?? '');
    const { device } = refused;
    // It may be the job of an order that is about to be answered.
    const others = [...this.#orders.values()].filter(
      (one) => one.device === device && one.outcome === 'unanswered',
    );
    const known = job === undefined ? others.length > 0 : job.device === device && job.endedAt === undefined;
    if (holder === undefined || !known)
      this.#blame(`order ${order} was refused for job ${holder}, which is not under way at ${device}`);
  }

  #cancelTaken(id: string): void {
    if (this.#jobs.get(id)?.endedAt === undefined) this.#blame(`job ${id} was cancelled and goes on`);
  }

  #jobSeen(seen: JobSeen): void {
    const job = this.#jobs.get(seen.job) ?? this.#newJob(seen);
    if (job.endedAt !== undefined && (seen.state !== job.state || seen.code !== job.code))
      this.#blame(`job ${job.id} had ended as ${job.state} and is ${seen.state} now`);
    if (seen.device !== job.device || seen.image !== job.image)
      this.#blame(`job ${job.id} is another device's or another image's now`);
    if (seen.state !== job.state) this.#stateLeft(job);
    job.state = seen.state;
    job.code = seen.code;
    if (!ends.includes(seen.state) || job.endedAt !== undefined) return;
    job.endedAt = this.#at;
    if (seen.state === 'failed') this.#failureNamed(job);
    if (seen.state === 'succeeded') this.#reallySucceeded(job);
  }

  #newJob({ job: id, device, image, state }: JobSeen): Job {
    const others = [...this.#jobs.values()].filter(
      (job) => job.device === device && job.endedAt === undefined,
    );
    for (const other of others)
      this.#blame(`job ${id} began at ${device} while job ${other.id} was under way there`);
    const job = { id, device, image, since: this.#at, stateSince: this.#at, state };
    const made: Job = { ...job, code: undefined, endedAt: undefined };
    this.#jobs.set(id, made);
    return made;
  }

  #stateLeft(job: Job): void {
    const { id, state, stateSince } = job;
    const lasted = this.#at - Math.max(stateSince, this.#bridgeAbleSince);
    const allowed = this.#truth.stateMs.get(state) ?? Number.POSITIVE_INFINITY;
    if (lasted > allowed)
      this.#blame(`job ${id} was ${state} for ${lasted} ms, at most ${allowed} are allowed`);
    job.stateSince = this.#at;
  }

  #failureNamed({ id, code }: Job): void {
    if (code === undefined || code === 'internal' || !failureCode.test(code))
      this.#blame(`job ${id} failed with no name for it: ${code}`);
  }

  #reallySucceeded({ id, device, image }: Job): void {
    const { version, rolledBackFrom } = this.#device(device);
    const expected = [...this.#truth.digestOf].find(([, digest]) => digest === image)?.[0];
    if (expected === undefined || (version !== expected && rolledBackFrom !== expected))
      this.#blame(`job ${id} succeeded with version ${expected}, ${device} runs ${version}`);
  }

  #listed(jobs: readonly JobSeen[]): void {
    const ids = new Set(jobs.map(({ job }) => job));
    if (ids.size !== jobs.length) this.#blame('a job is listed twice');
    for (const { job } of this.#orders.values())
      if (job !== undefined && !ids.has(job)) this.#blame(`job ${job} is lost`);
    for (const job of jobs) this.#jobSeen(job);
  }

  #booted({ device: name, version, digest }: Extract<Recorded, { kind: 'booted' }>): void {
    const device = this.#device(name);
    const made = device.version === 0;
    if (version < device.version)
      this.#blame(`${name} went back from version ${device.version} to ${version}`);
    if (digest !== this.#truth.digestOf.get(version))
      this.#blame(`${name} booted something that is not the vendor's version ${version}`);
    if (!made && version > device.version && !device.downloads.has(`${digest}/${version}`))
      this.#blame(`${name} booted version ${version}, which it never downloaded`);
    device.version = version;
  }

  #rolledBack({ device: name, version }: Extract<Recorded, { kind: 'rolled-back' }>): void {
    const device = this.#device(name);
    device.rolledBackFrom = device.version;
    device.version = version;
  }

  #manifestAccepted({ device: name, nonce }: Extract<Recorded, { kind: 'manifest-accepted' }>): void {
    const device = this.#device(name);
    if (device.nonces.has(nonce)) this.#blame(`${name} accepted the nonce ${nonce} twice`);
    device.nonces.add(nonce);
  }

  #downloadBegan({ device: name, digest, version }: Extract<Recorded, { kind: 'download-began' }>): void {
    const device = this.#device(name);
    if (device.downloading) this.#blame(`${name} began a download in the middle of another one`);
    device.downloads.add(`${digest}/${version}`);
    device.downloading = true;
  }

  #endedInTime({ id, device, state, since, endedAt = Number.POSITIVE_INFINITY }: Job): void {
    const due = Math.max(since, this.#faultsOverAt ?? 0) + this.#truth.jobMs;
    if (endedAt <= due) return;
    this.#blame(
      `job ${id} of ${device} did not end by ${(due / 1000).toFixed(0)} s, it is ${state}` +
        (Number.isFinite(endedAt) ? ` since ${(endedAt / 1000).toFixed(0)} s` : ''),
    );
  }

  /** A job without an order that was taken is one whose order the bridge could not answer any more. */
  #nothingDoubled(): void {
    const orders = [...this.#orders.values()];
    const answered = new Set(orders.map(({ job }) => job));
    for (const device of this.#devices.keys()) {
      const unanswered = orders.filter((order) => order.device === device && order.outcome === 'unanswered');
      const orphans = [...this.#jobs.values()].filter(
        (job) => job.device === device && !answered.has(job.id),
      );
      if (orphans.length > unanswered.length)
        this.#blame(
          `${device} has ${orphans.length} jobs beside those ordered: ${orphans.map(({ id }) => id)}`,
        );
    }
  }

  #furtherSucceeded(number: number, { device, version, outcome, job: id }: Order): void {
    const job = this.#jobs.get(id ?? '');
    if (job?.state !== 'succeeded')
      this.#blame(
        `${device} cannot be updated any more: order ${number} (version ${version}) ${outcome}, its job ${
          job === undefined ? 'is not there' : `${job.state} (${job.code})`
        }`,
      );
  }

  #device(name: string): DeviceState {
    const known = this.#devices.get(name);
    if (known !== undefined) return known;
    const made = { version: 0, downloads: new Set<string>(), nonces: new Set<string>(), downloading: false };
    this.#devices.set(name, made);
    return made;
  }
}
