import type { Clock } from '../base/clock.ts';
import type { UpdateConfig } from '../base/config.ts';
import { errorMessage } from '../base/errors.ts';
import type { DeviceUuid, JobId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { DocumentStore } from '../registry/document-store.ts';
import type { BridgeEvents } from './bridge-events.ts';
import type { JobRecord } from './job-record.ts';

export interface EndedJobsDependencies {
  readonly store: Pick<DocumentStore, 'put' | 'delete'>;
  readonly clock: Clock;
  readonly events: Pick<BridgeEvents, 'updateReported'>;
  readonly config: Pick<UpdateConfig, 'maxFinishedJobs'>;
  readonly logger: Logger;
}

/**
 * The jobs that have ended, as many as are kept. An end stands, whatever comes after it; but where the device had been
 * asked to verify the image, that it reports the new version later is noted, and so is that it takes an image whose
 * update has ended (ADR 33).
 */
export class EndedJobs {
  readonly #deps: EndedJobsDependencies;
  readonly #records = new Map<JobId, JobRecord>();
  /** The last job of each device, where it ended without success and the device may run the new version all the same. */
  readonly #unreported = new Map<DeviceUuid, JobId>();

  constructor(deps: EndedJobsDependencies) {
    this.#deps = deps;
  }

  get(id: JobId): JobRecord | undefined {
    return this.#records.get(id);
  }

  /** Oldest end first. */
  all(): Iterable<JobRecord> {
    return this.#records.values();
  }

  /** Takes a job that has ended, which is on disk; the oldest makes room. */
  add(record: JobRecord): void {
    const { uuid, id, state, finished } = record.job;
    this.#records.set(id, record);
    if (state !== 'succeeded' && finished === true && record.reportedAt === undefined)
      this.#unreported.set(uuid, id);
    else this.#unreported.delete(uuid);
    this.#forgetOldest();
  }

  /** A device that is not being updated says which version it runs. */
  heard(uuid: DeviceUuid, version: number): void {
    const id = this.#unreported.get(uuid);
    const record = id === undefined ? undefined : this.#records.get(id);
    if (record?.job.newVersion === version) this.#note(record);
  }

  /** The device of a job was told to drop the image, had all of it, and takes it; nothing unless the job has ended. */
  taken(id: JobId): void {
    const record = this.#records.get(id);
    if (record !== undefined && record.reportedAt === undefined) this.#note(record);
  }

  #note(record: JobRecord): void {
    const { clock, events, store, logger } = this.#deps;
    const { id, uuid, newVersion, state } = record.job;
    if (this.#unreported.get(uuid) === id) this.#unreported.delete(uuid);
    const noted = { ...record, reportedAt: clock.now() };
    this.#records.set(id, noted);
    logger.info('a device reports the version of an update that had ended without it', {
      ...{ job: id, uuid, state, version: newVersion },
    });
    events.updateReported(record.job);
    this.#stored(id, store.put('jobs', id, noted));
  }

  #forgetOldest(): void {
    const { config, store } = this.#deps;
    for (const [id, { job }] of this.#records) {
      if (this.#records.size <= config.maxFinishedJobs) return;
      this.#records.delete(id);
      if (this.#unreported.get(job.uuid) === id) this.#unreported.delete(job.uuid);
      this.#stored(id, store.delete('jobs', id));
    }
  }

  /** What is not written is missing after a restart, or there again. */
  #stored(job: JobId, writing: Promise<void>): void {
    writing.catch((error) =>
      this.#deps.logger.error('a job that has ended was not written', { job, reason: errorMessage(error) }),
    );
  }
}
