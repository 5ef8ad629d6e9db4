import { PeerError } from './errors.ts';
import { JsonNumber, type JsonValue } from './json-value.ts';

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const string = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;

/** The words of JSON, by their first character. */
const words: Readonly<Record<string, readonly [word: string, value: JsonValue]>> = {
  t: ['true', true],
  f: ['false', false],
  n: ['null', null],
};

/**
 * Reads a JSON text (RFC 8259) of a peer. Unlike `JSON.parse` it keeps numbers as they are written and refuses
 * what is nested deeper than allowed. The last of several members with one name counts.
 * @throws PeerError `bad-json`
 */
export function readJson(text: string, maxDepth: number): JsonValue {
  return new JsonReader(text, maxDepth).document();
}

class JsonReader {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  document(): JsonValue {
    const value = this.#value(1);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#wrong('something follows the value');
    return value;
  }

  #value(depth: number): JsonValue {
    if (depth > this.#maxDepth) throw this.#wrong(`it is nested deeper than ${this.#maxDepth}`);
    this.#skipSpace();
    const next = this.#text.charAt(this.#at);
    if (next === '"') return this.#string();
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    const digits = this.#take(number);
    return digits === undefined ? this.#word(next) : new JsonNumber(digits);
  }

  #word(first: string): JsonValue {
    const known = words[first];
    if (known === undefined || !this.#text.startsWith(known[0], this.#at))
      throw this.#wrong('a value is missing');
    this.#at += known[0].length;
    return known[1];
  }

  #object(depth: number): JsonValue {
    const members = new Map<string, JsonValue>();
    this.#items('}', () => {
      this.#skipSpace();
      const name = this.#string();
      this.#skipSpace();
      if (!this.#skip(':')) throw this.#wrong('a colon is missing');
      members.set(name, this.#value(depth + 1));
    });
    return members;
  }

  #array(depth: number): JsonValue {
    const values: JsonValue[] = [];
    this.#items(']', () => values.push(this.#value(depth + 1)));
    return values;
  }

  /** Reads items with commas between them, from behind the opening bracket to the closing one. */
  #items(end: string, item: () => void): void {
    this.#at += 1;
    this.#skipSpace();
    if (this.#skip(end)) return;
    do {
      item();
      this.#skipSpace();
    } while (this.#skip(','));
    if (!this.#skip(end)) throw this.#wrong(`a comma or ${end} is missing`);
  }

  #string(): string {
    const token = this.#take(string);
    if (token === undefined) throw this.#wrong('a string is missing or has no end');
    try {
      return JSON.parse(token) as string;
    } catch {
      throw this.#wrong('a string has a wrong escape or a control character');
    }
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at += 1;
    }
  }

  #take(token: RegExp): string | undefined {
    token.lastIndex = this.#at;
    const found = token.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #wrong(what: string): PeerError {
    return new PeerError('bad-json', `the message is not JSON: ${what} at character ${this.#at + 1}`);
  }
}
