import type { UserAccess, WriteOperation } from '../access/user-access.ts';
import type { DataNode } from './config-schema.ts';
import type { EditOperation } from './edit-attributes.ts';

/** What an edit asks of access control before it is done; the whole of it is checked again afterwards. */
export type EditorAccess = Pick<UserAccess, 'mayRead' | 'mayWrite'>;

/** A node of an edit, as access control sees it. */
interface EditedNode {
  readonly exists: boolean;
  readonly readable: boolean;
  /** It is given back its default. */
  readonly isDefault: boolean;
  /** The edit says nothing of what it holds, keys excepted. */
  readonly leaf: boolean;
}

/**
 * The ways in one of which a user has to be allowed to write a node that an edit names (RFC 8341 §3.4.5):
 * those in which it is changed for certain. Of a node that the user may not read, a change is assumed
 * where there may be none: else an edit that changes nothing would tell what is there.
 */
export function accessAsked(
  node: DataNode,
  operation: EditOperation,
  { exists, readable, isDefault, leaf }: EditedNode,
): readonly WriteOperation[] {
  // Without presence it is nothing by itself (RFC 6020 §7.5.1).
  if (node.kind === 'container' && !node.presence) return [];
  const hidden = !readable;
  if (operation === 'delete' || operation === 'remove') return exists || hidden ? ['delete'] : [];
  if (hidden && leaf && (exists || isDefault || operation === 'none'))
    return operation === 'none' || isDefault ? ['create', 'update', 'delete'] : ['create', 'update'];
  return exists || isDefault || operation === 'none' ? [] : ['create'];
}
