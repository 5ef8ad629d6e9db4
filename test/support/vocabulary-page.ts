import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTurtle, type TripleStore } from '../../src/ontology/adapters/n3.ts';
import { rdfNamespace, rdfsNamespace, show } from '../../src/ontology/rdf.ts';
import { root } from './paths.ts';

/** The page; `npx tsx test/support/vocabulary-page.ts` writes it. */
export const vocabularyFile = join(root, 'docs', 'vocabulary.md');

const shaclNamespace = 'http://www.w3.org/ns/shacl#';
const comment = `${rdfsNamespace}comment`;

const introduction = `# Vocabulary

Every term that the bridge reads in a description, made from [\`ontologies/\`](../ontologies/mup.ttl): \`mup.ttl\` (our own
terms), \`terms.ttl\` (those of others) and \`shapes.ttl\` (rules and examples). To learn them by doing, read
[Describe a device](describe-a-device.md) and [Extend a capability](extend-a-capability.md). Prefixes:

| prefix | namespace | whose |
| --- | --- | --- |
| \`onem2m:\` | \`http://www.onem2m.org/ontology/Base_Ontology/base_ontology#\` | oneM2M Base Ontology |
| \`myno:\` | \`https://www.cs.uni-potsdam.de/bs/research/myno#\` | MYNO |
| \`om-2:\` | \`http://www.ontology-of-units-of-measure.org/resource/om-2/\` | Ontology of Units of Measure |
| \`mup:\` | \`urn:mup:ontology#\` | ours, for what the others lack |

A property that stands here is read wherever it stands; any other is a remark of \`mup describe check\`. Terms of
further vocabularies are understood through axioms and mappings (\`ontologies/mappings/\`).
`;

/** Sections, by what the names of their terms begin with. */
const sections: readonly (readonly [prefix: string, title: string])[] = [
  ['onem2m', 'oneM2M Base Ontology'],
  ['myno', 'MYNO'],
  ['om-2', 'Units of measure'],
  ['mup', 'MUP'],
];

/** The page as the ontologies have it. */
export function vocabularyPage(): string {
  const terms = parseTurtle([turtle('mup.ttl'), turtle('terms.ttl')].join('\n'));
  const shapes = parseTurtle(turtle('shapes.ttl'));
  const described = terms.getSubjects(comment, null, null).map(({ value }) => value);
  const parts = sections.map(([prefix, title]) => {
    const own = described.filter((iri) => nameOf(iri).startsWith(`${prefix}:`)).sort();
    return [`## ${title}`, ...own.map((iri) => entry(iri, terms, shapes))].join('\n\n');
  });
  return `${[introduction.trimEnd(), ...parts].join('\n\n')}\n`;
}

function turtle(name: string): string {
  return readFileSync(join(root, 'ontologies', name), 'utf8');
}

function entry(iri: string, terms: TripleStore, shapes: TripleStore): string {
  const [of, to] = ['domain', 'range'].map((name) => values(terms, iri, rdfsNamespace + name).map(nameOf));
  const usage = [
    ...(of?.length ? [`of ${code(of)}`] : []),
    ...(to?.length ? [`value ${code(to)}`] : []),
    ...classOf(iri, terms),
  ];
  const rules = rulesOf(iri, shapes);
  return [
    `### \`${nameOf(iri)}\``,
    ...(usage.length === 0 ? [] : [`*${usage.join('; ')}*`]),
    values(terms, iri, comment).join(' '),
    ...(rules.messages.length === 0 ? [] : [rules.messages.map((text) => `- ${text}`).join('\n')]),
    ...(rules.example === undefined ? [] : [`\`\`\`json5\n${rules.example}\n\`\`\``]),
  ].join('\n\n');
}

/** Of which class an individual is, besides what OWL says of all. */
function classOf(iri: string, terms: TripleStore): string[] {
  const classes = values(terms, iri, `${rdfNamespace}type`).filter((one) => !one.includes('/owl#'));
  return classes.length === 0 ? [] : [`a ${code(classes.map(nameOf))}`];
}

/** What the shapes say of a property: their messages, and an example. */
function rulesOf(iri: string, shapes: TripleStore) {
  const broken = shapes.getSubjects(`${shaclNamespace}path`, iri, null);
  const of = (predicate: string): string[] => [
    ...new Set(
      broken.flatMap((shape) => shapes.getObjects(shape, predicate, null).map(({ value }) => value)),
    ),
  ];
  return {
    messages: of(`${shaclNamespace}message`).sort(),
    example: of('http://www.w3.org/2004/02/skos/core#example').sort()[0],
  };
}

function values(store: TripleStore, subject: string, predicate: string): string[] {
  return store.getObjects(subject, predicate, null).map(({ value }) => value);
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function nameOf(iri: string): string {
  return show({ termType: 'NamedNode', value: iri });
}

if (process.argv[1]?.endsWith('vocabulary-page.ts') === true) writeFileSync(vocabularyFile, vocabularyPage());
