import { writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { readIfThere } from '../../base/adapters/read-if-there.ts';
import { toBase64 } from '../../base/base64.ts';
import { decodeUtf8Lossy } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { generateEd25519 } from './host-key-files.ts';
import { parseKey } from './ssh2.ts';

/** A key by which a client of this machine logs in. */
export interface ClientKey {
  /** PEM in OpenSSH's format. Secret. */
  readonly privatePem: string;
  /** The line of an `authorized_keys` file. */
  readonly authorizedKey: string;
}

/**
 * Reads an SSH client's Ed25519 key, and makes it when there is none.
 * @throws UsageError `bad-client-key`
 */
export async function loadClientKey(path: string, comment: string): Promise<ClientKey> {
  const stored = await readIfThere(path);
  const privatePem = stored === undefined ? await makeKey(path, comment) : decodeUtf8Lossy(stored);
  const key = parseKey(privatePem);
  if (key?.isPrivateKey() !== true)
    throw new UsageError('bad-client-key', 'this file does not hold a private key that SSH can use', {
      where: path,
      hint: 'Move it away: a new one is made at the next start.',
    });
  return { privatePem, authorizedKey: `${key.type} ${toBase64(key.getPublicSSH())} ${comment}` };
}

async function makeKey(path: string, comment: string): Promise<string> {
  const pem = await generateEd25519(comment);
  await writeFileAtomically(path, pem, 0o600);
  return pem;
}
