import type { DeviceDescription } from '../base/description.ts';
import type { Finding } from './description-error.ts';
import { DescriptionError, place } from './description-error.ts';
import { assembleDevice } from './device.ts';
import { type Graph, withoutLists } from './graph.ts';
import type { JsonContext } from './json-context.ts';
import { type DocumentLimits, type JsonDocument, parseDocument } from './json-document.ts';
import { toOurVocabulary, type VocabularyTools } from './our-vocabulary.ts';
import { Properties } from './properties.ts';
import { type Lookups, type QueryName, querySubjects } from './queries.ts';
import type { Solution, Triple } from './rdf.ts';
import { remarkUnused } from './remarks.ts';
import { Report } from './report.ts';

/** What the shapes say of a graph. */
export interface ShapeReport {
  readonly violations: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** A loaded graph that can be validated and asked. */
export interface Dataset {
  validate(): Promise<ShapeReport>;
  /** The solutions of all queries; the variable that is its subject tells a solution's query. */
  solve(): Promise<readonly Solution[]>;
}

/** The RDF packages, behind their adapters. */
export interface RdfTools extends VocabularyTools {
  /** @throws DescriptionError `description-malformed` */
  toTriples(document: JsonDocument, remark: (text: string) => void): Promise<readonly Triple[]>;
  load(triples: readonly Triple[]): Dataset;
  /** The JSON-LD contexts that a description may name, by URL; none is fetched. */
  readonly contexts: ReadonlyMap<string, JsonContext>;
  /** Which predicates the queries look up, and what their values are called. */
  readonly lookups: Lookups;
  /** How a property (`myno:mqttTopic`) is used, as JSON-LD for an author to copy; empty where no shape says. */
  exampleOf(path: string): string;
}

export interface ReadingLimits extends DocumentLimits {
  readonly maxOperations: number;
  /** Octets of a description as it is sent; what is read out of it may have twice as many, as JSON. */
  readonly maxDescriptionBytes: number;
}

/** The solutions of all queries and the order of lists. */
export type Facts = Readonly<Record<QueryName, Properties>> & Pick<Graph, 'position'>;

/**
 * Reads a description, its UUID abstracted, into what the bridge works with (design, “From description
 * to module”): parse, to triples, one vocabulary, shapes, queries, assemble. Everything that is wrong is
 * reported at once, as far as one step can tell.
 * @throws DescriptionError
 */
export async function readDescription(
  bytes: Uint8Array,
  tools: RdfTools,
  limits: ReadingLimits,
): Promise<DeviceDescription> {
  const report = new Report(tools.exampleOf);
  const document = parseDocument(bytes, limits, tools.contexts);
  const said = await tools.toTriples(document, (text) => report.remark(text));
  const understood = await toOurVocabulary(said, tools, report);
  refuseIfFaulty(report);
  const graph = withoutLists(understood.triples);
  const dataset = tools.load(graph.triples);
  const shapes = await dataset.validate();
  for (const finding of shapes.violations) report.add(finding);
  refuseIfFaulty(report);
  for (const finding of shapes.warnings) report.remark(`${place(finding)}: ${finding.message}`);
  const facts = await askAll(dataset, graph);
  const description = assembleDevice(facts, report, limits.maxOperations);
  refuseIfFaulty(report);
  const { knownTerms, mappedTerms } = understood;
  const lookups = new Map([...tools.lookups].filter(([predicate]) => !mappedTerms.has(predicate)));
  remarkUnused({ triples: graph.triples, knownTerms, lookups }, facts, report);
  if (description === undefined) throw invalid(report);
  return bounded({ ...description, remarks: report.remarks }, limits);
}

/** What many operations share is written once and read once for each: a small document could explode. */
function bounded(description: DeviceDescription, { maxDescriptionBytes }: ReadingLimits): DeviceDescription {
  if (JSON.stringify(description).length <= 2 * maxDescriptionBytes) return description;
  throw new DescriptionError(
    'description-too-big',
    'the description says too much: its texts, inputs and outputs, counted for each operation that has them',
  );
}

async function askAll(dataset: Dataset, graph: Graph): Promise<Facts> {
  const solutions = await dataset.solve();
  const answers = {} as Record<QueryName, Properties>;
  for (const [name, subject] of Object.entries(querySubjects) as [QueryName, string][])
    answers[name] = new Properties(subject, solutions);
  return { ...answers, position: graph.position };
}

function refuseIfFaulty(report: Report): void {
  if (report.findings.length > 0) throw invalid(report);
}

function invalid(report: Report): DescriptionError {
  return new DescriptionError('description-invalid', 'the description breaks a rule', report.findings);
}
