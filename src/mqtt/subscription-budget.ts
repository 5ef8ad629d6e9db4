/** Keeps count of what the subscriptions of a broker's clients take, so that it can refuse one too many. */
export class SubscriptionBudget<Client extends object> {
  readonly #limits: { readonly maxLevelsPerClient: number; readonly maxLevels: number };
  readonly #clients = new Map<Client, { readonly filters: Set<string>; levels: number }>();
  #levels = 0;

  /** Both limits are in levels of topic filters, of which a long one counts as several. */
  constructor(limits: { readonly maxLevelsPerClient: number; readonly maxLevels: number }) {
    this.#limits = limits;
  }

  /** Whether a client may subscribe to a filter; if so it is counted, once however often it asks. */
  admit(client: Client, filter: string): boolean {
    const own = this.#clients.get(client) ?? { filters: new Set<string>(), levels: 0 };
    if (own.filters.has(filter)) return true;
    const levels = levelsOf(filter);
    if (own.levels + levels > this.#limits.maxLevelsPerClient) return false;
    if (this.#levels + levels > this.#limits.maxLevels) return false;
    own.filters.add(filter);
    own.levels += levels;
    this.#levels += levels;
    this.#clients.set(client, own);
    return true;
  }

  /** The client has left the filter. */
  release(client: Client, filter: string): void {
    const own = this.#clients.get(client);
    if (own === undefined || !own.filters.delete(filter)) return;
    own.levels -= levelsOf(filter);
    this.#levels -= levelsOf(filter);
    if (own.filters.size === 0) this.#clients.delete(client);
  }

  /** The client is gone. */
  releaseAll(client: Client): void {
    this.#levels -= this.#clients.get(client)?.levels ?? 0;
    this.#clients.delete(client);
  }
}

const charactersOfLevel = 64;

function levelsOf(filter: string): number {
  return filter.split('/').length + Math.floor(filter.length / charactersOfLevel);
}
