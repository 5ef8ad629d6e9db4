import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { equalBytes } from '../../base/bytes.ts';
import type { Config } from '../../base/config.ts';
import { errorCode, errorMessage, UsageError } from '../../base/errors.ts';
import type { KeptServerKeys, ServerKeyStore } from '../../bridge/server-keys.ts';
import { readPrivateKey, writePrivateKey, writePublicKey } from '../../mup/adapters/key-files.ts';
import { suiteSchemes } from '../../mup/adapters/noble-curves.ts';
import { quickSuites } from '../../mup/adapters/node-p256.ts';
import { formatEndorsementFile, type SignedEndorsement } from '../../mup/endorsement-file.ts';
import { keyId } from '../../mup/key-id.ts';
import type { ServerKey } from '../../mup/server-keys.ts';
import { type PublicKey, suiteOf } from '../../mup/signature-scheme.ts';
import type { SuiteCode } from '../../mup/suites.ts';
import { endorsementFile, privateKeyFile, publicKeyFile, retiredFile } from '../key-owner.ts';
import { bridgePassphrase } from './passphrase.ts';
import { endorsementIn, loadServerKeys } from './update-server-keys.ts';

/** The private keys that followed the first ones, by their id. */
const laterKey = /^update-server-([0-9a-f]{16})\.pem$/;

/**
 * The update server's keys in `keys/` of the state directory: the first of each suite under the names that they
 * always had, each later one as `update-server-<id>.pem`, which is in use as soon as `endorsement-<id>.json` stands
 * beside it. A key that is out of use gets the ending `.retired.pem`. Each step is one file that appears or is renamed,
 * so that a crash leaves the state before it or after it.
 */
export class ServerKeyFiles implements ServerKeyStore {
  readonly #config: Config;
  readonly #folder: string;

  constructor(config: Config) {
    this.#config = config;
    this.#folder = join(config.stateDir, 'keys');
  }

  async load(): Promise<KeptServerKeys> {
    const active: ServerKey[] = [...(await loadServerKeys(this.#config))];
    const prepared: PublicKey[] = [];
    const passphrase = bridgePassphrase(this.#config);
    for (const name of (await readdir(this.#folder)).sort()) {
      const [, id] = laterKey.exec(name) ?? [];
      if (id === undefined) continue;
      const key = await readPrivateKey(join(this.#folder, name), passphrase);
      const serverKey = quickSuites.publicKeyOf(key);
      const endorsement = await endorsementIn(this.#file(laterEndorsement(id)), serverKey);
      if (endorsement === undefined) prepared.push(serverKey);
      else active.push({ key, endorsement });
    }
    return { active, prepared };
  }

  async prepare(suite: SuiteCode): Promise<PublicKey> {
    const scheme = suiteSchemes[suite];
    const key = scheme.generate();
    const serverKey = scheme.publicKeyOf(key);
    const path = this.#file(laterPrivateKey(keyId(serverKey)));
    await writePrivateKey(path, key, await bridgePassphrase(this.#config)?.());
    await writePublicKey(publicKeyFile(path), serverKey);
    return serverKey;
  }

  async endorse(endorsement: SignedEndorsement): Promise<void> {
    const { endorsement: name } = await this.#filesOf(endorsement.serverKey);
    await writing(name, () =>
      writeFileAtomically(this.#file(name), formatEndorsementFile(endorsement), 0o644),
    );
  }

  /** The private key first: without it there is no key, whatever else is left. */
  async retire(key: PublicKey): Promise<void> {
    const { privateKey, endorsement } = await this.#filesOf(key);
    for (const name of [privateKey, publicKeyFile(privateKey), endorsement])
      await writing(name, () => renameIfThere(this.#file(name), this.#file(retiredFile(name))));
    await syncDirectory(this.#folder);
  }

  /** Whether a key is the first of its suite, or a later one. */
  async #filesOf(key: PublicKey): Promise<{ readonly privateKey: string; readonly endorsement: string }> {
    const id = keyId(key);
    const first = await loadServerKeys(this.#config);
    if (first.some(({ endorsement }) => equalBytes(endorsement.serverKey, key))) {
      const suite = suiteOf(key);
      return {
        privateKey: inFolder(privateKeyFile('server', suite)),
        endorsement: inFolder(endorsementFile(suite)),
      };
    }
    return { privateKey: laterPrivateKey(id), endorsement: laterEndorsement(id) };
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }
}

function laterPrivateKey(id: string): string {
  return `update-server-${id}.pem`;
}

function laterEndorsement(id: string): string {
  return `endorsement-${id}.json`;
}

/** Names in the state directory begin with the folder. */
function inFolder(name: string): string {
  return name.replace(/^keys\//, '');
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

async function writing(where: string, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    throw new UsageError('key-unwritable', `keys/${where} cannot be written: ${errorMessage(error)}`, {
      where,
      cause: error,
    });
  }
}
