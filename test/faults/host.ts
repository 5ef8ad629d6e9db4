import { errorMessage } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/logger.ts';
import type { VirtualBroker } from '../support/virtual-broker.ts';
import { type StepEnd, VirtualProcess } from '../support/virtual-process.ts';
import type { VirtualRandom } from '../support/virtual-random.ts';
import type { VirtualTime } from '../support/virtual-time.ts';
import type { Doubles } from './double.ts';
import type { Happening } from './history.ts';
import type { Plan, Who } from './plan.ts';

/** What all parts of a run share. */
export interface World {
  readonly plan: Plan;
  readonly doubles: Doubles;
  readonly time: VirtualTime;
  readonly broker: VirtualBroker;
  readonly random: VirtualRandom;
  readonly record: (happening: Happening) => void;
  readonly trace: (text: string) => void;
  readonly loggerOf: (who: Who) => Logger;
  readonly onStep: (who: Who, what: string) => StepEnd | undefined;
}

/** How soon a process that ended by itself is started again, as by systemd. */
const restartMs = 5000;

/** A machine with one program, which is started again whenever it has ended. */
export abstract class Host {
  readonly who: Who;
  protected readonly world: World;
  #process: VirtualProcess | undefined;
  #ready = false;
  #wallOffset = 0;
  /** How long the machine stays down when its process ends next. */
  #downMs = restartMs;
  #full = false;

  constructor(who: Who, world: World) {
    this.who = who;
    this.world = world;
  }

  get process(): VirtualProcess | undefined {
    return this.#process;
  }

  /** Whether the program runs and has started. */
  get ready(): boolean {
    return this.#ready;
  }

  get full(): boolean {
    return this.#full;
  }

  set full(full: boolean) {
    this.#full = full;
    this.fillDisk(full);
  }

  /** Starts the program. */
  start(): void {
    const { time, trace, onStep } = this.world;
    trace(`${this.who}: starts`);
    const process = new VirtualProcess({
      time,
      wallOffset: this.#wallOffset,
      onStep: (what) => onStep(this.who, what),
      onKilled: (power) => this.#ended(power),
    });
    this.#process = process;
    this.boot(process).then(
      () => {
        if (!process.alive) return;
        trace(`${this.who}: has started`);
        this.#ready = true;
        this.started();
      },
      (error: unknown) => {
        trace(`${this.who}: did not start: ${errorMessage(error)}`);
        process.kill();
      },
    );
  }

  /** Ends the program, or has it ended soon. It comes back so much later. */
  kill(downMs: number, power: boolean): void {
    this.#downMs = downMs;
    this.#process?.kill(power);
  }

  /** How long the machine stays down when a step ends its process. */
  willBeDown(downMs: number): void {
    this.#downMs = downMs;
  }

  /** Sets the wall clock; it stays so. */
  setClock(byMs: number): void {
    this.#wallOffset += byMs;
    this.#process?.setClock(byMs);
  }

  /** Starts the program in a process of its own; resolves when it serves. */
  protected abstract boot(process: VirtualProcess): Promise<void>;
  /** The program serves. */
  protected abstract started(): void;
  /** The client id of its connection to the broker. */
  abstract get clientId(): string;
  protected abstract fillDisk(full: boolean): void;
  /** The power is gone. */
  protected abstract losePower(): void;

  #ended(power: boolean): void {
    const { time, trace } = this.world;
    trace(`${this.who}: ${power ? 'has lost its power' : 'was killed'}, for ${this.#downMs} ms`);
    this.#ready = false;
    this.#process = undefined;
    if (power) this.losePower();
    time.after(this.#downMs, () => this.start());
    this.#downMs = restartMs;
  }
}
