import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './paths.ts';

/** The built program, as it is installed. */
export const mainFile = join(root, 'dist', 'cli', 'main.js');

export interface Line {
  readonly text: string;
  /** The line as JSON, where it is JSON. */
  readonly json: unknown;
}

interface Waiter {
  readonly wanted: (line: Line) => boolean;
  readonly resolve: (line: Line) => void;
  readonly reject: (error: Error) => void;
}

/** A process whose standard output is read line by line. Ends with the test that started it. */
export class Program {
  readonly lines: Line[] = [];
  stderr = '';
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #name: string;
  #waiters: Waiter[] = [];
  /** Called with the next text on standard error, and at the end. */
  #listeners: (() => void)[] = [];
  #ended = false;
  #forget: () => void = () => {};

  constructor(
    command: string,
    args: readonly string[],
    options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
  ) {
    this.#name = [command, ...args].join(' ');
    this.#child = spawn(command, [...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', (text) => this.#line(text));
    // Whatever ends this process ends the other one too.
    const kill = (): void => {
      this.#child.kill('SIGKILL');
    };
    process.once('exit', kill);
    this.#forget = () => process.removeListener('exit', kill);
    this.exited = new Promise((resolve) => {
      this.#child.once('error', () => this.#end(null, resolve));
      this.#child.once('close', (code) => this.#end(code, resolve));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(text = ''): void {
    this.#child.stdin?.end(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends the process with SIGTERM. @returns its exit code */
  stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.exited;
  }

  /** Ends the process at once, as a power cut would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  /** The first line, already printed or still to come, that is wanted; fails when the process ends first. */
  line(wanted: (line: Line) => boolean, from = 0): Promise<Line> {
    const found = this.lines.slice(from).find(wanted);
    if (found !== undefined) return Promise.resolve(found);
    if (this.#ended) return Promise.reject(this.#failure());
    return new Promise((resolve, reject) => this.#waiters.push({ wanted, resolve, reject }));
  }

  /** Resolves when this stands on standard error, or the process has ended. */
  async logged(text: string): Promise<void> {
    while (!this.stderr.includes(text) && !this.#ended)
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
  }

  /** The first line of JSON whose fields are these. */
  async json(fields: Readonly<Record<string, unknown>>, from = 0): Promise<Record<string, unknown>> {
    const { json } = await this.line((line) => matches(line.json, fields), from);
    return json as Record<string, unknown>;
  }

  #line(text: string): void {
    const line = { text, json: parse(text) };
    this.lines.push(line);
    const done = this.#waiters.filter(({ wanted }) => wanted(line));
    this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
    for (const { resolve } of done) resolve(line);
  }

  #end(code: number | null, resolve: (code: number | null) => void): void {
    this.#ended = true;
    this.#forget();
    for (const { reject } of this.#waiters.splice(0)) reject(this.#failure());
    this.#wake();
    resolve(code);
  }

  #wake(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }

  #failure(): Error {
    const output = this.lines.map(({ text }) => text).join('\n');
    return new Error(`${this.#name} ended\n${output}\n${this.stderr}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function matches(json: unknown, fields: Readonly<Record<string, unknown>>): boolean {
  if (typeof json !== 'object' || json === null) return false;
  const found = new Map(Object.entries(json));
  return Object.entries(fields).every(
    ([key, value]) => found.has(key) && (value === undefined || found.get(key) === value),
  );
}

/** Starts `mup` with these arguments. */
export function mup(
  args: readonly string[],
  options?: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
): Program {
  return new Program(process.execPath, [mainFile, ...args], options);
}
