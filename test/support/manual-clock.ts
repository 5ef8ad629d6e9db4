import type { Cancel, Clock } from '../../src/base/clock.ts';

interface Task {
  readonly due: number;
  readonly run: () => void;
}

/** A clock that moves only when told to, and runs what is due in order. */
export class ManualClock implements Clock {
  #time: number;
  readonly #tasks = new Set<Task>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#time = start;
  }

  now(): number {
    return this.#time;
  }

  monotonic(): number {
    return this.#time;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const task = { due: this.#time + delayMs, run };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  /** Tasks that are scheduled and have not run. */
  get pending(): number {
    return this.#tasks.size;
  }

  /** Moves time forward, running each due task at its time. */
  advance(ms: number): void {
    const end = this.#time + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#tasks.delete(next);
      this.#time = Math.max(this.#time, next.due);
      next.run();
    }
    this.#time = end;
  }

  /** Lets time pass while something keeps the process busy: what falls due has to wait. */
  busy(ms: number): void {
    this.#time += ms;
  }

  #next(end: number): Task | undefined {
    let first: Task | undefined;
    for (const task of this.#tasks)
      if (task.due <= end && (first === undefined || task.due < first.due)) first = task;
    return first;
  }
}
