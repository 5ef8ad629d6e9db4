import { PeerError } from '../base/errors.ts';
import { type CharacterSet, type PatternNode, readPattern } from './pattern-syntax.ts';

/**
 * Matches XSD regular expressions by running all alternatives side by side (a Thompson automaton). A
 * pattern comes from a device and a value from a client, so a matcher that backtracks would hand both of
 * them a way to stop the bridge; this one takes time proportional to length of value × size of pattern.
 */
export interface Pattern {
  /** Its parts, those that are repeated counted as often: what it costs to prepare it, and to match a character. */
  readonly parts: number;
  /** Whether the whole text matches, or `undefined` when finding out would take too long. */
  matches(text: string): boolean | undefined;
}

type State =
  | { readonly kind: 'set'; readonly set: CharacterSet; readonly steps: number; readonly next: number }
  | { readonly kind: 'split'; readonly next: readonly number[] }
  | { readonly kind: 'end' };

/** Parts of one pattern, those that are repeated counted as often; each makes two states at most. */
const maxParts = 5000;

/**
 * States visited for one value, those with a class of many parts counted for more: a millisecond or two, and
 * more for a long value whose pattern is simple enough to be in few states at once.
 */
const maxSteps = 200_000;
const maxStepsPerCharacter = 32;

/** Longer values take too long whatever the pattern; this one, with a simple pattern, some tenths of a second. */
const maxValueLength = 1_048_576;

/** States of all prepared patterns: some megabytes. */
const maxCachedStates = 65_536;
const cache = new Map<string, Pattern>();
let cachedStates = 0;

/**
 * Prepares a pattern; the same text is prepared once.
 * @throws PeerError `bad-pattern` when it is no XSD regular expression, or too big
 */
export function compilePattern(text: string): Pattern {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const builder = new Builder(text);
  const start = builder.add(readPattern(text), builder.end());
  const expression = plainExpression(text);
  const pattern = {
    parts: builder.parts,
    matches: (value: string) =>
      expression === undefined ? run(builder.states, start, value) : expression.test(value),
  };
  keep(text, pattern, builder.states.length);
  return pattern;
}

/** Character sets of plain ASCII, repeated or not: what XSD and JavaScript read alike. */
const plainPattern =
  /^(?:\[(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|[A-Za-z0-9_.:]|\\-)+\](?:\{\d{1,3}(?:,\d{1,3})?\})?)+$/;

/**
 * The engine's own regular expression for a pattern like that of a UUID. With one repetition of variable
 * length at most it has a single way to match each length, so that it cannot be made to search.
 */
function plainExpression(text: string): RegExp | undefined {
  if (!plainPattern.test(text) || text.split(',').length > 2) return undefined;
  return new RegExp(`^(?:${text})$`);
}

function keep(text: string, pattern: Pattern, states: number): void {
  if (cachedStates + states > maxCachedStates) {
    cache.clear();
    cachedStates = 0;
  }
  cache.set(text, pattern);
  cachedStates += states;
}

class Builder {
  readonly states: State[] = [];
  readonly #text: string;
  parts = 0;

  constructor(text: string) {
    this.#text = text;
  }

  end(): number {
    return this.#push({ kind: 'end' });
  }

  /** Adds states that match `node` and go on at `next`; the first one's number. */
  add(node: PatternNode, next: number): number {
    this.#count();
    switch (node.kind) {
      case 'set':
        return this.#push({ kind: 'set', set: node.set, steps: node.steps, next });
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.add(part, after), next);
      case 'choice':
        return this.#push({ kind: 'split', next: node.options.map((option) => this.add(option, next)) });
      case 'repeat':
        return this.#repeat(node.node, node.min, node.max, next);
    }
  }

  #repeat(node: PatternNode, min: number, max: number, next: number): number {
    let start = max === Number.POSITIVE_INFINITY ? this.#loop(node, next) : next;
    if (max !== Number.POSITIVE_INFINITY)
      for (let copy = min; copy < max; copy++)
        start = this.#push({ kind: 'split', next: [this.add(node, start), next] });
    for (let copy = 0; copy < min; copy++) start = this.add(node, start);
    return start;
  }

  #loop(node: PatternNode, next: number): number {
    const ways = [next];
    const loop = this.#push({ kind: 'split', next: ways });
    ways.push(this.add(node, loop));
    return loop;
  }

  #push(state: State): number {
    return this.states.push(state) - 1;
  }

  #count(): void {
    this.parts += 1;
    if (this.parts > maxParts)
      throw new PeerError(
        'bad-pattern',
        `The pattern ${JSON.stringify(this.#text.slice(0, 80))} cannot be used: its repetitions are too big`,
      );
  }
}

function run(states: readonly State[], start: number, text: string): boolean | undefined {
  if (text.length > maxValueLength) return undefined;
  const budget = maxSteps + maxStepsPerCharacter * text.length;
  const seen = new Uint32Array(states.length);
  let round = 0;
  let steps = 0;
  let ended = false;

  /** The states with a character to match that are reached from `entries` without one. */
  function reach(entries: number[]): number[] {
    round += 1;
    ended = false;
    const reached: number[] = [];
    for (let at = entries.pop(); at !== undefined; at = entries.pop()) {
      steps += 1;
      if (seen[at] === round) continue;
      seen[at] = round;
      const state = states[at];
      if (state?.kind === 'split') entries.push(...state.next);
      else if (state?.kind === 'set') reached.push(at);
      else ended = true;
    }
    return reached;
  }

  let current = reach([start]);
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const after: number[] = [];
    for (const at of current) {
      const state = states[at];
      if (state?.kind !== 'set') continue;
      steps += state.steps;
      if (steps > budget) return undefined;
      if (state.set(code)) after.push(state.next);
    }
    if (after.length === 0) return false;
    current = reach(after);
  }
  return ended;
}
