/** Counters of one session, and their sums for the server (RFC 6022 §2.1.4, §2.1.5). */
export interface MessageCounters {
  /** Correct `<rpc>` messages received. */
  inRpcs: number;
  /** Messages received where an `<rpc>` was expected that were none: XML and rpc layer errors. */
  inBadRpcs: number;
  /** Replies sent that held an `<rpc-error>`. */
  outRpcErrors: number;
  /** Notifications sent (RFC 5277). */
  outNotifications: number;
}

/** Counters of the server since it started (RFC 6022 §2.1.5). */
export interface ServerCounters extends MessageCounters {
  /** Sessions dropped because the client's hello was refused. */
  inBadHellos: number;
  /** Sessions begun: counted when our hello is sent. */
  inSessions: number;
  /** Sessions that ended neither by close-session nor by kill-session. */
  droppedSessions: number;
}

export function newMessageCounters(): MessageCounters {
  return { inRpcs: 0, inBadRpcs: 0, outRpcErrors: 0, outNotifications: 0 };
}

export function newServerCounters(): ServerCounters {
  return { ...newMessageCounters(), inBadHellos: 0, inSessions: 0, droppedSessions: 0 };
}
