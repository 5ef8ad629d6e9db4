import { utf8Length } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { AuditConfig } from '../base/config.ts';
import { errorMessage } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { fromBroker } from './audit-descriptions.ts';
import { type AuditFacts, formatAuditEntry } from './audit-entry.ts';

/** Where lines are kept. */
export interface AuditLog {
  /** Appends whole lines; one call at a time. */
  append(lines: string): Promise<void>;
}

export interface AuditTrailDependencies {
  readonly log: AuditLog;
  readonly limits: Pick<AuditConfig, 'maxFileBytes' | 'maxRefusalsPerMinute'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What keeps account of actions. */
export interface AuditSink {
  /** Resolves when it is written, or cannot be; never rejects, and never holds anybody up for long. */
  record(facts: AuditFacts): Promise<void>;
}

/** How long a reply waits for a disk that hangs. */
const patienceMs = 1000;
const minuteMs = 60_000;

/**
 * The audit log: who did what, when, from where, with what outcome. Entries are written in their order, those
 * that wait together at once. A disk that fails is logged as an error and stops nothing. Whoever is refused
 * all the time does not push out what others did: over a bound, refusals are only counted, and so is what anybody
 * at the broker can cause.
 */
export class AuditTrail implements AuditSink {
  readonly #deps: AuditTrailDependencies;
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** Entries lost since the last one that was written. */
  #lost = 0;
  #failing = false;
  #writing: Promise<void> | undefined;
  #refusals = { since: Number.NEGATIVE_INFINITY, written: 0 };
  #unwritten = 0;

  constructor(deps: AuditTrailDependencies) {
    this.#deps = deps;
  }

  record(facts: AuditFacts): Promise<void> {
    const { clock, limits } = this.#deps;
    const bounded = facts.outcome === 'refused' || facts.from === fromBroker;
    if (bounded && !this.#mayWriteRefusal()) {
      this.#unwritten += 1;
      return Promise.resolve();
    }
    if (this.#waitingBytes > limits.maxFileBytes) {
      this.#failed(1, 'the disk does not answer');
      return Promise.resolve();
    }
    const line = formatAuditEntry(facts, clock.now(), this.#unwritten);
    this.#unwritten = 0;
    this.#waiting.push(line);
    this.#waitingBytes += utf8Length(line);
    this.#writing ??= this.#write();
    return this.#atMost(this.#writing);
  }

  /** Resolves when all is written that replies wait for, and not much later than they give that up. */
  settled(): Promise<void> {
    return this.#writing === undefined ? Promise.resolve() : this.#atMost(this.#writing);
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#deps.log.append(lines.join(''));
        this.#written();
      } catch (error) {
        this.#failed(lines.length, errorMessage(error));
      }
    }
    this.#writing = undefined;
  }

  #written(): void {
    if (this.#failing) this.#deps.logger.warn('the audit log is written again', { lost: this.#lost });
    this.#failing = false;
    this.#lost = 0;
  }

  #failed(entries: number, reason: string): void {
    this.#lost += entries;
    if (!this.#failing) this.#deps.logger.error('the audit log cannot be written', { reason });
    this.#failing = true;
  }

  #atMost(written: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.schedule(patienceMs, resolve);
      void written.then(() => {
        cancel();
        resolve();
      });
    });
  }

  #mayWriteRefusal(): boolean {
    const now = this.#deps.clock.monotonic();
    if (now - this.#refusals.since >= minuteMs) this.#refusals = { since: now, written: 0 };
    this.#refusals.written += 1;
    return this.#refusals.written <= this.#deps.limits.maxRefusalsPerMinute;
  }
}
