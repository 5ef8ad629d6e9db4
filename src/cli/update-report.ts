import { printable } from '../base/printable.ts';
import type { CliIo } from './command.ts';
import type { JobEntry } from './job-entry.ts';
import { jobLine } from './job-lines.ts';
import { printJson } from './output.ts';
import { ProgressBar } from './progress-bar.ts';
import { stepLine, type UpdateStep } from './update-steps.ts';

/**
 * Shows an update: one JSON object for each step or change, or a line each and, on a terminal only, a
 * progress bar on stderr while the image travels.
 */
export class UpdateReport {
  readonly #io: CliIo;
  readonly #json: boolean;
  readonly #bar: ProgressBar;
  #shown: JobEntry | undefined;

  constructor(io: CliIo, json: boolean) {
    this.#io = io;
    this.#json = json;
    this.#bar = new ProgressBar(io);
  }

  step(step: UpdateStep): void {
    if (this.#json) printJson(this.#io, step);
    else if (step.step === 'transfer') this.#bar.show(step);
    else this.#line(stepLine(step));
  }

  /** A job as it is now. */
  job(entry: JobEntry): void {
    if (this.#json) {
      printJson(this.#io, entry);
      return;
    }
    if (this.#bar.shown && entry.bytesSent === entry.bytesTotal) this.#bar.show(entry);
    if (this.#isNews(entry)) this.#line(jobLine(entry));
    if (entry.state === 'transferring') this.#bar.show(entry);
  }

  /** What is no change of the job; on stderr, so that programs read changes alone. */
  note(text: string): void {
    this.end();
    this.#io.stderr.write(`mup: ${printable(text)}\n`);
  }

  /** Leaves the line of the progress bar, so that the next text has its own. */
  end(): void {
    this.#bar.end();
  }

  /** Where there is no bar, every tenth of the image has a line. */
  #isNews(entry: JobEntry): boolean {
    const shown = this.#shown;
    const same =
      shown?.state === entry.state && shown.changedAt === entry.changedAt && shown.message === entry.message;
    if (same && (this.#io.isTTY || tenthsOf(shown) === tenthsOf(entry))) return false;
    this.#shown = entry;
    return true;
  }

  #line(text: string): void {
    this.end();
    this.#io.stdout.write(`${printable(text)}\n`);
  }
}

function tenthsOf({ bytesSent, bytesTotal }: JobEntry): number {
  return bytesTotal === 0 ? 0 : Math.floor((10 * bytesSent) / bytesTotal);
}
