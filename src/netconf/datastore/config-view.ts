import type { XmlElement } from '../../xml/element.ts';

/**
 * The content of a configuration datastore (RFC 6241 §5.1): one element per top-level node that holds
 * anything, values canonical, no white space between elements. Never changed: an edit makes a new one.
 */
export type ConfigTree = readonly XmlElement[];

/** The running configuration, for those who live by it. */
export interface ConfigView {
  running(): ConfigTree;
  /**
   * Calls `listener` after each commit to `running` that changed it.
   * @returns ends that
   */
  onChanged(listener: (running: ConfigTree, before: ConfigTree) => void): () => void;
}
