import type { Cancel, Clock } from '../../src/base/clock.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How a step ends a process: before it has any effect, in the middle of it, or when nobody knows of it yet. */
export interface StepEnd {
  readonly phase: 'before' | 'during' | 'after';
  /** Whether the power goes, or the process alone is killed. */
  readonly power: boolean;
}

/** The wall clock of a world that begins. */
const worldBegan = Date.UTC(2026, 0, 1);

export interface VirtualProcessOptions {
  readonly time: VirtualTime;
  /** What the wall clock is ahead, milliseconds. */
  readonly wallOffset: number;
  /** Asked at every step: everything that leaves the process's memory. */
  readonly onStep: (what: string) => StepEnd | undefined;
  readonly onKilled: (power: boolean) => void;
}

/**
 * A process of a virtual world. All that it does outside its memory, and all time that it sees, goes through
 * here; so it can be ended or stopped between any two of its steps, and what is left of it then (promises,
 * timers) does nothing any more.
 */
export class VirtualProcess {
  readonly clock: Clock;
  readonly #options: VirtualProcessOptions;
  readonly #killed = new Set<(power: boolean) => void>();
  #wallOffset: number;
  #alive = true;
  /** What waits while the process is stopped. */
  #stopped: (() => void)[] | undefined;

  constructor(options: VirtualProcessOptions) {
    this.#options = options;
    this.#wallOffset = options.wallOffset;
    const { time } = options;
    this.clock = {
      now: () => worldBegan + time.now + this.#wallOffset,
      monotonic: () => time.now,
      schedule: (delayMs, task) => this.schedule(delayMs, task),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Sets the wall clock forward or back. */
  setClock(byMs: number): void {
    this.#wallOffset += byMs;
  }

  /** Runs something in this process: at once, when it goes on, or never when it has ended. */
  run(task: () => void): void {
    if (!this.#alive) return;
    if (this.#stopped === undefined) task();
    else this.#stopped.push(task);
  }

  schedule(delayMs: number, task: () => void): Cancel {
    if (!this.#alive) return () => {};
    let cancelled = false;
    const cancel = this.#options.time.after(delayMs, () =>
      this.run(() => {
        if (!cancelled) task();
      }),
    );
    return () => {
      cancelled = true;
      cancel();
    };
  }

  /** SIGSTOP. */
  stop(): void {
    if (this.#alive) this.#stopped ??= [];
  }

  /** SIGCONT: what came meanwhile happens now, in its order. */
  goOn(): void {
    const waiting = this.#stopped;
    this.#stopped = undefined;
    for (const task of waiting ?? []) this.run(task);
  }

  /** Ends it here and now. @param power whether it is the power that goes, so that nobody is told */
  kill(power = false): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#stopped = undefined;
    for (const told of this.#killed) told(power);
    this.#options.onKilled(power);
  }

  /** Calls the listener when the process is ended. @returns what ends that */
  whenKilled(listener: (power: boolean) => void): () => void {
    this.#killed.add(listener);
    return () => this.#killed.delete(listener);
  }

  /** A step that takes no time. @returns whether the process does what comes after it */
  step(what: string, effect: () => void): boolean {
    if (!this.#alive) return false;
    const end = this.#options.onStep(what);
    if (end?.phase !== 'before') effect();
    if (end !== undefined) this.kill(end.power);
    return end === undefined;
  }

  /**
   * A step that takes a while. Nothing comes of the promise when the process ends meanwhile.
   * @param cut what is left of the step when the process ends in the middle of it
   */
  io<T>(what: string, takesMs: number, effect: () => T, cut: () => void = () => {}): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#alive) return;
      const end = this.#options.onStep(what);
      if (end?.phase === 'before') {
        this.kill(end.power);
        return;
      }
      const done = this.whenKilled(cut);
      if (end?.phase === 'during') this.schedule(takesMs / 2, () => this.kill(end.power));
      this.schedule(takesMs, () => {
        done();
        try {
          const result = effect();
          if (end?.phase === 'after') this.kill(end.power);
          else resolve(result);
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}
