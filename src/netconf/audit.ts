import type { XmlElement } from '../xml/element.ts';
import type { SessionInfo } from './backend.ts';
import type { RpcError } from './rpc-error.ts';

/** A request that was performed or refused, before its reply is sent, or given up. */
export interface PerformedRequest {
  readonly session: SessionInfo;
  /** The element in the `<rpc>`. */
  readonly operation: XmlElement;
  /** Children of the `<rpc-reply>`; none when it was refused or given up. */
  readonly reply: readonly XmlElement[];
  /** Why it was refused. */
  readonly error?: RpcError;
  /** Its session ended before it was answered: what it asked for may be done. */
  readonly unanswered?: true;
}

/** Whoever keeps account of what users do. */
export interface RequestAudit {
  /** The reply waits for what is returned, which never rejects; nothing: there is nothing to wait for. */
  performed(request: PerformedRequest): Promise<void> | undefined;
}

/** A user who has logged in, or could not. */
export interface LoginAttempt {
  /** As the client gave it: not of anybody who is known, unless `allowed`. */
  readonly username: string;
  readonly sourceHost: string;
  readonly method: string;
  readonly allowed: boolean;
}
