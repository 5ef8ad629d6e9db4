import type { XmlElement } from '../../xml/element.ts';
import type { DataPath } from '../data-path.ts';

/** How a node is changed (RFC 8341 §9, access-operations-type). */
export type WriteOperation = 'create' | 'update' | 'delete';

/** What one user may do (RFC 8341), as the rules stand when it is asked. */
export interface UserAccess {
  /**
   * Whether the user may call an operation.
   * @param namespace of the operation's element
   */
  mayCall(namespace: string, operation: string): boolean;
  /** Whether the user may read a node instance: it and all that hold it. */
  mayRead(path: DataPath): boolean;
  /** What of the data the user may read (RFC 8341 §3.4.5: what may not be read is left out silently). */
  readable(data: readonly XmlElement[]): readonly XmlElement[];
  /** Whether the user may receive a notification, of which this is the element. */
  mayReceive(notification: Pick<XmlElement, 'namespace' | 'name'>): boolean;
  /**
   * Whether the user may change a node instance in one of these ways.
   * @param path of the node; whether those that hold it may be changed is not asked
   */
  mayWrite(path: DataPath, operations: readonly WriteOperation[]): boolean;
  /**
   * The first node of an edit that the user may not create, update or delete, or `undefined`.
   * @param before the datastore as it is
   * @param after the datastore as it would be
   */
  refusedWrite(before: readonly XmlElement[], after: readonly XmlElement[]): DataPath | undefined;
}

/** Who may do what. */
export interface AccessPolicy {
  /** What a user may do, by the rules as they stand whenever that is asked. */
  forUser(username: string): UserAccess;
}

/** Everything is permitted: access control is off. */
export const unrestricted: UserAccess = {
  mayCall: () => true,
  mayRead: () => true,
  readable: (data) => data,
  mayReceive: () => true,
  mayWrite: () => true,
  refusedWrite: () => undefined,
};
