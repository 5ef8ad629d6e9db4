import { UsageError } from '../base/errors.ts';
import { DescriptionError } from './description-error.ts';
import { nameNodes } from './node-names.ts';
import { expandName, namedTerms } from './queries.ts';
import { rdfNamespace, type Triple } from './rdf.ts';

/**
 * A mapping: one SPARQL CONSTRUCT file that says what another vocabulary means in ours. It only adds. Its
 * header says in comments when it runs, so that descriptions without those terms pay nothing.
 */
export interface Mapping {
  /** File name. */
  readonly name: string;
  /** `# applies to:` properties, classes and texts; it runs where the description has one of them. */
  readonly appliesTo: readonly string[];
  /** `# names nodes by:` properties that name what they stand on; see {@link nameNodes}. */
  readonly namesNodesBy: readonly string[];
  /** All IRIs that it names. */
  readonly terms: ReadonlySet<string>;
}

/** A graph that mappings can be asked of. */
export interface MappingSource {
  /** What a mapping says of the graph. */
  construct(mapping: Mapping): Promise<readonly Triple[]>;
  add(triples: readonly Triple[]): void;
}

export interface Mapped {
  readonly triples: readonly Triple[];
  /** The mappings that ran. */
  readonly applied: readonly Mapping[];
}

const type = `${rdfNamespace}type`;
const maxTriples = 100_000;

/**
 * Reads the header of a mapping.
 * @throws UsageError `bad-mapping`
 */
export function parseMapping(name: string, text: string): Mapping {
  const appliesTo = headerTerms(name, text, 'applies to');
  if (appliesTo.length === 0)
    throw new UsageError('bad-mapping', `the mapping ${name} does not say when it runs`, {
      where: name,
      hint: 'Write a comment line such as "# applies to: td:hasForm", the prefix declared below it.',
    });
  const terms = new Set([...namedTerms(text), ...headerTerms(name, text, 'passes over')]);
  return { name, appliesTo, namesNodesBy: headerTerms(name, text, 'names nodes by'), terms };
}

/** The terms that lines `# <key>: …` list: IRIs with a prefix or in angle brackets, texts in quotes. */
function headerTerms(name: string, text: string, key: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line.startsWith(`# ${key}:`));
  const items = lines.flatMap((line) => line.slice(key.length + 3).match(/"[^"]*"|<[^>]*>|[^\s,]+/g) ?? []);
  return items.map((item) => {
    if (/^["<]/.test(item)) return item.slice(1, -1);
    const iri = expandName(text, item);
    if (iri !== undefined) return iri;
    throw new UsageError('bad-mapping', `the mapping ${name} has no PREFIX for ${item}`, { where: name });
  });
}

/**
 * Runs the mappings that apply, each once, in the order of their names: one may build on what an earlier one
 * has added. A mapping that applies only by what a later one adds runs after it.
 * @throws DescriptionError `description-too-big`
 */
export async function applyMappings(
  triples: readonly Triple[],
  mappings: readonly Mapping[],
  open: (triples: readonly Triple[]) => MappingSource,
): Promise<Mapped> {
  const triggers = new Set(mappings.flatMap(({ appliesTo }) => appliesTo));
  const present = new Set<string>();
  note(triples, triggers, present);
  if (present.size === 0) return { triples, applied: [] };
  const nameProperties = [...new Set(mappings.filter(applies).flatMap(({ namesNodesBy }) => namesNodesBy))];
  const graph = [...(nameProperties.length === 0 ? triples : nameNodes(triples, nameProperties))];
  const source = open(graph);
  const applied: Mapping[] = [];
  for (;;) {
    const next = mappings.find((mapping) => applies(mapping) && !applied.includes(mapping));
    if (next === undefined) return { triples: graph, applied };
    applied.push(next);
    const more = await source.construct(next);
    if (graph.length + more.length > maxTriples)
      throw new DescriptionError(
        'description-too-big',
        `mapped by ${next.name}, the description holds more than ${maxTriples} triples`,
      );
    source.add(more);
    graph.push(...more);
    note(more, triggers, present);
  }

  function applies({ appliesTo }: Mapping): boolean {
    return appliesTo.some((term) => present.has(term));
  }
}

/** Notes which triggers a graph has: as a property, a class or a text. */
function note(triples: readonly Triple[], triggers: ReadonlySet<string>, present: Set<string>): void {
  for (const { predicate, object } of triples) {
    if (triggers.has(predicate.value)) present.add(predicate.value);
    if (predicate.value === type || object.termType === 'Literal')
      if (triggers.has(object.value)) present.add(object.value);
  }
}
