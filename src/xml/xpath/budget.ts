/** Counts the work of an evaluation. */
export interface Budget {
  /**
   * One step is the look at one child of a node, or at a dozen characters: some 25 ns.
   * @throws whatever ends work that takes too many steps
   */
  spend(steps: number): void;
}
