import { expect } from '@jest/globals';
import { Program } from './program.ts';

/** One bash: what a command leaves behind, an alias for one, the next one finds. */
export class Shell {
  readonly #bash: Program;
  readonly #running: { readonly name: string; readonly pid: number }[] = [];
  #blocks = 0;

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#bash = new Program('/bin/bash', ['--noprofile', '--norc'], { cwd, env });
    this.#bash.write('shopt -s expand_aliases\nset -o pipefail\nexec 2>&1\n');
    this.#bash.write(`trap 'echo "@failed $? $BASH_COMMAND"' ERR\n`);
  }

  get output(): string {
    return this.#bash.lines.map(({ text }) => text).join('\n');
  }

  /** Runs commands; each of them has to succeed. */
  async foreground(code: string): Promise<void> {
    const from = this.#bash.lines.length;
    const name = this.#nextName();
    this.#bash.write(`${code}\necho '@done ${name}'\n`);
    await this.#line(`@done ${name}`, from);
    const output = this.#bash.lines.slice(from).map(({ text }) => text);
    expect(output.filter((text) => text.startsWith('@failed'))).toEqual([]);
  }

  /** Starts a command that goes on running, and waits until it says `text`. */
  async background(code: string, text: string): Promise<void> {
    const from = this.#bash.lines.length;
    const name = this.#nextName();
    const command = code.trimEnd();
    this.#bash.write(`{ ${command} &\necho "@pid ${name} $!"; wait $!; echo "@ended ${name} $?"; } &\n`);
    const pid = Number((await this.#line(`@pid ${name} `, from)).split(' ').at(-1));
    this.#running.push({ name, pid });
    const said = this.#line(text, from);
    const ended = this.#line(`@ended ${name} `, from);
    ended.catch(() => {});
    said.catch(() => {});
    expect(await Promise.race([said, ended])).toContain(text);
  }

  /** Ends what runs, last first. @returns its exit codes */
  async stop(): Promise<number[]> {
    const codes: number[] = [];
    for (const { name, pid } of this.#running.splice(0).reverse()) {
      process.kill(pid, 'SIGTERM');
      codes.push(Number((await this.#line(`@ended ${name} `, 0)).split(' ').at(-1)));
    }
    this.#bash.endInput();
    await this.#bash.exited;
    return codes;
  }

  /** After a test that failed nothing is left running. */
  async kill(): Promise<void> {
    for (const { pid } of this.#running.splice(0)) process.kill(pid, 'SIGKILL');
    this.#bash.endInput();
    await this.#bash.exited;
  }

  #nextName(): string {
    this.#blocks += 1;
    return `block-${this.#blocks}`;
  }

  async #line(part: string, from: number): Promise<string> {
    return (await this.#bash.line(({ text }) => text.includes(part), from)).text;
  }
}
