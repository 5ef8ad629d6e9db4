/** What a file of a vendor or an update server is, as `mup inspect` says it. */

/** What the files are that `mup` knows; all else is taken for a firmware image. */
export type FileKind =
  | 'vendor-manifest'
  | 'endorsement'
  | 'vendor-key-statement'
  | 'private-key'
  | 'public-key'
  | 'description'
  | 'signed-description'
  | 'image';

/** Something that was compared, or could not be. */
export interface InspectionCheck {
  /** Such as `inner-signature`. */
  readonly check: string;
  readonly result: 'holds' | 'fails' | 'not-checked';
  /** Why it fails or was not checked. */
  readonly reason?: string;
}

export interface Inspection {
  readonly file: string;
  readonly kind: FileKind;
  /** What stands in it, in the order to show it. Never a private key. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  readonly checks: readonly InspectionCheck[];
}

/** Whether nothing that was checked fails. */
export function holds({ checks }: Inspection): boolean {
  return checks.every(({ result }) => result !== 'fails');
}

/** One flat object for programs. */
export function inspectionObject(inspection: Inspection): Readonly<Record<string, unknown>> {
  const { file, kind, facts, checks } = inspection;
  return { file, kind, ...facts, checks, holds: holds(inspection) };
}

/** Lines for people. */
export function inspectionLines({ file, kind, facts, checks }: Inspection): string[] {
  const rows = Object.entries(facts).map(([name, value]) => [words(name), String(value)] as const);
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return [
    `${file}: ${kind.replaceAll('-', ' ')}`,
    ...rows.map(([name, value]) => `  ${`${name}:`.padEnd(width + 1)} ${value}`),
    ...checks.map(checkLine),
  ];
}

function checkLine({ check, result, reason }: InspectionCheck): string {
  const said = { holds: 'holds', fails: 'DOES NOT HOLD', 'not-checked': 'not checked' }[result];
  return `  ${check.replaceAll('-', ' ')} ${said}${reason === undefined ? '' : `: ${reason}`}`;
}

/** `newVersion` as `new version`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
