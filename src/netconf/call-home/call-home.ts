import type { ConfigView } from '../datastore/config-view.ts';
import { CallHomeClient, type CallHomeDependencies } from './call-home-client.ts';
import { type CallHomeTarget, configuredTargets } from './call-home-config.ts';

/** Calls the clients of the settings and of the running configuration, as long as they are there (RFC 8071). */
export class CallHome {
  readonly #dependencies: CallHomeDependencies;
  readonly #fixed: readonly CallHomeClient[];
  /** Those of the running configuration, by name. */
  readonly #configured = new Map<string, CallHomeClient>();
  readonly #stopFollowing: () => void;

  /** @param fixed clients that are called beside those of the running configuration */
  constructor(config: ConfigView, fixed: readonly CallHomeTarget[], dependencies: CallHomeDependencies) {
    this.#dependencies = dependencies;
    this.#fixed = fixed.map((target) => new CallHomeClient(target, dependencies));
    this.#apply(configuredTargets(config.running()));
    this.#stopFollowing = config.onChanged((running) => this.#apply(configuredTargets(running)));
  }

  /** Calls nobody any more, and ends the connections there are. */
  close(): void {
    this.#stopFollowing();
    for (const client of [...this.#fixed, ...this.#configured.values()]) client.close();
    this.#configured.clear();
  }

  #apply(targets: readonly CallHomeTarget[]): void {
    const wanted = new Map(targets.map((target) => [target.name, target]));
    for (const [name, client] of this.#configured) {
      const target = wanted.get(name);
      if (target?.address === client.target.address && target.port === client.target.port) {
        client.setWaits(target);
        wanted.delete(name);
        continue;
      }
      client.close();
      this.#configured.delete(name);
    }
    for (const [name, target] of wanted)
      this.#configured.set(name, new CallHomeClient(target, this.#dependencies));
  }
}
