import {
  localName,
  mupNamespace,
  rdfNamespace,
  shaclNamespace,
  show,
  type Term,
  type Triple,
  termKey,
} from './rdf.ts';
import type { Report } from './report.ts';

const type = `${rdfNamespace}type`;
const result = `${shaclNamespace}ValidationResult`;

/**
 * Takes what a mapping says to the author out of the graph: `sh:ValidationResult`s, as SHACL has them. A
 * violation refuses the description, anything less is a remark.
 */
export function takeResults(triples: readonly Triple[], report: Report): readonly Triple[] {
  const results = new Map<string, Map<string, Term>>();
  for (const { subject, predicate, object } of triples)
    if (predicate.value === type && object.value === result) results.set(termKey(subject), new Map());
  if (results.size === 0) return triples;
  for (const { subject, predicate, object } of triples)
    results.get(termKey(subject))?.set(predicate.value, object);
  for (const values of results.values()) tell(values, report);
  return triples.filter(({ subject }) => !results.has(termKey(subject)));
}

function tell(values: ReadonlyMap<string, Term>, report: Report): void {
  const shown = (name: string): string => {
    const term = values.get(shaclNamespace + name);
    return term === undefined ? '' : show(term);
  };
  const text = (iri: string): string => values.get(iri)?.value ?? '';
  const message = text(`${shaclNamespace}resultMessage`);
  const [node, path] = [shown('focusNode'), shown('resultPath')];
  const severity = localName(text(`${shaclNamespace}resultSeverity`));
  if (severity === 'Violation')
    report.fault(node, path, shown('value'), text(`${mupNamespace}expected`), message);
  else report.remark(`${path === '' ? node : `${node} ${path}`}: ${message}`);
}
