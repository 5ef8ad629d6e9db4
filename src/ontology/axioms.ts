import { DescriptionError } from './description-error.ts';
import { compareTexts, owlNamespace, rdfsNamespace, type Triple } from './rdf.ts';

const subClassOf = `${rdfsNamespace}subClassOf`;
const subPropertyOf = `${rdfsNamespace}subPropertyOf`;
const equivalentClass = `${owlNamespace}equivalentClass`;
const equivalentProperty = `${owlNamespace}equivalentProperty`;
const sameAs = `${owlNamespace}sameAs`;

const axiomProperties: ReadonlySet<string> = new Set([
  subClassOf,
  subPropertyOf,
  equivalentClass,
  equivalentProperty,
  sameAs,
]);

/** Steps from class to class, and property to property, that one description may cost. */
const maxSteps = 500_000;

/** Whether a property states an axiom that {@link Axioms} knows. */
export function isAxiomProperty(iri: string): boolean {
  return axiomProperties.has(iri);
}

/**
 * What ontologies and a description say of how classes, properties and individuals relate: RDFS and the
 * equivalences of OWL. Cycles are harmless, as what stands in one is equivalent.
 */
export class Axioms {
  readonly #statements: readonly Triple[];
  readonly #classes = new Hierarchy();
  readonly #properties = new Hierarchy();
  readonly #same = new Sameness();

  constructor(statements: readonly Triple[]) {
    this.#statements = statements.filter(({ predicate }) => isAxiomProperty(predicate.value));
    for (const { subject, predicate, object } of this.#statements) {
      if (subject.termType !== 'NamedNode' || object.termType !== 'NamedNode') continue;
      const [lower, upper] = [subject.value, object.value];
      if (predicate.value === subClassOf) this.#classes.add(lower, upper);
      if (predicate.value === subPropertyOf) this.#properties.add(lower, upper);
      if (predicate.value === equivalentClass) this.#classes.join(lower, upper);
      if (predicate.value === equivalentProperty) this.#properties.join(lower, upper);
      if (predicate.value === sameAs) this.#same.join(lower, upper);
    }
  }

  /** These and more. */
  with(statements: readonly Triple[]): Axioms {
    return statements.length === 0 ? this : new Axioms([...this.#statements, ...statements]);
  }

  /**
   * All classes above one, itself left out.
   * @throws DescriptionError `description-too-big`
   */
  classesAbove(iri: string): readonly string[] {
    return this.#classes.above(iri);
  }

  /** As {@link classesAbove}. */
  propertiesAbove(iri: string): readonly string[] {
    return this.#properties.above(iri);
  }

  /** The individuals that are one and the same, in groups. */
  get sameGroups(): readonly (readonly string[])[] {
    return this.#same.groups();
  }
}

/** What is above what, in any number of steps. */
class Hierarchy {
  readonly #direct = new Map<string, Set<string>>();
  readonly #above = new Map<string, readonly string[]>();
  #steps = 0;

  add(lower: string, upper: string): void {
    const uppers = this.#direct.get(lower);
    if (uppers === undefined) this.#direct.set(lower, new Set([upper]));
    else uppers.add(upper);
  }

  join(one: string, other: string): void {
    this.add(one, other);
    this.add(other, one);
  }

  above(iri: string): readonly string[] {
    if (!this.#direct.has(iri)) return [];
    const known = this.#above.get(iri);
    if (known !== undefined) return known;
    const reached = new Set<string>();
    const waiting = [iri];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop())
      for (const upper of this.#direct.get(at) ?? [])
        if (upper !== iri && !reached.has(upper)) {
          reached.add(upper);
          waiting.push(upper);
        }
    this.#steps += reached.size;
    if (this.#steps > maxSteps)
      throw new DescriptionError(
        'description-too-big',
        'its classes and properties stand in hierarchies too deep to follow',
      );
    const all = [...reached].sort(compareTexts);
    this.#above.set(iri, all);
    return all;
  }
}

/** Groups of equals, joined in pairs (union-find). */
class Sameness {
  readonly #leader = new Map<string, string>();

  join(one: string, other: string): void {
    const [a, b] = [this.#find(one), this.#find(other)];
    if (a !== b) this.#leader.set(a, b);
  }

  groups(): readonly (readonly string[])[] {
    const groups = new Map<string, string[]>();
    for (const member of this.#leader.keys()) {
      const leader = this.#find(member);
      const group = groups.get(leader);
      if (group === undefined) groups.set(leader, [member]);
      else group.push(member);
    }
    return [...groups.values()].filter(({ length }) => length > 1);
  }

  #find(iri: string): string {
    let at = iri;
    for (let next = this.#leader.get(at); next !== at && next !== undefined; next = this.#leader.get(at)) {
      // Halves the way for the next who asks.
      const beyond = this.#leader.get(next) ?? next;
      this.#leader.set(at, beyond);
      at = beyond;
    }
    if (!this.#leader.has(at)) this.#leader.set(at, at);
    return at;
  }
}
