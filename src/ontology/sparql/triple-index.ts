import { type Term, type Triple, termKey } from '../rdf.ts';

interface Entry {
  readonly all: Triple[];
  readonly bySubject: Map<string, Triple[]>;
  readonly byObject: Map<string, Triple[]>;
}

/** A growing set of triples, found by their predicate and by the subject or object beside it. */
export class TripleIndex {
  readonly #seen = new Set<string>();
  readonly #all = newEntry();
  readonly #byPredicate = new Map<string, Entry>();

  constructor(triples: readonly Triple[]) {
    this.add(triples);
  }

  add(triples: readonly Triple[]): void {
    for (const triple of triples) {
      const [subject, object] = [termKey(triple.subject), termKey(triple.object)];
      const key = `${subject} ${triple.predicate.value} ${object}`;
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      const entry = this.#byPredicate.get(triple.predicate.value) ?? newEntry();
      this.#byPredicate.set(triple.predicate.value, entry);
      for (const { all, bySubject, byObject } of [this.#all, entry]) {
        all.push(triple);
        append(bySubject, subject, triple);
        append(byObject, object, triple);
      }
    }
  }

  /** Those that may fit: all that do, and perhaps others. What is absent fits everything. */
  candidates(subject?: Term, predicate?: Term, object?: Term): readonly Triple[] {
    const entry = predicate === undefined ? this.#all : this.#byPredicate.get(predicate.value);
    if (entry === undefined) return [];
    if (subject !== undefined) return entry.bySubject.get(termKey(subject)) ?? [];
    return object === undefined ? entry.all : (entry.byObject.get(termKey(object)) ?? []);
  }
}

function newEntry(): Entry {
  return { all: [], bySubject: new Map(), byObject: new Map() };
}

function append(map: Map<string, Triple[]>, key: string, triple: Triple): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [triple]);
  else list.push(triple);
}
