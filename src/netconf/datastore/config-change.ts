import type { SessionInfo } from '../backend.ts';
import type { DataPath } from '../data-path.ts';

/** One node that an edit has changed (RFC 6470 §2.2, `edit` of netconf-config-change). */
export interface ConfigEdit {
  /** Not empty: at least a top-level node. */
  readonly target: DataPath;
  readonly operation: 'create' | 'delete' | 'merge' | 'replace' | 'remove';
}

/** A commit that changed a datastore. */
export interface ConfigChange {
  readonly datastore: 'running' | 'startup';
  /** 100 at most; of a commit with more, its top-level nodes. */
  readonly edits: readonly ConfigEdit[];
  /** The session that asked for it; absent: the server itself. */
  readonly by?: SessionInfo;
}
