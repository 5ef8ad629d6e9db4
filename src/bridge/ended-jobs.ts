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
 * The jobs that have ended, as many as are kept. An end stands, whatever comes after it; but where the device had
 * verified the image and was not heard in time, that it reports the new version later is noted (ADR 33).
 */
export class EndedJobs {
  readonly #deps: EndedJobsDependencies;
  readonly #records = new Map<JobId, JobRecord>();
  /** The last job of each device, where it ended without the report that it waited for. */
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
    const { uuid, id, state, verified } = record.job;
    this.#records.set(id, record);
    if (state === 'failed' && verified === true && record.reportedAt === undefined)
      this.#unreported.set(uuid, id);
    else this.#unreported.delete(uuid);
    this.#forgetOldest();
  }

  /** A device that is not being updated says which version it runs. */
  heard(uuid: DeviceUuid, version: number): void {
    const id = this.#unreported.get(uuid);
    const record = id === undefined ? undefined : this.#records.get(id);
    if (id === undefined || record?.job.newVersion !== version) return;
    const { clock, events, logger } = this.#deps;
    this.#unreported.delete(uuid);
    const noted = { ...record, reportedAt: clock.now() };
    this.#records.set(id, noted);
    logger.info('a device reports the version of an update that had failed', { job: id, uuid, version });
    events.updateReported(record.job);
    this.#stored(id, this.#deps.store.put('jobs', id, noted));
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
