/**
 * The error families of the project. Every error that this code throws is one of them, so that a
 * handler can tell our own bug from a caller's misuse and from what a peer sent.
 */

/** What an error carries besides its message: where the fault is and what to do about it. */
export interface ErrorDetails {
  /** Where the fault is: a file and line, a key path, a topic, an XPath. */
  readonly where?: string;
  /** What the reader can do about it, as one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Base of all errors of mup-bridge. `code` is stable and machine readable, `message` is for people. */
export abstract class MupError extends Error {
  readonly code: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.where = details.where;
    this.hint = details.hint;
  }
}

/** A bug of ours: an invariant that does not hold. */
export class InternalError extends MupError {
  constructor(message: string, details?: ErrorDetails) {
    super('internal', message, details);
  }
}

/** Misuse by whoever operates us: configuration, command line, files, keys. */
export class UsageError extends MupError {}

/** Something a peer sent that breaks a rule: a device, a NETCONF client, a broker. */
export class PeerError extends MupError {}

/** Something we depend on is out of reach or too slow: a broker, a device, the disk. */
export class UnavailableError extends MupError {}

/**
 * The text of any thrown value. Inside jest, errors of Node's core are not `instanceof Error`, so this
 * looks at the shape.
 */
export function errorMessage(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

/** The `code` of a thrown value (`ENOENT`, `mqtt-offline`, …), where it has one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return undefined;
}

/** Compile-time proof that a switch is exhaustive. */
export function assertNever(value: never): never {
  throw new InternalError(`unexpected value ${JSON.stringify(value)}`);
}
