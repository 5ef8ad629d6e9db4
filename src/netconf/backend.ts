import type { XmlElement } from '../xml/element.ts';
import type { ModuleSchema } from '../yang/schema.ts';
import type { UserAccess } from './access/user-access.ts';
import type { DataFilter } from './filter/data-filter.ts';

/**
 * What the NETCONF server serves: implemented by the bridge, scripted in tests. The server owns
 * sessions, framing, filters, schema checks and monitoring; the backend owns modules, data and what an
 * RPC does.
 */

/** Who asks: one NETCONF session (RFC 6241 §1.1). */
export interface SessionInfo {
  /** session-id, 1 or more, never used twice in a server's life. */
  readonly id: number;
  readonly username: string;
  /** IP address of the client. */
  readonly sourceHost: string;
  /** Milliseconds since the epoch. */
  readonly loginTime: number;
}

/** A module revision that `get-schema` answers. */
export interface ServedModule {
  readonly schema: ModuleSchema;
  /**
   * `implement`: announced, its RPCs and data are served; `import`: others import from it; `superseded`: a
   * later revision is served in its place, and get-schema still answers this one.
   */
  readonly conformance: 'implement' | 'import' | 'superseded';
  /** The features of the module that are there (RFC 6020 §7.18.1). */
  readonly features?: readonly string[];
  /** The YANG text. */
  text(): Promise<string>;
}

/** Checked input of an RPC: canonical leaf values, by name. */
export interface RpcInput {
  readonly [name: string]: string | readonly string[] | RpcInput | readonly RpcInput[] | undefined;
}

export interface RpcContext {
  readonly session: SessionInfo;
  /** What the session's user may do; the operation itself was permitted. */
  readonly access: UserAccess;
  /** Aborted when the session ends before the answer. */
  readonly signal: AbortSignal;
}

/** The context of a request that reads data, of which there may be much. */
export interface ReadContext extends RpcContext {
  /**
   * What reading waits for between its parts, where others shall have their turn.
   * @throws what `signal` was aborted with, when the session has ended
   */
  readonly rest: () => Promise<void> | undefined;
}

/** Output elements in the module's namespace; empty: `<ok/>`. */
export type RpcOutput = readonly XmlElement[];

export interface Backend {
  /** All module revisions; the same array until something changes. */
  modules(): readonly ServedModule[];
  /**
   * Calls `listener` after each change of what `modules` returns.
   * @returns ends that
   */
  onModulesChanged(listener: () => void): () => void;
  /**
   * State data, one element per top-level node: the server adds the configuration.
   * @param filter what the request selects; the backend may use it to leave out what it surely does not
   *   select (a list entry whose key does not match), the server applies it exactly.
   */
  get(filter: DataFilter | undefined, context: ReadContext): Promise<readonly XmlElement[]>;
  /**
   * Performs an RPC of a served module. The input was checked against its schema.
   * @throws RpcError as it goes to the client, its path the name of an input leaf; anything else becomes operation-failed without details
   */
  rpc(module: ModuleSchema, name: string, input: RpcInput, context: RpcContext): Promise<RpcOutput>;
}
