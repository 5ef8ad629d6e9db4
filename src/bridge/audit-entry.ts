import { clipped } from '../base/clipped.ts';
import { dateAndTime } from '../base/clock.ts';
import { printable } from '../base/printable.ts';

/** What is told of an action: who did what, from where, and what came of it. Never a secret. */
export interface AuditFacts {
  readonly user: string;
  /** Address of the client; `command line` for commands on the bridge's own machine. */
  readonly from: string;
  /** An RPC's name, `login`, `put-file`, `config-change`, `update-ended`, or a command of `mup`. */
  readonly operation: string;
  readonly outcome: 'ok' | 'refused' | 'succeeded' | 'failed' | 'cancelled';
  /** Why it was refused or failed. */
  readonly code?: string | undefined;
  readonly device?: string | undefined;
  /** Update job. */
  readonly job?: string | undefined;
  /** SHA-256 of the image. */
  readonly image?: string | undefined;
  /** SHA-256 of the vendor's manifest, as the bridge keeps it. */
  readonly manifest?: string | undefined;
  /** What else it was about: a datastore, a session, a file, a user, a way to log in. */
  readonly target?: string | undefined;
  /** Paths of the configuration that changed, without values. */
  readonly changes?: readonly string[] | undefined;
}

/** A line of the audit log. */
export interface AuditEntry extends AuditFacts {
  /** RFC 3339. */
  readonly time: string;
  /** Refusals since the entry before that were too many to be written one by one. */
  readonly unwritten?: number | undefined;
}

/** Longest text of one field; what peers send is clipped. */
const maxTextLength = 256;
/** Most changes that one entry names. */
const maxChanges = 100;

/** One JSON line, whatever the texts hold. @param now milliseconds since the epoch */
export function formatAuditEntry(facts: AuditFacts, now: number, unwritten = 0): string {
  const { user, from, operation, outcome, code, device, job, image, manifest, target, changes } = facts;
  const texts = { user, from, operation, outcome, code, device, job, image, manifest, target };
  const entry = {
    time: dateAndTime(now),
    ...Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, text && clipped(text, maxTextLength)]),
    ),
    ...(changes === undefined
      ? {}
      : { changes: changes.slice(0, maxChanges).map((path) => clipped(path, maxTextLength)) }),
    ...(unwritten === 0 ? {} : { unwritten }),
  };
  // JSON leaves some characters as they are that end a line or turn its direction.
  return `${printable(JSON.stringify(entry))}\n`;
}

/** @returns `undefined` when the text is no line of the audit log */
export function parseAuditEntry(line: string): AuditEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isEntry(value) ? value : undefined;
}

const textFields = ['time', 'user', 'from', 'operation', 'outcome'] as const;
const optionalFields = ['code', 'device', 'job', 'image', 'manifest', 'target'] as const;

function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  const { changes, unwritten } = fields;
  return (
    textFields.every((name) => typeof fields[name] === 'string') &&
    optionalFields.every((name) => ['string', 'undefined'].includes(typeof fields[name])) &&
    ['number', 'undefined'].includes(typeof unwritten) &&
    (changes === undefined || (Array.isArray(changes) && changes.every((one) => typeof one === 'string')))
  );
}
