import type { Profile } from '../base/description.ts';
import type { Digest } from '../base/ids.ts';
import { place } from '../ontology/description-error.ts';
import { table } from './output.ts';
import { fileAndLine, type PlacedFinding } from './placed-finding.ts';

/** A topic of a device, from its own point of view. */
export interface TopicUse {
  readonly topic: string;
  readonly direction: 'subscribes' | 'publishes';
  /** Names of operations and data points. */
  readonly use: string;
}

/** What it costs to send a description in one form. */
export interface FormSize {
  readonly form: string;
  readonly octets: number;
  readonly pieces: number;
}

/** A signature before a description (ADR 29). */
export interface DescriptionSignature {
  /** Hex. */
  readonly key: string;
  readonly counter: number;
  /** `false` where it was not checked; one that does not hold is a fault. */
  readonly holds: boolean;
}

/** What a description that the bridge would take makes. */
export interface CheckedDevice {
  readonly category: string;
  readonly module: string;
  readonly profile: Profile;
  readonly digest: Digest;
  /** Whose signature stands before it, where there is one. */
  readonly signer?: DescriptionSignature;
  readonly operations: readonly string[];
  readonly dataPoints: readonly string[];
  readonly topics: readonly TopicUse[];
  readonly forms: readonly FormSize[];
}

/** What `mup describe check` has to say. */
export interface CheckReport {
  readonly file: string;
  /** Whether the bridge would take it. */
  readonly accepted: boolean;
  readonly findings: readonly PlacedFinding[];
  /** What nobody reads. */
  readonly remarks: readonly string[];
  /** What a constrained device may not cope with. */
  readonly warnings: readonly string[];
  readonly device?: CheckedDevice;
}

/** A report as lines for people. */
export function reportLines({ file, findings, remarks, warnings, device }: CheckReport): string[] {
  return [
    ...findings.flatMap((finding) => findingLines(file, finding)),
    ...remarks.map((remark) => `remark: ${remark}`),
    ...warnings.map((warning) => `warning: ${warning}`),
    device === undefined
      ? `${file}: refused, ${findings.length} ${findings.length === 1 ? 'fault' : 'faults'}`
      : `${file}: accepted, as ${device.module}`,
    ...(device === undefined ? [] : deviceLines(device)),
  ];
}

function findingLines(file: string, finding: PlacedFinding): string[] {
  const { found, expected, example, message } = finding;
  const parts = Object.entries({ found, expected, example }).filter(([, text]) => text !== '');
  return [
    `${fileAndLine(file, finding)}: ${place(finding)}: ${message}`,
    ...parts.map(([name, text]) => `  ${`${name}:`.padEnd(9)} ${text}`),
  ];
}

/** What a device may not say of itself over MQTT: its topics need not hold its UUID. */
const installedOnly: ReadonlySet<string> = new Set(['native', 'virtual'] satisfies Profile[]);

function deviceLines(device: CheckedDevice): string[] {
  const { operations, dataPoints, profile, digest, signer, topics, forms } = device;
  return [
    '',
    `RPCs:        ${operations.join(', ') || 'none'}`,
    `data points: ${dataPoints.join(', ') || 'none'}`,
    `profile:     ${profile}${installedOnly.has(profile) ? ': an operator has to add it (mup description add)' : ''}`,
    `digest:      sha256:${digest}`,
    ...(signer === undefined ? [] : [`signature:   ${signatureText(signer)}`]),
    ...(topics.length === 0 ? [] : ['', ...table([['TOPIC', 'DEVICE', 'FOR'], ...topics.map(topicRow)])]),
    '',
    ...table([
      ['FORM', 'OCTETS', 'PIECES'],
      ...forms.map(({ form, octets, pieces }) => [form, String(octets), String(pieces)]),
    ]),
  ];
}

function signatureText({ key, counter, holds }: DescriptionSignature): string {
  return `counter ${counter}, ${holds ? 'holds' : 'not checked'}, of key ${key}`;
}

function topicRow({ topic, direction, use }: TopicUse): string[] {
  return [topic, direction, use];
}
