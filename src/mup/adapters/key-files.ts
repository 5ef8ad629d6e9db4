import { createECDH, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../base/adapters/atomic-file.ts';
import { systemRandom } from '../../base/adapters/node-runtime.ts';
import { concatBytes, toHex } from '../../base/bytes.ts';
import { errorCode, errorMessage, UsageError } from '../../base/errors.ts';
import { type PrivateKey, type PublicKey, privateKey, publicKey } from '../signature-scheme.ts';

/** Name of secp256r1 in OpenSSL and in JWK. */
const curve = { openssl: 'prime256v1', jwk: 'P-256' } as const;

/** More than any PEM file of one P-256 key holds. */
const maxFileBytes = 16 * 1024;

/**
 * Writes a private key as PKCS#8 PEM (RFC 5958), readable by its owner alone. Appears as a whole or not
 * at all, and never replaces a file.
 * @throws UsageError `key-exists`, `bad-key`, `key-unwritable`
 */
export async function writePrivateKey(path: string, key: PrivateKey): Promise<void> {
  const object = createPrivateKey({
    key: { ...publicJwk(publicHalf(key)), d: base64url(key) },
    format: 'jwk',
  });
  await writeNew(path, object.export({ format: 'pem', type: 'pkcs8' }).toString(), 0o600);
}

/**
 * Writes a public key as SPKI PEM (RFC 5480). Never replaces a file.
 * @throws UsageError `key-exists`, `bad-key`, `key-unwritable`
 */
export async function writePublicKey(path: string, key: PublicKey): Promise<void> {
  const object = publicObject(key);
  await writeNew(path, object.export({ format: 'pem', type: 'spki' }).toString(), 0o644);
}

/**
 * Reads a private key of P-256 from PEM, PKCS#8 or SEC 1 (RFC 5915).
 * @throws UsageError `key-unreadable`, `key-permissions` when others than the owner may read the file,
 *   `key-encrypted`, `key-malformed`, `key-type`
 */
export async function readPrivateKey(path: string): Promise<PrivateKey> {
  const { pem, mode } = await readPem(path);
  if (!holdsPrivateKey(pem))
    throw malformed(path, 'holds no private key in PEM', 'Name the file that `mup keygen` wrote first.');
  checkPermissions(path, mode);
  const jwk = exportP256(path, parsePem(path, pem, createPrivateKey));
  return privateKey(octets(jwk.d));
}

/**
 * Reads a public key of P-256 from PEM (SPKI), or derives it from a private key's file.
 * @throws UsageError as {@link readPrivateKey}
 */
export async function readPublicKey(path: string): Promise<PublicKey> {
  const { pem, mode } = await readPem(path);
  if (holdsPrivateKey(pem)) checkPermissions(path, mode);
  else if (!pem.includes('-----BEGIN PUBLIC KEY-----'))
    throw malformed(path, 'holds no key in PEM', 'Expected a block "BEGIN PUBLIC KEY".');
  const jwk = exportP256(path, parsePem(path, pem, createPublicKey));
  return publicKey(concatBytes([octets(jwk.x), octets(jwk.y)]));
}

async function writeNew(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${toHex(systemRandom(8))}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    // link, unlike rename, fails when the name is taken.
    await link(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw errorCode(error) === 'EEXIST'
      ? keyExists(path)
      : unusable('key-unwritable', path, 'written', error);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function readPem(path: string): Promise<{ readonly pem: string; readonly mode: number }> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = new Uint8Array(maxFileBytes);
      const { bytesRead } = await file.read(buffer, 0, maxFileBytes, 0);
      const { mode } = await file.stat();
      return { pem: Buffer.from(buffer.subarray(0, bytesRead)).toString('latin1'), mode };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unusable('key-unreadable', path, 'read', error);
  }
}

function holdsPrivateKey(pem: string): boolean {
  return /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(pem);
}

function checkPermissions(path: string, mode: number): void {
  if ((mode & 0o077) === 0) return;
  throw new UsageError('key-permissions', `${path} holds a private key and others may open it`, {
    where: path,
    hint: `Run: chmod 600 ${path}; if others had access to it, make a new key.`,
  });
}

function parsePem(path: string, pem: string, create: (pem: string) => KeyObject): KeyObject {
  if (pem.includes('ENCRYPTED'))
    throw new UsageError('key-encrypted', `the key in ${path} is encrypted with a passphrase`, {
      where: path,
      hint: `Decrypt it first: openssl pkey -in ${path} -out plain.pem`,
    });
  try {
    return create(pem);
  } catch {
    // OpenSSL's reason ("error:1E08010C:DECODER routines::unsupported") helps nobody.
    throw malformed(path, 'holds no key that can be decoded', 'Make a key with `mup keygen`.');
  }
}

function exportP256(path: string, key: KeyObject): JsonWebKey {
  const found = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'unknown';
  if (key.asymmetricKeyType !== 'ec' || found !== curve.openssl)
    throw new UsageError('key-type', `the key in ${path} is of type ${found}, not P-256`, {
      where: path,
      hint: 'Make a key with `mup keygen`, or: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256',
    });
  return key.export({ format: 'jwk' });
}

function publicHalf(key: PrivateKey): PublicKey {
  const pair = createECDH(curve.openssl);
  try {
    pair.setPrivateKey(key);
  } catch (error) {
    throw new UsageError('bad-key', `this is no private key of P-256: ${errorMessage(error)}`);
  }
  return publicKey(new Uint8Array(pair.getPublicKey().subarray(1)));
}

function publicObject(key: PublicKey): KeyObject {
  try {
    return createPublicKey({ key: publicJwk(key), format: 'jwk' });
  } catch (error) {
    throw new UsageError('bad-key', `this is no public key of P-256: ${errorMessage(error)}`);
  }
}

function publicJwk(key: PublicKey): JsonWebKey {
  return { kty: 'EC', crv: curve.jwk, x: base64url(key.subarray(0, 32)), y: base64url(key.subarray(32)) };
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function octets(text: string | undefined): Uint8Array {
  return new Uint8Array(Buffer.from(text ?? '', 'base64url'));
}

function malformed(path: string, what: string, hint: string): UsageError {
  return new UsageError('key-malformed', `${path} ${what}`, { where: path, hint });
}

function keyExists(path: string): UsageError {
  return new UsageError('key-exists', `${path} exists already`, {
    where: path,
    hint: 'A key is never overwritten. Choose another name, or move the old key away.',
  });
}

function unusable(code: string, path: string, verb: string, cause: unknown): UsageError {
  return new UsageError(code, `the key ${path} cannot be ${verb}: ${errorMessage(cause)}`, {
    where: path,
    cause,
  });
}
