import { generateKeyPair, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeDirectory, writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { sha256, systemRandom } from '../../base/adapters/node-runtime.ts';
import { fromHex } from '../../base/bytes.ts';
import { errorCode, errorMessage, InternalError, UsageError } from '../../base/errors.ts';
import {
  formatEd25519,
  formatFingerprint,
  type HostKey,
  type HostKeyKind,
  hostKeyKinds,
} from '../host-keys.ts';
import { parseKey } from './ssh2.ts';

const generateAsync = promisify(generateKeyPair);
const rsaBits = 3072;

/**
 * Reads the host keys in a directory (`ssh_host_ed25519_key`, `…_ecdsa_key`, `…_rsa_key`) and generates
 * those that are missing. An RSA key takes about a second of another thread.
 * @throws UsageError `bad-host-key`, `host-key-unreadable`
 */
export async function loadHostKeys(directory: string): Promise<HostKey[]> {
  await makeDirectory(directory);
  const loading = hostKeyKinds.map((kind) => loadHostKey(join(directory, `ssh_host_${kind}_key`), kind));
  // Where one fails, the others are still waited for: nothing is written after this has ended.
  await Promise.allSettled(loading);
  return Promise.all(loading);
}

async function loadHostKey(path: string, kind: HostKeyKind): Promise<HostKey> {
  const stored = await readIfThere(path);
  if (stored !== undefined) return hostKey(stored, path);
  const pem = await generate(kind);
  await writeFileAtomically(path, pem, 0o600);
  return hostKey(pem, path);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new UsageError('host-key-unreadable', `the host key cannot be read: ${errorMessage(error)}`, {
      where: path,
    });
  }
}

async function generate(kind: HostKeyKind): Promise<string> {
  switch (kind) {
    case 'ed25519':
      return generateEd25519('mup-bridge');
    case 'ecdsa':
      return pem((await generateAsync('ec', { namedCurve: 'prime256v1' })).privateKey, 'sec1');
    case 'rsa':
      return pem((await generateAsync('rsa', { modulusLength: rsaBits })).privateKey, 'pkcs1');
  }
}

/**
 * A new Ed25519 key as PEM. ssh2 reads Ed25519 keys in OpenSSH's format only, which node:crypto does not
 * write; ssh2's own generator makes one key in 256 that nobody can read.
 */
export async function generateEd25519(comment: string): Promise<string> {
  const { x, d } = (await generateAsync('ed25519')).privateKey.export({ format: 'jwk' });
  if (x === undefined || d === undefined) throw new InternalError('an Ed25519 key has no x or d');
  const [publicKey, seed] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')];
  return formatEd25519(publicKey, seed, systemRandom(4), comment);
}

function pem(key: KeyObject, type: 'sec1' | 'pkcs1'): string {
  return key.export({ type, format: 'pem' }).toString();
}

function hostKey(privatePem: string, where: string): HostKey {
  const key = parseKey(privatePem);
  if (key?.isPrivateKey() !== true)
    throw new UsageError('bad-host-key', 'this file does not hold a private key that SSH can use', {
      where,
      hint: 'Move it away: a new one is made at the next start, and clients have to accept it.',
    });
  const { type } = key;
  if (type !== 'ssh-ed25519' && type !== 'ecdsa-sha2-nistp256' && type !== 'ssh-rsa')
    throw new UsageError('bad-host-key', `a host key cannot be of type ${type}`, { where });
  return { type, privatePem, fingerprint: fingerprintOf(key.getPublicSSH()) };
}

/** Fingerprint of a public key as it travels in SSH. */
export function fingerprintOf(blob: Uint8Array): string {
  const digest = fromHex(sha256(blob));
  if (digest === undefined) throw new InternalError('a SHA-256 digest is not hex');
  return formatFingerprint(digest);
}
