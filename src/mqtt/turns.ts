/**
 * Who may go on at a place where only one can: those who come while another is there wait in the order they
 * came.
 */
export class Turns<Item> {
  readonly #lines = new Map<string, Item[]>();

  /** The item whose turn it is. */
  present(place: string): Item | undefined {
    return this.#lines.get(place)?.[0];
  }

  /** @returns whether it is its turn at once */
  enter(place: string, item: Item): boolean {
    const line = this.#lines.get(place) ?? [];
    line.push(item);
    this.#lines.set(place, line);
    return line.length === 1;
  }

  /** @returns whose turn begins by it, if any */
  leave(place: string, item: Item): Item | undefined {
    const line = this.#lines.get(place) ?? [];
    const at = line.indexOf(item);
    if (at >= 0) line.splice(at, 1);
    if (line.length === 0) this.#lines.delete(place);
    return at === 0 ? line[0] : undefined;
  }
}
