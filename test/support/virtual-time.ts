import type { Cancel } from '../../src/base/clock.ts';

interface Task {
  readonly due: number;
  /** Tasks of the same time run in the order in which they were asked for. */
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** More than this, and something goes round in circles. */
const maxTasks = 300_000;

/**
 * Time that passes as fast as the work of it is done: tasks run in the order of their time, and whatever
 * promises follow from one has happened before the next begins. Milliseconds since the world began.
 */
export class VirtualTime {
  /** A heap: no task is due before its parent. */
  readonly #tasks: Task[] = [];
  #now = 0;
  #asked = 0;
  #ran = 0;

  get now(): number {
    return this.#now;
  }

  /** Tasks that have run. */
  get ran(): number {
    return this.#ran;
  }

  /** Runs a task so much later. */
  after(delayMs: number, run: () => void): Cancel {
    this.#asked += 1;
    const task: Task = { due: this.#now + Math.max(0, delayMs), order: this.#asked, run, cancelled: false };
    this.#insert(task);
    return () => {
      task.cancelled = true;
    };
  }

  /**
   * Lets time pass until `end`, or until `done` holds after a task.
   * @returns whether `done` holds
   */
  async pass(end: number, done: () => boolean = () => false): Promise<boolean> {
    await promisesRunDry();
    while (!done()) {
      const [first] = this.#tasks;
      if (first === undefined || first.due > end) {
        this.#now = Math.max(this.#now, end);
        return false;
      }
      this.#removeFirst();
      if (first.cancelled) continue;
      this.#now = Math.max(this.#now, first.due);
      this.#ran += 1;
      if (this.#ran > maxTasks) throw new Error(`the world goes round in circles: ${maxTasks} tasks`);
      first.run();
      await promisesRunDry();
    }
    return true;
  }

  #insert(task: Task): void {
    const tasks = this.#tasks;
    let at = tasks.push(task) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = tasks[parent];
      if (above === undefined || !isBefore(task, above)) break;
      tasks[at] = above;
      at = parent;
    }
    tasks[at] = task;
  }

  #removeFirst(): void {
    const tasks = this.#tasks;
    const last = tasks.pop();
    if (last === undefined || tasks.length === 0) return;
    let at = 0;
    for (;;) {
      const left = tasks[2 * at + 1];
      const right = tasks[2 * at + 2];
      if (left === undefined) break;
      const goesRight = right !== undefined && isBefore(right, left);
      const below = goesRight ? right : left;
      if (!isBefore(below, last)) break;
      tasks[at] = below;
      at = 2 * at + (goesRight ? 2 : 1);
    }
    tasks[at] = last;
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}

/** Node empties the queue of microtasks before the next immediate. */
function promisesRunDry(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
