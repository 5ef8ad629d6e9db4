import type { ConfigView } from '../datastore/config-view.ts';
import { CallHomeClient, type CallHomeDependencies } from './call-home-client.ts';
import { type CallHomeTarget, configuredTargets } from './call-home-config.ts';

/**
 * Calls the clients of the settings and of the running configuration, as long as they are there (RFC 8071).
 * Who is named in both, or twice, is called once, and as the settings say.
 */
export class CallHome {
  readonly #dependencies: CallHomeDependencies;
  /** By where they are called, as are the others. */
  readonly #fixed: ReadonlyMap<string, CallHomeClient>;
  /** Those of the running configuration. */
  readonly #configured = new Map<string, CallHomeClient>();
  readonly #stopFollowing: () => void;

  /** @param fixed clients that are called beside those of the running configuration */
  constructor(config: ConfigView, fixed: readonly CallHomeTarget[], dependencies: CallHomeDependencies) {
    this.#dependencies = dependencies;
    this.#fixed = new Map(
      [...byPlace(fixed)].map(([place, target]) => [place, new CallHomeClient(target, dependencies)]),
    );
    this.#apply(configuredTargets(config.running()));
    this.#stopFollowing = config.onChanged((running) => this.#apply(configuredTargets(running)));
  }

  /** Calls nobody any more, and ends the connections there are. */
  close(): void {
    this.#stopFollowing();
    for (const client of [...this.#fixed.values(), ...this.#configured.values()]) client.close();
    this.#configured.clear();
  }

  #apply(targets: readonly CallHomeTarget[]): void {
    const wanted = byPlace(targets);
    for (const [place, client] of this.#configured) {
      const target = wanted.get(place);
      if (target?.name === client.target.name) client.setWaits(target);
      else {
        client.close();
        this.#configured.delete(place);
      }
    }
    for (const [place, target] of wanted)
      if (!this.#fixed.has(place) && !this.#configured.has(place))
        this.#configured.set(place, new CallHomeClient(target, this.#dependencies));
  }
}

/** The first target of each address and port. */
function byPlace(targets: readonly CallHomeTarget[]): ReadonlyMap<string, CallHomeTarget> {
  const places = new Map<string, CallHomeTarget>();
  for (const target of targets) {
    const place = `${target.address.toLowerCase()} ${target.port}`;
    if (!places.has(place)) places.set(place, target);
  }
  return places;
}
