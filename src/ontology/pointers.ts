import type { Field } from '../base/description.ts';
import { show, type Term } from './rdf.ts';
import type { Report } from './report.ts';

/** Tells an author of each mup:pointer among values that are not written as JSON: there are no places to point at. */
export function remarkPointers(node: Term, fields: readonly Field[], report: Report): void {
  for (const { name, type, pointer } of fields) {
    if (pointer)
      report.remark(`${show(node)}: mup:pointer of ${name} is not used, as its messages are no JSON.`);
    if (type.kind === 'structure') remarkPointers(node, type.fields, report);
  }
}
