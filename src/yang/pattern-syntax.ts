import { PeerError } from '../base/errors.ts';

/**
 * Reader of XSD regular expressions (XML Schema Part 2, Appendix F), the language of YANG's `pattern`
 * (RFC 6020 §9.4.6). Left out, as no YANG module here needs them and YANG compilers disagree on them: class
 * subtraction, `\i`, `\c` and Unicode blocks.
 */

/** Whether a set holds a code point. */
export type CharacterSet = (codePoint: number) => boolean;

export type PatternNode =
  | {
      readonly kind: 'set';
      readonly set: CharacterSet;
      /** What it takes to look a character up in it: one for each part of a class. */
      readonly steps: number;
    }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly node: PatternNode; readonly min: number; readonly max: number };

const maxPatternLength = 2048;
const maxGroupDepth = 32;
const maxRepeat = 4096;

const generalCategory = /^(?:L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|Z[slp]?|S[mcko]?|C[cfon]?)$/;

const singleEscapes = new Map<string, string>([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ...Array.from('\\|.-^?*+{}()[]', (char): [string, string] => [char, char]),
]);

const space: CharacterSet = (code) => code === 0x20 || code === 9 || code === 10 || code === 13;
const notLineEnd: CharacterSet = (code) => code !== 10 && code !== 13;
const digit = category('Nd');
const word = not((code) => punctuationSeparatorOther.some((set) => set(code)));
const punctuationSeparatorOther = ['P', 'Z', 'C'].map(category);

const multiEscapes = new Map<string, CharacterSet>([
  ['s', space],
  ['S', not(space)],
  ['d', digit],
  ['D', not(digit)],
  ['w', word],
  ['W', not(word)],
]);

function not(set: CharacterSet): CharacterSet {
  return (code) => !set(code);
}

