import { readFileSync } from 'node:fs';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { toHex } from '../../src/base/bytes.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { readPrivateKey } from '../../src/mup/adapters/key-files.ts';
import { allSuites } from '../../src/mup/adapters/noble-curves.ts';
import { endorse } from '../../src/mup/endorsement.ts';
import type { PrivateKey } from '../../src/mup/signature-scheme.ts';
import { signDescription } from '../../src/mup/signed-description.ts';
import { exampleDescription } from './system.ts';
import { stranger } from './vectors/keys.ts';

/** Who signs: the vendor, or the attacker with a key that nobody trusts. */
export type Signer = 'vendor' | 'mallory';

/** The keys of an attack, and what is signed with them. */
export class AttackKeys {
  readonly #vendor: PrivateKey;

  private constructor(vendor: PrivateKey) {
    this.#vendor = vendor;
  }

  /** @param file the vendor's private key */
  static async read(file: string): Promise<AttackKeys> {
    return new AttackKeys(await readPrivateKey(file));
  }

  /** The vendor's public key as `registration.vendorKeys` has it. */
  get vendor(): string {
    return toHex(allSuites.publicKeyOf(this.#vendor));
  }

  /** `OK;<key>;<epoch>;<endorsement>` with the attacker's key as that of the update server (mup-protocol §1). */
  registrationAnswer(epoch: number, signer?: Signer): string {
    const serverKey = allSuites.publicKeyOf(stranger.privateKey);
    const by = signer === undefined ? undefined : this.#of(signer);
    const signature = by === undefined ? '' : toHex(endorse(serverKey, epoch, by, allSuites));
    return `OK;${toHex(serverKey)};${epoch};${signature}`;
  }

  /** The example's description as it is signed for a device. */
  signedDescription(uuid: string, signer: Signer, counter: number): Uint8Array {
    const octets = readFileSync(exampleDescription);
    const means = { scheme: allSuites, sha256 };
    return signDescription(deviceUuid(uuid), octets, counter, this.#of(signer), means);
  }

  #of(signer: Signer): PrivateKey {
    return signer === 'vendor' ? this.#vendor : stranger.privateKey;
  }
}
