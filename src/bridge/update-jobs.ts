import { toHex, utf8 } from '../base/bytes.ts';
import type { UpdateConfig } from '../base/config.ts';
import { type DeviceUuid, type Digest, type JobId, jobId } from '../base/ids.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import type { VendorManifest } from '../mup/manifest.ts';
import { formatVendorManifest } from '../mup/manifest-json.ts';
import { newUpdateJob } from '../mup/update-job.ts';
import { hasEnded, type UpdateLimits } from '../mup/update-job-types.ts';
import type { Presence } from '../registry/device.ts';
import type { DocumentStore } from '../registry/document-store.ts';
import { jobEnd } from './audit-jobs.ts';
import type { AuditSink } from './audit-trail.ts';
import type { BridgeEvents } from './bridge-events.ts';
import { EndedJobs } from './ended-jobs.ts';
import { type JobHistory, noHistory, withState } from './job-history.ts';
import type { JobRecord, Orderer } from './job-record.ts';
import { JobRequests, type JobRequestsDependencies } from './job-requests.ts';
import { JobRun, type JobRunDependencies } from './job-run.ts';
import type { PresenceReport } from './presence.ts';
import { ProgressGate } from './progress-gate.ts';
import { UnwantedJobs } from './unwanted-jobs.ts';
import type { UpdateClaims } from './update-claims.ts';

export interface UpdateJobsDependencies
  extends Omit<
      JobRunDependencies,
      'requests' | 'brokerAway' | 'activity' | 'gate' | 'maxTransitions' | 'onState' | 'onProgress' | 'onEnd'
    >,
    Omit<JobRequestsDependencies, 'onTaken'> {
  readonly store: DocumentStore;
  readonly claims: UpdateClaims;
  readonly events: Pick<BridgeEvents, 'updateState' | 'updateReported' | 'updateProgress'>;
  /** Gets the end of every job. */
  readonly audit?: AuditSink;
  readonly config: Pick<
    UpdateConfig,
    'maxFinishedJobs' | 'maxJobTransitions' | 'progressIntervalMs' | 'progressPercent'
  >;
  readonly sha256: (bytes: Uint8Array) => Digest;
  readonly transport: MqttTransport;
}

/** How often it is looked after the wall clock, and after what could not be removed. */
const watchMs = 60_000;

/** The update jobs: ordered, run one a device, remembered after their end. */
export class UpdateJobs {
  readonly #deps: UpdateJobsDependencies;
  readonly #requests: JobRequests;
  readonly #runs = new Map<JobId, JobRun>();
  readonly #ended: EndedJobs;
  readonly #unwanted: UnwantedJobs;
  #stopListening: () => void = () => {};
  #stopWatch: () => void = () => {};

  constructor(deps: UpdateJobsDependencies) {
    this.#deps = deps;
    this.#unwanted = new UnwantedJobs(deps);
    this.#ended = new EndedJobs(deps);
    this.#requests = new JobRequests({ ...deps, onTaken: (id) => this.#ended.taken(id) });
  }

  /** Takes up the jobs that were under way when the bridge ended. */
  async restore(): Promise<void> {
    const { store, transport } = this.#deps;
    const stored = (await store.all('jobs')) as readonly JobRecord[];
    const ended = stored.filter(({ job }) => hasEnded(job));
    for (const record of ended.toSorted((a, b) => a.job.changedAt - b.job.changedAt)) this.#ended.add(record);
    const unfinished = stored
      .filter(({ job }) => !hasEnded(job))
      .sort((a, b) => a.job.createdAt - b.job.createdAt);
    const latest = new Map(unfinished.map((record) => [record.job.uuid, record]));
    for (const record of latest.values()) this.#run(record).run.resume();
    const others = unfinished.filter((record) => latest.get(record.job.uuid) !== record);
    await this.#unwanted.found(others.map(({ job }) => job.id));
    if (transport.state === 'online') this.#connected();
    const stopListening = transport.onState((state) => {
      if (state === 'offline') for (const run of this.#runs.values()) run.connectionLost();
      if (state === 'online') this.#connected();
    });
    this.#stopListening = () => {
      stopListening();
      this.#stopWatch();
    };
    this.#watch();
  }

