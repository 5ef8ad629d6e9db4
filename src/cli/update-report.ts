import { printable } from '../base/printable.ts';
import type { CliIo } from './command.ts';
import { printJson } from './output.ts';
import { progressBar, stepLine, type UpdateStep } from './update-steps.ts';

/**
 * Shows the steps of an update: one JSON object each, or a line each and, on a terminal only, a progress
 * bar on stderr while the image travels.
 */
export class UpdateReport {
  readonly #io: CliIo;
  readonly #json: boolean;
  #barShown = false;

  constructor(io: CliIo, json: boolean) {
    this.#io = io;
    this.#json = json;
  }

  step(step: UpdateStep): void {
    if (this.#json) {
      printJson(this.#io, step);
    } else if (step.step === 'transfer') {
      if (this.#io.isTTY) this.#bar(step.bytesSent, step.bytesTotal);
    } else {
      this.end();
      this.#io.stdout.write(`${printable(stepLine(step))}\n`);
    }
  }

  /** Leaves the line of the progress bar, so that the next text has its own. */
  end(): void {
    if (this.#barShown) this.#io.stderr.write('\n');
    this.#barShown = false;
  }

  #bar(bytesSent: number, bytesTotal: number): void {
    this.#io.stderr.write(progressBar(bytesSent, bytesTotal));
    this.#barShown = true;
  }
}
