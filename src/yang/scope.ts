import { PeerError } from '../base/errors.ts';
import { type Statement, substatement, substatements } from './statement.ts';

/** Finds the statement tree of an imported module. */
export type Imports = (name: string) => Statement | undefined;

/** A definition, and the scope in which its own names are looked up. */
export interface Definition {
  readonly statement: Statement;
  readonly scope: Scope;
}

/** Where a name is looked up (RFC 6020 §5.5, §6.2): the enclosing statements, then other modules. */
export class Scope {
  readonly #imports: Imports;
  /** From the module inwards. */
  readonly #path: readonly Statement[];

  constructor(module: Statement, imports: Imports, path: readonly Statement[] = [module]) {
    this.#imports = imports;
    this.#path = path;
  }

  get module(): Statement {
    return this.#path[0] ?? { keyword: 'module', substatements: [] };
  }

  /** The scope within a statement of this scope. */
  within(inner: Statement): Scope {
    return new Scope(this.module, this.#imports, [...this.#path, inner]);
  }

  /** Name of the module that a prefix means here, or `undefined`. */
  moduleOf(prefix: string): string | undefined {
    if (prefix === substatement(this.module, 'prefix')?.argument) return this.module.argument;
    return this.#import(prefix)?.argument;
  }

  /**
   * The `typedef` or `grouping` that a name means here, with its prefix or without.
   * @throws PeerError `bad-yang` when there is none
   */
  definition(keyword: 'typedef' | 'grouping', name: string): Definition {
    const colon = name.indexOf(':');
    const prefix = name.slice(0, Math.max(colon, 0));
    const local = name.slice(colon + 1);
    const found =
      colon < 0 || prefix === substatement(this.module, 'prefix')?.argument
        ? this.#local(keyword, local)
        : this.#imported(prefix).#local(keyword, local);
    if (found === undefined) throw this.#error(`there is no ${keyword} "${name}"`);
    return found;
  }

  #local(keyword: string, name: string): Definition | undefined {
    for (let depth = this.#path.length; depth > 0; depth--) {
      const holder = this.#path[depth - 1];
      const statement = holder?.substatements.find((sub) => sub.keyword === keyword && sub.argument === name);
      if (statement !== undefined)
        return { statement, scope: new Scope(this.module, this.#imports, this.#path.slice(0, depth)) };
    }
    return undefined;
  }

  #imported(prefix: string): Scope {
    const statement = this.#import(prefix);
    if (statement?.argument === undefined) throw this.#error(`the prefix "${prefix}" is not declared`);
    const module = this.#imports(statement.argument);
    if (module === undefined)
      throw this.#error(`the module "${statement.argument}" that it imports is missing`);
    return new Scope(module, this.#imports);
  }

  #import(prefix: string): Statement | undefined {
    return substatements(this.module, 'import').find(
      (one) => substatement(one, 'prefix')?.argument === prefix,
    );
  }

  #error(message: string): PeerError {
    return new PeerError('bad-yang', `The module "${this.module.argument}" is wrong: ${message}`);
  }
}
