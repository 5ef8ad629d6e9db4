import type { CliIo } from './command.ts';

/** How far an image has got. */
export interface Progress {
  /** Octets. */
  readonly bytesSent: number;
  readonly bytesTotal: number;
  /** Octets a second, where it is known. */
  readonly rate?: number | undefined;
  readonly remainingSeconds?: number | undefined;
}

const width = 30;

/** A progress bar that overwrites itself: it begins with a carriage return and has no line end. */
export function progressBar(progress: Progress): string {
  const { bytesSent, bytesTotal } = progress;
  const done = Math.floor(shareOf(progress) * width);
  return `\r[${'#'.repeat(done)}${'.'.repeat(width - done)}] ${percentOf(progress).padStart(5)} ${bytesSent}/${bytesTotal} octets${paceOf(progress)}`;
}

/** How much of the image there is, `7 %`. */
export function percentOf(progress: Progress): string {
  return `${Math.floor(shareOf(progress) * 100)} %`;
}

/** A duration for people: `59 s`, `2 min 5 s`, `26 h 0 min`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function shareOf({ bytesSent, bytesTotal }: Progress): number {
  return bytesTotal === 0 ? 0 : Math.min(1, bytesSent / bytesTotal);
}

function paceOf({ rate, remainingSeconds }: Progress): string {
  if (rate === undefined) return '';
  const left = remainingSeconds === undefined ? '' : `, ${durationText(remainingSeconds)} left`;
  return `, ${rate} octets/s${left}`;
}

/** The one progress bar of a command, on stderr, where a person sits before it. */
export class ProgressBar {
  readonly #io: CliIo;
  #shown = 0;

  constructor(io: CliIo) {
    this.#io = io;
  }

  /** Whether there is one on the line. */
  get shown(): boolean {
    return this.#shown > 0;
  }

  show(progress: Progress): void {
    if (!this.#io.isTTY) return;
    // A line that wraps would not be overwritten; the carriage return takes no column. A terminal of no known
    // width says 0.
    const bar = progressBar(progress).slice(0, this.#io.stderr.columns || undefined);
    // What is left of a longer one is overwritten.
    this.#io.stderr.write(bar.padEnd(this.#shown));
    this.#shown = bar.length;
  }

  /** Leaves the line of the bar, so that the next text has its own. */
  end(): void {
    if (this.#shown > 0) this.#io.stderr.write('\n');
    this.#shown = 0;
  }
}
