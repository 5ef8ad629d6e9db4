import type { KeptServerKeys, ServerKeyStore } from '../../src/bridge/server-keys.ts';
import { suiteSchemes } from '../../src/mup/adapters/noble-curves.ts';
import type { SignedEndorsement } from '../../src/mup/endorsement-file.ts';
import { keyId } from '../../src/mup/key-id.ts';
import type { ServerKey } from '../../src/mup/server-keys.ts';
import type { PrivateKey, PublicKey } from '../../src/mup/signature-scheme.ts';
import type { SuiteCode } from '../../src/mup/suites.ts';

/** The update server's keys in memory; what survives a bridge of a test. */
export class MemoryServerKeyStore implements ServerKeyStore {
  #active: readonly ServerKey[];
  readonly #prepared = new Map<string, PrivateKey>();

  constructor(...active: readonly ServerKey[]) {
    this.#active = active;
  }

  async load(): Promise<KeptServerKeys> {
    return { active: this.#active, prepared: [...this.#prepared.values()].map(publicHalf) };
  }

  async prepare(suite: SuiteCode): Promise<PublicKey> {
    const key = suiteSchemes[suite].generate();
    this.#prepared.set(keyId(publicHalf(key)), key);
    return publicHalf(key);
  }

  async endorse(endorsement: SignedEndorsement): Promise<void> {
    const id = keyId(endorsement.serverKey);
    const before = this.#active.find((one) => keyId(one.endorsement.serverKey) === id);
    const key = before?.key ?? this.#prepared.get(id);
    if (key === undefined) throw new Error(`no key ${id}`);
    this.#prepared.delete(id);
    this.#active = [...this.#active.filter((one) => one !== before), { key, endorsement }];
  }

  async retire(key: PublicKey): Promise<void> {
    this.#active = this.#active.filter((one) => keyId(one.endorsement.serverKey) !== keyId(key));
  }
}

function publicHalf(key: PrivateKey): PublicKey {
  return suiteSchemes[key.suite].publicKeyOf(key);
}
