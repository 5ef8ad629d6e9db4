/** Runs tasks with the same key one after the other, in the order they came; other keys do not wait. */
export class KeyedQueue<Key> {
  readonly #last = new Map<Key, Promise<unknown>>();

  /** @returns what the task returns; a task that fails does not stop those behind it */
  run<T>(key: Key, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(task, task);
    this.#last.set(key, mine);
    const forget = (): void => {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }

  /** Keys with tasks that run or wait. */
  get size(): number {
    return this.#last.size;
  }
}
