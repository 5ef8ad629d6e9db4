import { PeerError } from '../base/errors.ts';
import { printable } from '../base/printable.ts';

/** One thing that is wrong with a description, as its author needs to hear it. */
export interface Finding {
  /** Individual (`myno:opRelayOn`), or place in the JSON document (`/@graph/3`). */
  readonly node: string;
  /** Property of that individual (`myno:mqttTopic`), or empty. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  /** One sentence. */
  readonly message: string;
  /** What would be right, in JSON-LD for an author to copy, or empty. */
  readonly example: string;
}

export type DescriptionErrorCode =
  /** More octets, nesting or values than allowed, packed or unpacked, or more memory to read. */
  | 'description-too-big'
  /** No JSON-LD, or JSON-LD with what a description may not hold (contexts to fetch, …). */
  | 'description-malformed'
  /** Breaks a shape, or cannot become a YANG module. */
  | 'description-invalid'
  | 'description-timeout'
  /** Holds another device's UUID. */
  | 'uuid-mismatch';

/** A {@link DescriptionError} as plain data, which crosses a thread boundary. */
export interface Refusal {
  readonly code: DescriptionErrorCode;
  readonly message: string;
  readonly findings: readonly Finding[];
}

/** The most findings that one error carries. */
export const maxFindings = 50;
const maxTextLength = 300;

/** A description that is refused, with what is wrong and where. */
export class DescriptionError extends PeerError {
  readonly findings: readonly Finding[];
  readonly #refusal: Refusal;

  constructor(code: DescriptionErrorCode, message: string, findings: readonly Finding[] = []) {
    const kept = findings.slice(0, maxFindings).map(bounded);
    super(code, summary(message, kept, findings.length), {
      ...(kept[0] === undefined ? {} : { where: place(kept[0]) }),
      hint: 'docs/describe-a-device.md says what a description holds.',
    });
    this.findings = kept;
    this.#refusal = { code, message, findings: findings.slice(0, maxFindings + 1).map(bounded) };
  }

  /** What a thread needs to throw the same error again. */
  toRefusal(): Refusal {
    return this.#refusal;
  }
}

/** `node path` of a finding. */
export function place({ node, path }: Finding): string {
  return path === '' ? node : `${node} ${path}`;
}

/** A text of a peer, for people: bounded and without control characters. */
export function clip(text: string, length = maxTextLength): string {
  const clean = printable(text.slice(0, length + 1));
  return clean.length > length ? `${clean.slice(0, length - 1)}…` : clean;
}

function bounded(finding: Finding): Finding {
  return {
    node: clip(finding.node),
    path: clip(finding.path),
    found: clip(finding.found),
    expected: clip(finding.expected),
    message: clip(finding.message),
    example: clip(finding.example),
  };
}

function summary(message: string, findings: readonly Finding[], count: number): string {
  const [first] = findings;
  if (first === undefined) return message;
  const more = count > 1 ? ` (and ${count - 1} more)` : '';
  const example = first.example === '' ? '' : `, such as ${first.example}`;
  return `${message}: ${first.message} Found ${first.found}, expected ${first.expected}${example}${more}.`;
}
