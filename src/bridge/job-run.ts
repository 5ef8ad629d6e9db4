import type { Clock } from '../base/clock.ts';
import type { DeviceDescription } from '../base/description.ts';
import { assertNever, errorMessage, PeerError, UnavailableError } from '../base/errors.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { isDeviceState } from '../mup/states.ts';
import { transition } from '../mup/update-job.ts';
import {
  hasEnded,
  type UpdateEffect,
  type UpdateEvent,
  type UpdateJob,
  type UpdateLimits,
} from '../mup/update-job-types.ts';
import { RpcError } from '../netconf/rpc-error.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import type { DocumentStore } from '../registry/document-store.ts';
import type { ImageRepository, StoredImage } from '../registry/image-repository.ts';
import { storedImage } from './image-source.ts';
import { type JobHistory, noHistory, withState } from './job-history.ts';
import type { ProgressGate } from './progress-gate.ts';
import { operationFailed, unknownDevice, unknownImage } from './rpc-errors.ts';
import type { UpdateActivity } from './update-claims.ts';
import type { UpdateServer } from './update-server.ts';

/** Who has ordered an update. */
export interface Orderer {
  readonly user: string;
  /** IP address of the client; jobs of earlier versions have none. */
  readonly sourceHost?: string;
}

/** A job and who ordered it, as the store keeps it. */
export interface JobRecord extends Orderer {
  readonly job: UpdateJob;
  /** Digest of the vendor's manifest, as the bridge keeps it; jobs of earlier versions have none. */
  readonly manifest?: Digest;
  /** What it went through; jobs of earlier versions have none. */
  readonly history?: JobHistory;
}

export interface JobRunDependencies {
  readonly registry: DeviceRegistry;
  readonly store: DocumentStore;
  readonly images: ImageRepository;
  readonly server: UpdateServer;
  /** The deadlines that hold for a device now. */
  readonly limitsOf: (uuid: DeviceUuid) => UpdateLimits;
  /** When progress is told. */
  readonly gate: ProgressGate;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly activity: UpdateActivity;
  /** States of a job that its history keeps. */
  readonly maxTransitions: number;
  /** Called when the state has changed, and is on disk. */
  readonly onState: (job: UpdateJob) => void;
  /** Called when more of the image was taken, at a bounded rate. */
  readonly onProgress: (job: UpdateJob) => void;
  readonly onEnd: (record: JobRecord) => void;
}

type Request = Extract<UpdateEffect, { readonly attempt: number }>;

/** App-tags of failures after which the same request may well succeed. */
const transient: ReadonlySet<string | undefined> = new Set([
  'device-timeout',
  'broker-offline',
  'device-offline',
  'too-many-requests',
]);

/** Reports of a device's presence that wait to be taken. */
const maxReports = 16;

/** Runs one job: feeds its state machine, and does what that asks for. A transition is on disk first. */
export class JobRun {
  readonly #deps: JobRunDependencies;
  #record: JobRecord;
  #pending: Promise<void> = Promise.resolve();
  #transfer: AbortController | undefined;
  #cancelDeadline: () => void = () => {};
  /** What the device said of its presence and was not taken yet. */
  readonly #reports: UpdateEvent[] = [];
  #closed = false;

  constructor(record: JobRecord, deps: JobRunDependencies) {
    this.#record = record;
    this.#deps = deps;
    deps.activity.progress.begin(record.job.offset, record.job.size);
  }

  get record(): JobRecord {
    return this.#record;
  }

  /** Takes up a job of an earlier start: nothing that was in flight is any more. */
  resume(): void {
    this.#watchDeadline();
    this.connectionLost();
  }

  start(online: boolean): Promise<void> {
    return this.#feed({ type: 'start', online });
  }

  cancel(): Promise<void> {
    return this.#feed({ type: 'cancel' });
  }

  connectionLost(): void {
    void this.#feed({ type: 'connection-lost' });
  }

  /** Whoever says more of a presence than can be taken is heard with the newest. */
  heard(presence: 'online' | 'offline', version?: number): void {
    const report: UpdateEvent =
      presence === 'online' ? { type: 'device-online', version } : { type: 'device-offline' };
    if (this.#reports.length >= maxReports) {
      this.#reports[maxReports - 1] = report;
      return;
    }
    this.#reports.push(report);
    void this.#enqueue(() => this.#reports.shift());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelDeadline();
    this.#transfer?.abort();
    await this.#pending;
  }

