import { InternalError, UsageError } from '../base/errors.ts';

/** A flag, an option, or one that may be given several times. */
export type OptionValue = true | string | readonly string[];

/** What the command line said, by the names of the command's definition. */
export class CommandArguments {
  readonly #positional: ReadonlyMap<string, string>;
  readonly #options: ReadonlyMap<string, OptionValue>;

  constructor(positional: ReadonlyMap<string, string>, options: ReadonlyMap<string, OptionValue>) {
    this.#positional = positional;
    this.#options = options;
  }

  /** A positional argument that is not optional. */
  argument(name: string): string {
    const value = this.#positional.get(name);
    if (value === undefined) throw new InternalError(`the command has no argument ${name}`);
    return value;
  }

  /** A positional argument that may be left out. */
  optionalArgument(name: string): string | undefined {
    return this.#positional.get(name);
  }

  /** The value of `--name`, or `undefined` when it was not given. */
  text(name: string): string | undefined {
    const value = this.#options.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** All values of an option that may be given several times. */
  texts(name: string): readonly string[] {
    const value = this.#options.get(name);
    return Array.isArray(value) ? value : [];
  }

  /**
   * The value of an option that the command cannot do without.
   * @throws UsageError `bad-option`
   */
  required(name: string): string {
    const value = this.text(name);
    if (value !== undefined) return value;
    throw new UsageError('bad-option', `option --${name} is missing`, { where: `--${name}` });
  }

  /**
   * The value of `--name` as a whole number, or `undefined`.
   * @throws UsageError `bad-option` when it is none or out of range
   */
  integer(name: string, minimum: number, maximum: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^(0|[1-9]\d{0,15})$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new UsageError(
      'bad-option',
      `${JSON.stringify(text)} is not a number from ${minimum} to ${maximum}`,
      {
        where: `--${name}`,
        hint: 'Numbers are decimal, without sign and leading zeros.',
      },
    );
  }

  /** Whether a flag was given. */
  flag(name: string): boolean {
    return this.#options.get(name) === true;
  }
}
