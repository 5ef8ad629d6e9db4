import { dirname, join } from 'node:path';
import { makeDirectory } from '../../base/adapters/atomic-file.ts';
import { readIfThere } from '../../base/adapters/read-if-there.ts';
import { equalBytes } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { readPrivateKey, writePrivateKey, writePublicKey } from '../../mup/adapters/key-files.ts';
import { quickEs256 } from '../../mup/adapters/node-p256.ts';
import type { Endorsement } from '../../mup/endorsement.ts';
import { parseEndorsementFile } from '../../mup/endorsement-file.ts';
import type { PrivateKey } from '../../mup/signature-scheme.ts';
import { endorsementFile, privateKeyFiles, publicKeyFile } from '../key-owner.ts';
import { exists } from './files.ts';

/** The update server's key, made at the first start. */
export async function loadServerKey(stateDir: string): Promise<PrivateKey> {
  const path = join(stateDir, privateKeyFiles.server);
  const known = (await exists(path)) ? await readPrivateKey(path) : undefined;
  await makeDirectory(dirname(path));
  const key = known ?? quickEs256.generate();
  if (known === undefined) await writePrivateKey(path, key);
  // The power may have failed between the two: without it nobody can endorse the key.
  const publicPath = publicKeyFile(path);
  if (!(await exists(publicPath))) await writePublicKey(publicPath, quickEs256.publicKeyOf(key));
  return key;
}

/**
 * What devices are told of the update server's key: with the vendor's endorsement where there is one,
 * else for devices that trust the first key they see, with epoch 0.
 * @throws UsageError `bad-endorsement` when the endorsement is of another key
 */
export async function loadEndorsement(stateDir: string, serverKey: PrivateKey): Promise<Endorsement> {
  const path = join(stateDir, endorsementFile);
  const publicKey = quickEs256.publicKeyOf(serverKey);
  const bytes = await readIfThere(path);
  if (bytes === undefined) return { serverKey: publicKey, epoch: 0, signature: undefined };
  const endorsement = parseEndorsementFile(bytes);
  if (equalBytes(endorsement.serverKey, publicKey)) return endorsement;
  throw new UsageError('bad-endorsement', 'the endorsement is of another key than the update server has', {
    where: path,
    hint: 'Let the vendor endorse the key in keys/update-server.pub.pem with "mup endorse".',
  });
}