  #feed(event: UpdateEvent): Promise<void> {
    return this.#enqueue(() => event);
  }

  /**
   * Events are taken one after the other: a transition is stored before the next begins. A bug in one of
   * them neither stops those behind it nor the bridge.
   */
  #enqueue(next: () => UpdateEvent | undefined): Promise<void> {
    const { logger } = this.#deps;
    this.#pending = this.#pending
      .then(() => this.#take(next()))
      .catch((error: unknown) =>
        logger.error('an event of an update failed', { job: this.#record.job.id, error }),
      );
    return this.#pending;
  }

  async #take(event: UpdateEvent | undefined): Promise<void> {
    const { clock, limitsOf, activity, maxTransitions } = this.#deps;
    const before = this.#record.job;
    if (event === undefined || this.#closed || hasEnded(before)) return;
    const { job, effects } = transition(before, event, clock.now(), limitsOf(before.uuid));
    if (job === before) {
      // Timers and wall clocks disagree by a little, and wall clocks may be set back.
      if (event.type === 'deadline') this.#watchDeadline();
      return;
    }
    const { history = noHistory } = this.#record;
    this.#record = { ...this.#record, job, history: withState(history, job, maxTransitions) };
    if (job.attempt === before.attempt) activity.progress.took(job.offset);
    else activity.progress.begin(job.offset, job.size);
    this.#watchDeadline();
    if (job.state !== before.state || job.attempt !== before.attempt) await this.#store(job, event);
    this.#tell(before, job);
    for (const effect of effects) this.#perform(effect);
    if (hasEnded(job)) this.#end();
  }

  async #store(job: UpdateJob, event: UpdateEvent): Promise<void> {
    const { store, logger } = this.#deps;
    logger.debug('update job', { job: job.id, state: job.state, event: event.type });
    try {
      await store.put('jobs', job.id, this.#record);
    } catch (error) {
      logger.error('an update job was not stored', { job: job.id, reason: errorMessage(error) });
    }
  }

  #tell(before: UpdateJob, job: UpdateJob): void {
    const { onState, onProgress, gate, clock } = this.#deps;
    if (job.state !== before.state) onState(job);
    else if (job.offset !== before.offset && gate.passes(job.offset, job.size, clock.monotonic()))
      onProgress(job);
  }

  #end(): void {
    this.#cancelDeadline();
    this.#deps.onEnd(this.#record);
  }

  #watchDeadline(): void {
    this.#cancelDeadline();
    const { deadline } = this.#record.job;
    if (deadline === undefined) return;
    const { clock } = this.#deps;
    this.#cancelDeadline = clock.schedule(Math.max(0, deadline - clock.now()), () => {
      void this.#feed({ type: 'deadline' });
    });
  }

  #perform(effect: UpdateEffect): void {
    if (effect.type === 'stop-transfer') {
      this.#transfer?.abort();
      this.#transfer = undefined;
    } else if (effect.type === 'cancel-device') {
      this.#cancelDevice();
    } else {
      const delay = 'afterMs' in effect ? effect.afterMs : 0;
      if (delay === 0) void this.#request(effect);
      else this.#deps.clock.schedule(delay, () => void this.#request(effect));
    }
  }

  /** Asks the device, and feeds what came of it back. An effect that is out of date is left out. */
  async #request(effect: Request): Promise<void> {
    const { attempt } = effect;
    if (this.#closed || attempt !== this.#record.job.attempt) return;
    try {
      await this.#feed(await this.#answer(effect));
    } catch (error) {
      await this.#feed(this.#failure(effect, error));
    }
  }

  async #answer(effect: Request): Promise<UpdateEvent> {
    const { server } = this.#deps;
    const { attempt } = effect;
    const description = this.#description();
    switch (effect.type) {
      case 'request-token': {
        const { token } = await server.requestToken(description);
        return { type: 'token-received', attempt, token };
      }
      case 'send-manifest': {
        const { manifest } = await this.#image();
        await server.sendManifest(description, server.extend(description, manifest, effect.token));
        return { type: 'manifest-accepted', attempt };
      }
      case 'start-transfer':
        await this.#sendImage(description, attempt, effect.offset);
        return { type: 'transfer-finished', attempt };
      case 'request-verification':
        await server.verifyImage(description);
        return { type: 'verified', attempt };
      default:
        return assertNever(effect);
    }
  }

  async #sendImage(description: DeviceDescription, attempt: number, offset: number): Promise<void> {
    const { server, images } = this.#deps;
    const { digest, size } = this.#record.job;
    const transfer = new AbortController();
    this.#transfer = transfer;
    await server.sendImage(description, {
      source: storedImage(images, digest, size),
      from: offset,
      signal: transfer.signal,
      onProgress: (acknowledged) => {
        void this.#feed({ type: 'transfer-progress', attempt, offset: acknowledged });
      },
    });
  }

  /** What a failed request means to the job. */
  #failure(effect: Request, error: unknown): UpdateEvent {
    const { attempt } = effect;
    const { fields, tag, message: text } = foreseen(error);
    const code = fields.appTag ?? tag;
    if (code === 'internal')
      this.#deps.logger.error('an update failed inside the bridge', {
        job: this.#record.job.id,
        reason: errorMessage(error),
      });
    if (effect.type === 'start-transfer') return { type: 'transfer-failed', attempt, code, text };
    const state = fields.info?.find(({ name }) => name === 'device-state')?.children[0];
    if (typeof state === 'string' && isDeviceState(state)) return { type: 'refused', attempt, state };
    return { type: 'request-failed', attempt, code, text, transient: transient.has(code) };
  }

  #cancelDevice(): void {
    const { server, registry } = this.#deps;
    const description = registry.describe(this.#record.job.uuid);
    if (description === undefined) return;
    void server.dropImage(description);
  }

  #description(): DeviceDescription {
    const { uuid } = this.#record.job;
    const description = this.#deps.registry.describe(uuid);
    if (description === undefined) throw unknownDevice(uuid);
    return description;
  }

  async #image(): Promise<StoredImage> {
    const { digest } = this.#record.job;
    const image = await this.#deps.images.get(digest);
    if (image === undefined) throw unknownImage(digest, 'digest');
    return image;
  }
}

/** The error as a client may see it. */
function foreseen(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return error instanceof PeerError || error instanceof UnavailableError
    ? operationFailed(error.code, error.message)
    : operationFailed('internal', 'the update failed inside the bridge; its log says why');
}