  /** Leaves the jobs as they are; they go on at the next start. */
  async close(): Promise<void> {
    this.#stopListening();
    await Promise.all([...this.#runs.values()].map((run) => run.close()));
  }

  get(id: string): JobRecord | undefined {
    return this.#runs.get(jobId(id))?.record ?? this.#ended.get(jobId(id));
  }

  /** What keeps a job that is under way from going on, where that is no matter of its device. */
  hindrance(id: JobId): string | undefined {
    return this.#runs.get(id)?.hindrance;
  }

  /** Finished jobs, oldest first, then those under way. */
  all(): readonly JobRecord[] {
    return [...this.#ended.all(), ...[...this.#runs.values()].map((run) => run.record)];
  }

  /** @throws RpcError `update-in-progress` */
  refuseIfClaimed(uuid: DeviceUuid): void {
    this.#deps.claims.refuseIfClaimed(uuid);
  }

  /**
   * Orders an update of a registered device. On disk when it resolves.
   * @throws RpcError `update-in-progress`; `store-failed`; `store-uncertain` when the order can neither be stored nor
   *   be taken back, so that the next start of the bridge may find it
   */
  async start(uuid: DeviceUuid, manifest: VendorManifest, by: Orderer): Promise<JobId> {
    const { transport, clock, limitsOf, random, claims, sha256, logger } = this.#deps;
    claims.refuseIfClaimed(uuid);
    // Of a job that is under way there is no other on the disk.
    await this.#unwanted.removeAll();
    const { digest, size, newVersion } = manifest;
    const id = jobId(toHex(random(8)));
    const silent = this.#saysPresence(uuid) ? undefined : true;
    const job = newUpdateJob({ id, uuid, digest, size, newVersion, silent }, clock.now(), limitsOf(uuid));
    const { run, release } = this.#run({
      job,
      ...by,
      manifest: sha256(utf8(formatVendorManifest(manifest))),
      history: this.#historyOf({ job, ...by }),
    });
    try {
      await run.start(transport.state === 'online' ? this.#presenceOf(uuid) : 'offline');
    } catch (error) {
      this.#runs.delete(id);
      // What came meanwhile, a lost connection, would have it wait for its deadline and fail.
      await run.close();
      release();
      await this.#unwanted.takeBack(id);
      throw error;
    }
    logger.info('update ordered', { job: id, uuid, digest, ...by });
    return id;
  }

  /** @returns whether such a job was under way; it has ended then @throws RpcError `store-failed`, `cancel-too-late` */
  async cancel(id: string): Promise<boolean> {
    const run = this.#runs.get(jobId(id));
    await run?.cancel();
    return run !== undefined;
  }

  /** What a device said of its presence. */
  heard(uuid: DeviceUuid, { presence, firmwareVersion, retained }: PresenceReport): void {
    this.#runOf(uuid)?.heard(presence, firmwareVersion, retained);
    if (presence === 'offline' || this.#deps.claims.get(uuid) !== undefined) return;
    this.#requests.returned(uuid);
    if (firmwareVersion !== undefined) this.#ended.heard(uuid, firmwareVersion);
  }

  /**
   * A device that says nothing of its presence has described itself, which it does when it starts: nothing that was
   * in flight is any more.
   */
  described(uuid: DeviceUuid): void {
    if (this.#saysPresence(uuid)) return;
    const run = this.#runOf(uuid);
    run?.connectionLost();
    run?.heard('online');
  }

  /** There is one at most. */
  #runOf(uuid: DeviceUuid): JobRun | undefined {
    const job = this.#deps.claims.get(uuid)?.job;
    return job === undefined ? undefined : this.#runs.get(jobId(job));
  }

  /** The broker is back. Devices that say nothing of their presence are there for all that is known. */
  #connected(): void {
    for (const run of this.#runs.values()) if (!this.#saysPresence(run.record.job.uuid)) run.heard('online');
  }

  #presenceOf(uuid: DeviceUuid): Presence {
    return this.#saysPresence(uuid) ? (this.#deps.registry.get(uuid)?.presence ?? 'unknown') : 'online';
  }

  /** Devices of the prototype have no status topic (mup-protocol §1). */
  #saysPresence(uuid: DeviceUuid): boolean {
    return this.#deps.registry.kind(uuid)?.profile !== 'myno';
  }

  /** Whether a device that says nothing of its presence is there shows when it is asked, and that alone. */
  #limitsOf(uuid: DeviceUuid): UpdateLimits {
    const limits = this.#deps.limitsOf(uuid);
    if (this.#saysPresence(uuid)) return limits;
    return { ...limits, tokenDeadlineMs: Math.max(limits.tokenDeadlineMs, limits.offlineDeadlineMs) };
  }

  #watch(): void {
    this.#stopWatch = this.#deps.clock.schedule(watchMs, () => {
      for (const run of this.#runs.values()) run.checkClock();
      void this.#unwanted.retry();
      this.#watch();
    });
  }

  #run(record: JobRecord): { readonly run: JobRun; release(): void } {
    const { claims, events, config, transport } = this.#deps;
    const claim = claims.claim(record.job.uuid, record.job.id);
    const run = new JobRun(record, {
      ...this.#deps,
      limitsOf: (uuid) => this.#limitsOf(uuid),
      requests: this.#requests,
      brokerAway: () => transport.state !== 'online',
      activity: claim.activity,
      gate: new ProgressGate(config),
      maxTransitions: config.maxJobTransitions,
      onState: (job) => events.updateState(job),
      onProgress: (job) => events.updateProgress(job, claim.activity.progress),
      onEnd: (last) => {
        claim.release();
        this.#finished(last);
      },
    });
    this.#runs.set(record.job.id, run);
    return { run, release: claim.release };
  }

  #finished(record: JobRecord): void {
    const { id, uuid, state, ending } = record.job;
    this.#runs.delete(id);
    this.#ended.add(record);
    this.#deps.logger[state === 'failed' ? 'warn' : 'info'](`update ${state}`, {
      job: id,
      uuid,
      ...(ending === undefined ? {} : { code: ending.code, reason: ending.text }),
    });
    void this.#deps.audit?.record(jobEnd(record));
  }

  #historyOf({ job, history = noHistory }: JobRecord): JobHistory {
    return withState(history, job, this.#deps.config.maxJobTransitions);
  }
}
