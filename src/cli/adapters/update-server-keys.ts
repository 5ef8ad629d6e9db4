import { dirname, join } from 'node:path';
import { makeDirectory } from '../../base/adapters/atomic-file.ts';
import { readIfThere } from '../../base/adapters/read-if-there.ts';
import { equalBytes } from '../../base/bytes.ts';
import type { Config } from '../../base/config.ts';
import { UsageError } from '../../base/errors.ts';
import {
  type Passphrase,
  readPrivateKey,
  writePrivateKey,
  writePublicKey,
} from '../../mup/adapters/key-files.ts';
import { quickEs256, quickSuites } from '../../mup/adapters/node-p256.ts';
import type { Endorsement } from '../../mup/endorsement.ts';
import { parseEndorsementFile } from '../../mup/endorsement-file.ts';
import type { ServerKey } from '../../mup/server-keys.ts';
import type { PrivateKey, PublicKey } from '../../mup/signature-scheme.ts';
import { es256Suite, type SuiteCode, suiteCodes, suiteName } from '../../mup/suites.ts';
import { endorsementFile, privateKeyFile, publicKeyFile, retiredFile } from '../key-owner.ts';
import { exists } from './files.ts';
import { bridgePassphrase } from './passphrase.ts';

/**
 * The update server's keys, one of each suite that has one in the state directory, with what devices are told of it.
 * That of ES256 is made at the first start, unless it was retired; one of another suite is made by an operator who wants it.
 * @throws UsageError `bad-endorsement`, or as `readPrivateKey`
 */
export async function loadServerKeys(config: Config): Promise<readonly ServerKey[]> {
  const { stateDir } = config;
  const passphrase = bridgePassphrase(config);
  const first = join(stateDir, privateKeyFile('server'));
  const retired = !(await exists(first)) && (await exists(retiredFile(first)));
  const keys = retired ? [] : [await loadServerKey(stateDir, passphrase)];
  for (const suite of suiteCodes) {
    const path = join(stateDir, privateKeyFile('server', suite));
    if (suite !== es256Suite && (await exists(path))) keys.push(await keyOf(path, suite, passphrase));
  }
  const endorsed = keys.map(async (key) => ({ key, endorsement: await loadEndorsement(stateDir, key) }));
  return Promise.all(endorsed);
}

/** The update server's key of ES256, made at the first start. */
export async function loadServerKey(stateDir: string, passphrase?: Passphrase): Promise<PrivateKey> {
  const path = join(stateDir, privateKeyFile('server'));
  const known = (await exists(path)) ? await keyOf(path, es256Suite, passphrase) : undefined;
  await makeDirectory(dirname(path));
  const key = known ?? quickEs256.generate();
  if (known === undefined) await writePrivateKey(path, key, await passphrase?.());
  // The power may have failed between the two: without it nobody can endorse the key.
  const publicPath = publicKeyFile(path);
  if (!(await exists(publicPath))) await writePublicKey(publicPath, quickEs256.publicKeyOf(key));
  return key;
}

async function keyOf(path: string, suite: SuiteCode, passphrase?: Passphrase): Promise<PrivateKey> {
  const key = await readPrivateKey(path, passphrase);
  if (key.suite === suite) return key;
  throw new UsageError('wrong-suite', `${path} holds a key of suite ${suiteName(key.suite)}`, {
    where: path,
    hint: `The bridge looks there for its key of suite ${suiteName(suite)}; move this one to ${privateKeyFile('server', key.suite)} of the state directory.`,
  });
}

/** Without an endorsement it is for devices that trust the first key they see, with epoch 0. */
async function loadEndorsement(stateDir: string, key: PrivateKey): Promise<Endorsement> {
  const serverKey = quickSuites.publicKeyOf(key);
  const found = await endorsementIn(join(stateDir, endorsementFile(key.suite)), serverKey);
  return found ?? { serverKey, epoch: 0, signature: undefined };
}

/**
 * The endorsement of a key in a file; `undefined` where there is none.
 * @throws UsageError `bad-endorsement` when it is of another key
 */
export async function endorsementIn(path: string, serverKey: PublicKey): Promise<Endorsement | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const endorsement = parseEndorsementFile(bytes);
  if (equalBytes(endorsement.serverKey, serverKey)) return endorsement;
  throw new UsageError('bad-endorsement', 'the endorsement is of another key than the update server has', {
    where: path,
    hint: 'Let the vendor endorse the public key that stands beside it with "mup endorse".',
  });
}
