import type { XmlElement } from '../../xml/element.ts';
import type { SelectionLimits } from './selection-limits.ts';

/**
 * What a request selects of the data: a subtree filter (RFC 6241 §6) or an XPath filter (§8.9). The two
 * questions let whoever holds the data leave out what is surely neither selected nor looked at; `apply` is
 * exact.
 */
export interface DataFilter {
  /** Whether it can select or look at anything of a top-level node; errs on the side of yes. */
  maySelect(namespace: string, name: string): boolean;
  /**
   * The values of a list's key of the entries that it can select or look at, or `undefined` when that may be
   * any entry; errs on the side of too many.
   * @param path names from the top-level node to the list
   */
  keys(path: readonly string[], key: string): ReadonlySet<string> | undefined;
  /**
   * @param data top-level elements
   * @param limits how much of the selected nodes is wanted; absent: all that is below them
   * @returns what is selected of each, in the order of the data; keys of lists come along
   * @throws RpcError `too-big` when that takes more work than a request may
   */
  apply(data: readonly XmlElement[], limits?: SelectionLimits): readonly XmlElement[];
}
