import { compareTexts, type Solution, type Term, termKey } from './rdf.ts';

/**
 * The solutions of one query, by subject: the query's first variable is the subject, and each solution
 * binds it and one other variable, the key. Values are in an order that does not depend on that of the
 * solutions.
 */
export class Properties {
  readonly #values = new Map<string, Map<string, Term[]>>();
  readonly #subjects = new Map<string, Term>();
  /** Keys that were asked for, by subject. */
  readonly #asked = new Map<string, Set<string>>();

  constructor(subjectVariable: string, solutions: readonly Solution[]) {
    for (const solution of solutions) {
      const subject = solution.get(subjectVariable);
      if (subject !== undefined) this.#add(subject, subjectVariable, solution);
    }
    for (const keys of this.#values.values()) for (const [key, terms] of keys) keys.set(key, distinct(terms));
  }

  #add(subject: Term, subjectVariable: string, solution: Solution): void {
    const id = termKey(subject);
    this.#subjects.set(id, subject);
    const keys = this.#values.get(id) ?? new Map<string, Term[]>();
    this.#values.set(id, keys);
    for (const [key, term] of solution) {
      if (key === subjectVariable) continue;
      const terms = keys.get(key);
      if (terms === undefined) keys.set(key, [term]);
      else terms.push(term);
    }
  }

  /** All subjects that have the key. */
  subjects(key: string): Term[] {
    const having = [...this.#subjects].filter(([id]) => this.#values.get(id)?.has(key));
    return having.sort(([a], [b]) => compareTexts(a, b)).map(([, term]) => term);
  }

  all(subject: Term, key: string): readonly Term[] {
    const id = termKey(subject);
    const values = this.#values.get(id)?.get(key);
    if (values === undefined) return [];
    const asked = this.#asked.get(id);
    if (asked === undefined) this.#asked.set(id, new Set([key]));
    else asked.add(key);
    return values;
  }

  /** Whether anybody has asked for what a subject says with this key. */
  wasAsked(subject: Term, key: string): boolean {
    return this.#asked.get(termKey(subject))?.has(key) ?? false;
  }

  /** The first of all values. */
  one(subject: Term, key: string): Term | undefined {
    return this.all(subject, key)[0];
  }

  /** The first value's text. */
  text(subject: Term, key: string): string | undefined {
    return this.one(subject, key)?.value;
  }
}

function distinct(terms: readonly Term[]): Term[] {
  const byKey = new Map(terms.map((term) => [termKey(term), term]));
  return [...byKey].sort(([a], [b]) => compareTexts(a, b)).map(([, term]) => term);
}
