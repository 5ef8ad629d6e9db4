import type { Logger } from '../base/logger.ts';
import type { UpdateEvent } from '../mup/update-job-types.ts';
import type { RpcError } from '../netconf/rpc-error.ts';

/** Reports of a device's presence that wait to be taken. */
const maxReports = 16;

/**
 * The events of one job, taken one after the other: what an event leads to is stored before the next is looked at.
 * No peer makes them pile up. A bug in one of them neither stops those behind it nor the bridge.
 */
export class EventQueue {
  readonly #take: (event: UpdateEvent) => Promise<RpcError | undefined>;
  readonly #logger: Logger;
  #pending: Promise<unknown> = Promise.resolve();
  /** By type; a newer one takes the place of one that waits. */
  readonly #latest = new Map<UpdateEvent['type'], UpdateEvent>();
  readonly #reports: UpdateEvent[] = [];

  /** @param take takes an event; what it resolves with is what {@link EventQueue.add} does */
  constructor(take: (event: UpdateEvent) => Promise<RpcError | undefined>, logger: Logger) {
    this.#take = take;
    this.#logger = logger;
  }

  /** Resolves when it was taken. Never rejects. */
  add(event: UpdateEvent): Promise<RpcError | undefined> {
    return this.#enqueue(() => event);
  }

  /** An event of which only the newest of its type counts. */
  addLatest(event: UpdateEvent): void {
    const waits = this.#latest.has(event.type);
    this.#latest.set(event.type, event);
    if (waits) return;
    void this.#enqueue(() => {
      const latest = this.#latest.get(event.type);
      this.#latest.delete(event.type);
      return latest;
    });
  }

  /** What somebody said of the device's presence: whoever says more than can be taken is heard with the newest. */
  addReport(event: UpdateEvent): void {
    if (this.#reports.length >= maxReports) {
      this.#reports[maxReports - 1] = event;
      return;
    }
    this.#reports.push(event);
    void this.#enqueue(() => this.#reports.shift());
  }

  /** Resolves when all that was added so far was taken. */
  async settled(): Promise<void> {
    await this.#pending;
  }

  #enqueue(next: () => UpdateEvent | undefined): Promise<RpcError | undefined> {
    const taken = this.#pending.then(async () => {
      try {
        const event = next();
        return event === undefined ? undefined : await this.#take(event);
      } catch (error) {
        this.#logger.error('an event of an update failed', { error });
        return undefined;
      }
    });
    this.#pending = taken;
    return taken;
  }
}
