import { equalBytes } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { SignedEndorsement } from '../mup/endorsement-file.ts';
import { keyId } from '../mup/key-id.ts';
import type { ServerKey } from '../mup/server-keys.ts';
import { type PublicKey, suiteOf } from '../mup/signature-scheme.ts';
import type { SuiteCode } from '../mup/suites.ts';

/** The update server's keys as they are kept. */
export interface KeptServerKeys {
  readonly active: readonly ServerKey[];
  /** Public halves of those that wait for the vendor's endorsement. Nobody is told of them. */
  readonly prepared: readonly PublicKey[];
}

/** Where the update server's keys are kept. What it has done is on disk when it resolves. */
export interface ServerKeyStore {
  /** @throws UsageError when a key or an endorsement is damaged */
  load(): Promise<KeptServerKeys>;
  /** Makes a key pair that waits for its endorsement. @returns its public half */
  prepare(suite: SuiteCode): Promise<PublicKey>;
  /** Keeps the endorsement of a key, in place of an earlier one. */
  endorse(endorsement: SignedEndorsement): Promise<void>;
  /** Takes a key out of use. */
  retire(key: PublicKey): Promise<void>;
}

/**
 * The update server's keys. More than one are in use while devices move from one to the next (ADR 27): all are
 * announced, and each device is signed for with the one that it keeps.
 */
export class ServerKeys {
  readonly #store: ServerKeyStore;
  readonly #turns = new KeyedQueue<string>();
  #kept: KeptServerKeys;

  private constructor(store: ServerKeyStore, kept: KeptServerKeys) {
    this.#store = store;
    this.#kept = newestFirst(kept);
  }

  /** @throws as the store */
  static async open(store: ServerKeyStore): Promise<ServerKeys> {
    return new ServerKeys(store, await store.load());
  }

  /** All that are in use, the highest epoch first: a device that takes the first answer takes the newest. */
  get active(): readonly ServerKey[] {
    return this.#kept.active;
  }

  get prepared(): readonly PublicKey[] {
    return this.#kept.prepared;
  }

  /** The key in use with that id. */
  find(id: string): ServerKey | undefined {
    return this.active.find(({ endorsement }) => keyId(endorsement.serverKey) === id);
  }

  /**
   * The keys to sign with for a device, the likeliest first: the one that it keeps, then from the newest on.
   * @param kept its {@link keyId}, where it is known
   */
  inOrderFor(kept: string | undefined): readonly ServerKey[] {
    const known = this.active.filter(({ endorsement }) => keyId(endorsement.serverKey) === kept);
    return [...known, ...this.active.filter((one) => !known.includes(one))];
  }

  /**
   * Makes the next key of a suite. One that waits already is that: who did not get the answer asks again, and nobody
   * fills the disk with keys.
   * @returns its public half, for the vendor to endorse
   */
  prepare(suite: SuiteCode): Promise<PublicKey> {
    return this.#inTurn(async () => {
      const waiting = this.prepared.find((key) => suiteOf(key) === suite);
      return waiting ?? this.#store.prepare(suite);
    });
  }

  /**
   * Takes a key into use that the vendor has endorsed, or endorsed anew.
   * @throws UsageError `unknown-key` when the update server has no such key, `epoch-not-higher`
   */
  activate(endorsement: SignedEndorsement): Promise<void> {
    return this.#inTurn(async () => {
      this.#check(endorsement);
      await this.#store.endorse(endorsement);
    });
  }

  #check({ serverKey, epoch }: SignedEndorsement): void {
    const id = keyId(serverKey);
    const inUse = this.find(id);
    if (inUse === undefined && !this.prepared.some((one) => equalBytes(one, serverKey)))
      throw new UsageError('unknown-key', `the update server has no key ${id}`, {
        where: 'serverKey',
        hint: 'Prepare a key with `mup rotate prepare`, and have that one endorsed.',
      });
    const others = this.active.filter(
      ({ key, endorsement: one }) => one !== inUse?.endorsement && key.suite === suiteOf(serverKey),
    );
    const highest = Math.max(-1, ...others.map((one) => one.endorsement.epoch));
    if (epoch <= highest || epoch < (inUse?.endorsement.epoch ?? 0))
      throw new UsageError(
        'epoch-not-higher',
        `epoch ${epoch} is not higher than ${highest}, that of a key in use`,
        {
          where: 'epoch',
          hint: 'Have the vendor endorse the key with a higher epoch: devices take no lower one.',
        },
      );
  }

  /** Whether there is no other key in use of the suite of this one. */
  isLast({ key, endorsement }: ServerKey): boolean {
    const id = keyId(endorsement.serverKey);
    return !this.active.some((one) => one.key.suite === key.suite && keyId(one.endorsement.serverKey) !== id);
  }

  /** Takes a key out of use. @returns false when it is the last of its suite by now, and stays */
  retire(key: ServerKey): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.isLast(key)) return false;
      await this.#store.retire(key.endorsement.serverKey);
      return true;
    });
  }

  /** Changes go one after the other; what the store holds then is what counts. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    return this.#turns.run('keys', async () => {
      const done = await change();
      this.#kept = newestFirst(await this.#store.load());
      return done;
    });
  }
}

function newestFirst({ active, prepared }: KeptServerKeys): KeptServerKeys {
  return { active: [...active].sort((a, b) => b.endorsement.epoch - a.endorsement.epoch), prepared };
}
