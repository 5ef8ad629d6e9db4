import type { ConfigTree, ConfigView } from '../../src/netconf/datastore/config-view.ts';

/** A running configuration that a test sets. */
export class ManualConfig implements ConfigView {
  readonly #listeners = new Set<(running: ConfigTree, before: ConfigTree) => void>();
  #tree: ConfigTree;

  constructor(tree: ConfigTree = []) {
    this.#tree = tree;
  }

  running(): ConfigTree {
    return this.#tree;
  }

  onChanged(listener: (running: ConfigTree, before: ConfigTree) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Those who live by it now. */
  get listeners(): number {
    return this.#listeners.size;
  }

  commit(tree: ConfigTree): void {
    const before = this.#tree;
    this.#tree = tree;
    for (const listener of this.#listeners) listener(tree, before);
  }
}
