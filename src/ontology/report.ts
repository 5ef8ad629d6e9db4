import { clip, type Finding, maxFindings } from './description-error.ts';
import { show, type Term } from './rdf.ts';

const maxRemarks = 100;
const idExample = '"@id": "myno:relayOn"';

/** Collects what is wrong with a description and what it says in vain, each once. */
export class Report {
  readonly #exampleOf: (path: string) => string;
  readonly #findings = new Map<string, Finding>();
  readonly #remarks = new Set<string>();

  /** @param exampleOf how a property is used, as JSON-LD; empty where nobody knows */
  constructor(exampleOf: (path: string) => string = () => '') {
    this.#exampleOf = exampleOf;
  }

  /** Something for which the description is refused. */
  fault(node: Term | string, path: string, found: string, expected: string, message: string): void {
    const example = path === '@id' ? idExample : this.#exampleOf(path);
    this.add({ node: typeof node === 'string' ? node : show(node), path, found, expected, message, example });
  }

  add(finding: Finding): void {
    // One more than an error carries, so that its count tells that there are more.
    if (this.#findings.size <= maxFindings)
      this.#findings.set(`${finding.node} ${finding.path} ${finding.found} ${finding.message}`, finding);
  }

  /** Something that is not used, for the author. */
  remark(text: string): void {
    if (this.#remarks.size < maxRemarks) this.#remarks.add(clip(text));
  }

  get findings(): readonly Finding[] {
    return sorted([...this.#findings.values()], ({ node, path, message }) => `${node} ${path} ${message}`);
  }

  get remarks(): readonly string[] {
    return sorted([...this.#remarks], (text) => text);
  }
}

function sorted<T>(items: T[], key: (item: T) => string): T[] {
  return items.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
