import { PeerError } from '../base/errors.ts';
import { DescriptionError, type Finding, place } from '../ontology/description-error.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { authorsName, jsonFault, placeOfNode, type SourcePlace } from './source-place.ts';

/** A finding, and where in its file it is, as far as that can be told. */
export interface PlacedFinding extends Finding, Partial<SourcePlace> {}

/**
 * What an error says of a description.
 * @param text the description
 * @returns empty for an error that is not the description's fault
 */
export function findingsOf(error: unknown, text: string): PlacedFinding[] {
  if (!(error instanceof PeerError)) return [];
  const findings = error instanceof DescriptionError ? error.findings : [];
  const locate = error.code === 'description-malformed' ? malformed : placed;
  if (findings.length > 0) return findings.map((finding) => locate(finding, text));
  const { where = 'the document', message, hint = '' } = error;
  const description = error instanceof DescriptionError ? '' : hint;
  return [placed({ node: where, path: '', found: '', expected: description, message, example: '' }, text)];
}

/** The error with which a command ends that needs a description without faults. */
export function refused(error: unknown, path: string, text: string): unknown {
  const [first] = findingsOf(error, text);
  if (first === undefined || !(error instanceof PeerError)) return error;
  return new CommandError(exitCodes.faults, error.code, error.message, {
    where: `${fileAndLine(path, first)} ${place(first)}`,
    hint: `mup describe check ${path} says all that is wrong.`,
    cause: error,
  });
}

/** `heater.jsonld:12:5`, as compilers write it and editors follow it. */
export function fileAndLine(path: string, { line, column }: Partial<SourcePlace>): string {
  return line === undefined ? path : `${path}:${line}:${column}`;
}

/** What is no JSON is shown to the character; of what is no UTF-8, the text says no more. */
function malformed(finding: Finding, text: string): PlacedFinding {
  const fault = finding.expected === 'UTF-8' ? undefined : jsonFault(text);
  if (fault === undefined) return placed(finding, text);
  const { what, line, column } = fault;
  return { ...finding, found: what, line, column };
}

/** A finding with its place in the description's text, and with names as its author writes them. */
export function placed(finding: Finding, text: string): PlacedFinding {
  // `operation heat, input target`: the last word is a name of the description.
  const node = finding.node.split(' ').at(-1) ?? '';
  const named = { ...finding, node: authorsName(finding.node, text), path: authorsName(finding.path, text) };
  const at = placeOfNode(text, node);
  return at === undefined ? named : { ...named, ...at };
}
