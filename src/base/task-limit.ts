/** Lets a bounded number of tasks run at one time; the others wait in the order they came. */
export class TaskLimit {
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns what the task returns */
  async run<T>(task: () => Promise<T>): Promise<T> {
    // Whoever ends hands its place on, so that nobody who comes later gets in between.
    if (this.#running < this.#most) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.add(resolve));
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      next();
      return;
    }
    this.#running -= 1;
  }
}
