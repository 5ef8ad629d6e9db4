import { UsageError } from '../base/errors.ts';
import type { AuditEntry } from '../bridge/audit-entry.ts';

/** Which entries of the audit log are wanted; what is absent does not matter. */
export interface AuditQuery {
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
  readonly device: string | undefined;
  readonly user: string | undefined;
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The moment that `--since` names: `2026-11-22`, `2026-11-22T20:00:00Z`, or a time before now, `12h`.
 * @throws UsageError `bad-option`
 */
export function sinceOption(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (unitMs[unit] ?? 0);
  const named = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(named)) return named;
  throw new UsageError('bad-option', `${JSON.stringify(text.slice(0, 80))} is no time`, {
    where: '--since',
    hint: 'Give a date or time such as 2026-11-22T20:00:00Z, or 30m, 12h or 7d.',
  });
}

/** Whether an entry is wanted. */
export function matches(entry: AuditEntry, { since, device, user }: AuditQuery): boolean {
  if (device !== undefined && entry.device !== device) return false;
  if (user !== undefined && entry.user !== user) return false;
  return since === undefined || Date.parse(entry.time) >= since;
}

/** The heading of {@link auditRow}. */
export const auditHeading = ['TIME', 'USER', 'FROM', 'OPERATION', 'OUTCOME', 'DEVICE', 'DETAILS'];

/** An entry as a row of a table. */
export function auditRow(entry: AuditEntry): string[] {
  const { time, user, from, operation, outcome, code, device = '-' } = entry;
  return [
    time,
    user,
    from,
    operation,
    code === undefined || code === outcome ? outcome : `${outcome} ${code}`,
    device,
    detailsOf(entry),
  ];
}

function detailsOf({ target, job, image, manifest, changes = [], unwritten = 0 }: AuditEntry): string {
  const named = Object.entries({ job, image, manifest }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  );
  return [
    ...(target === undefined ? [] : [target]),
    ...named,
    ...changes,
    ...(unwritten === 0 ? [] : [`${unwritten} more refusals before it`]),
  ].join(', ');
}