function category(name: string): CharacterSet {
  const expression = new RegExp(`^\\p{${name}}$`, 'u');
  return (code) => expression.test(String.fromCodePoint(code));
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

function single(char: string): CharacterSet {
  const wanted = codeOf(char);
  return (code) => code === wanted;
}

/** @throws PeerError `bad-pattern` with the place of what is wrong */
export function readPattern(text: string): PatternNode {
  return new PatternReader(text).read();
}

class PatternReader {
  readonly #text: string;
  readonly #chars: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#chars = text.length > maxPatternLength ? [] : Array.from(text);
  }

  read(): PatternNode {
    if (this.#text.length > maxPatternLength)
      throw this.#error(`it is longer than ${maxPatternLength} characters`);
    const node = this.#choice();
    if (this.#at < this.#chars.length) throw this.#error('there is no "(" for this ")"');
    return node;
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(): string {
    const char = this.#chars[this.#at];
    if (char === undefined) throw this.#error('it ends too early');
    this.#at += 1;
    return char;
  }

  #choice(): PatternNode {
    const options = [this.#branch()];
    while (this.#peek() === '|') {
      this.#at += 1;
      options.push(this.#branch());
    }
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: 'choice', options };
  }

  #branch(): PatternNode {
    const parts: PatternNode[] = [];
    for (let char = this.#peek(); char !== undefined && char !== '|' && char !== ')'; char = this.#peek())
      parts.push(this.#quantified(this.#atom()));
    return { kind: 'sequence', parts };
  }

  #atom(): PatternNode {
    const char = this.#next();
    if (char === '(') return this.#group();
    if (char === '[') return this.#class();
    if (char === '.') return { kind: 'set', set: notLineEnd, steps: 1 };
    if (char === '\\') return { kind: 'set', set: this.#escape(), steps: 1 };
    if ('?*+{}])'.includes(char)) throw this.#error(`"${char}" must be escaped here`, 1);
    return { kind: 'set', set: single(char), steps: 1 };
  }

  #group(): PatternNode {
    this.#depth += 1;
    if (this.#depth > maxGroupDepth) throw this.#error('its groups are nested too deeply');
    const node = this.#choice();
    if (this.#next() !== ')') throw this.#error('")" is missing', 1);
    this.#depth -= 1;
    return node;
  }

  #quantified(node: PatternNode): PatternNode {
    const char = this.#peek();
    if (char === undefined || !'?*+{'.includes(char)) return node;
    this.#at += 1;
    if (char === '?') return { kind: 'repeat', node, min: 0, max: 1 };
    if (char === '*') return { kind: 'repeat', node, min: 0, max: Number.POSITIVE_INFINITY };
    if (char === '+') return { kind: 'repeat', node, min: 1, max: Number.POSITIVE_INFINITY };
    return { kind: 'repeat', node, ...this.#bounds() };
  }

  #bounds(): { min: number; max: number } {
    const min = this.#number();
    let max = min;
    if (this.#peek() === ',') {
      this.#at += 1;
      max = this.#peek() === '}' ? Number.POSITIVE_INFINITY : this.#number();
    }
    if (this.#next() !== '}') throw this.#error('"}" is missing', 1);
    if (max < min) throw this.#error('a quantifier ends below its start');
    return { min, max };
  }

  #number(): number {
    let digits = '';
    for (let char = this.#peek(); char !== undefined && /^[0-9]$/.test(char); char = this.#peek())
      digits += this.#next();
    const value = Number(digits);
    if (digits === '' || value > maxRepeat)
      throw this.#error(`a quantifier is a number from 0 to ${maxRepeat}`);
    return value;
  }

  /** After a backslash: a set of one or many characters. */
  #escape(): CharacterSet {
    const char = this.#next();
    if (char === 'p') return this.#property();
    if (char === 'P') return not(this.#property());
    const many = multiEscapes.get(char);
    if (many !== undefined) return many;
    return single(this.#singleEscape(char));
  }

  #singleEscape(char: string): string {
    const meant = singleEscapes.get(char);
    if (meant === undefined) throw this.#error(`"\\${char}" is not supported`, 1);
    return meant;
  }

  #property(): CharacterSet {
    if (this.#next() !== '{') throw this.#error('"{" is missing', 1);
    let name = '';
    for (let char = this.#next(); char !== '}'; char = this.#next()) name += char;
    if (!generalCategory.test(name)) throw this.#error(`the character property "${name}" is not supported`);
    return category(name);
  }

  /** After `[`, up to and with `]`. */
  #class(): PatternNode {
    const negated = this.#peek() === '^';
    if (negated) this.#at += 1;
    const sets: CharacterSet[] = [];
    while (this.#peek() !== ']') sets.push(this.#classItem(sets.length === 0));
    this.#at += 1;
    if (sets.length === 0) throw this.#error('a character class is empty');
    const any: CharacterSet = (code) => sets.some((set) => set(code));
    return { kind: 'set', set: negated ? not(any) : any, steps: sets.length };
  }

  #classItem(first: boolean): CharacterSet {
    const low = this.#next();
    if (low === '[') throw this.#error('"[" must be escaped here; class subtraction is not supported', 1);
    if (low === '-' && !first && this.#peek() !== ']') throw this.#error('"-" must be escaped here', 1);
    if (low === '\\' && !singleEscapes.has(this.#peek() ?? '')) return this.#escape();
    const from = low === '\\' ? this.#singleEscape(this.#next()) : low;
    if (this.#peek() !== '-' || this.#chars[this.#at + 1] === ']') return single(from);
    this.#at += 1;
    return this.#range(from);
  }

  #range(from: string): CharacterSet {
    const high = this.#next();
    if (high === '[' || high === '-') throw this.#error(`"${high}" must be escaped here`, 1);
    const to = high === '\\' ? this.#singleEscape(this.#next()) : high;
    const [first, last] = [codeOf(from), codeOf(to)];
    if (last < first) throw this.#error('a character range ends below its start');
    return (code) => first <= code && code <= last;
  }

  #error(reason: string, back = 0): PeerError {
    const shown = JSON.stringify(this.#text.slice(0, 80));
    return new PeerError('bad-pattern', `The pattern ${shown} cannot be used: ${reason}`, {
      where: `character ${this.#at - back + 1}`,
      hint: 'Patterns are XML Schema regular expressions without \\i, \\c, blocks and class subtraction.',
    });
  }
}
