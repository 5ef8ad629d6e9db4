import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../base/adapters/atomic-file.ts';
import { systemRandom } from '../../base/adapters/node-runtime.ts';
import { toHex } from '../../base/bytes.ts';
import { errorCode, errorMessage, UsageError } from '../../base/errors.ts';
import type { PrivateKey, PublicKey } from '../signature-scheme.ts';
import { suiteNames } from '../suites.ts';
import { keyTypeName, privateKeyObject, privateKeyOf, publicKeyObject, publicKeyOf } from './key-objects.ts';

/** More than any PEM file of one key holds. */
const maxFileBytes = 16 * 1024;

/** Cipher of private keys that are written with a passphrase: PBES2 (RFC 8018 §6.2). */
const cipher = 'aes-256-cbc';

/** Yields the passphrase of an encrypted key file; it is asked only when the file is encrypted. */
export type Passphrase = () => Promise<string>;

/**
 * Writes a private key as PKCS#8 PEM (RFC 5958), readable by its owner alone, encrypted where there is a
 * passphrase. Appears as a whole or not at all, and never replaces a file.
 * @throws UsageError `key-exists`, `bad-key`, `key-unwritable`
 */
export async function writePrivateKey(path: string, key: PrivateKey, passphrase?: string): Promise<void> {
  const object = privateKeyObject(key);
  const encrypted = passphrase === undefined ? {} : { cipher, passphrase };
  const pem = object.export({ format: 'pem', type: 'pkcs8', ...encrypted });
  await writeNew(path, pem.toString(), 0o600);
}

/**
 * Writes a public key as SPKI PEM (RFC 5480, RFC 8410). Never replaces a file.
 * @throws UsageError `key-exists`, `bad-key`, `key-unwritable`
 */
export async function writePublicKey(path: string, key: PublicKey): Promise<void> {
  const object = publicKeyObject(key);
  await writeNew(path, object.export({ format: 'pem', type: 'spki' }).toString(), 0o644);
}

/**
 * Reads a private key of any suite from PEM: PKCS#8, SEC 1 (RFC 5915), either encrypted or not. Its suite is
 * that of its type.
 * @throws UsageError `key-unreadable`, `key-permissions` when others than the owner may open the file,
 *   `key-encrypted` when there is no passphrase for it, `key-passphrase` when it is the wrong one,
 *   `key-malformed`, `key-type`; and what the passphrase's source throws
 */
export async function readPrivateKey(path: string, passphrase?: Passphrase): Promise<PrivateKey> {
  const { pem, mode } = await readPem(path);
  if (!holdsPrivateKey(pem))
    throw malformed(path, 'holds no private key in PEM', 'Name the file that `mup keygen` wrote first.');
  checkPermissions(path, mode);
  const object = await parsePrivate(path, pem, passphrase);
  return privateKeyOf(object) ?? wrongType(path, object);
}

/**
 * Reads a public key of any suite from PEM (SPKI), or derives it from a private key's file.
 * @throws UsageError as {@link readPrivateKey}
 */
export async function readPublicKey(path: string, passphrase?: Passphrase): Promise<PublicKey> {
  const { pem, mode } = await readPem(path);
  if (holdsPrivateKey(pem)) checkPermissions(path, mode);
  else if (!pem.includes('-----BEGIN PUBLIC KEY-----'))
    throw malformed(path, 'holds no key in PEM', 'Expected a block "BEGIN PUBLIC KEY".');
  const object = holdsPrivateKey(pem)
    ? createPublicKey(await parsePrivate(path, pem, passphrase))
    : parsed(path, () => createPublicKey(pem));
  return publicKeyOf(object) ?? wrongType(path, object);
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

async function parsePrivate(path: string, pem: string, passphrase?: Passphrase): Promise<KeyObject> {
  if (!pem.includes('ENCRYPTED')) return parsed(path, () => createPrivateKey(pem));
  if (passphrase === undefined)
    throw new UsageError(
      'key-encrypted',
      `the key in ${path} is encrypted, and there is no passphrase for it`,
      {
        where: path,
        hint: 'Name a file that holds the passphrase with --passphrase-file, or set MUP_PASSPHRASE.',
      },
    );
  const given = await passphrase();
  try {
    return createPrivateKey({ key: pem, passphrase: given });
  } catch {
    // OpenSSL finds out by what decryption yields, and says the same of a damaged file.
    throw new UsageError('key-passphrase', `the key in ${path} cannot be decrypted with this passphrase`, {
      where: path,
      hint: 'Give the passphrase with which the key was made, without more than one line break at its end.',
    });
  }
}

function parsed(path: string, create: () => KeyObject): KeyObject {
  try {
    return create();
  } catch {
    // OpenSSL's reason ("error:1E08010C:DECODER routines::unsupported") helps nobody.
    throw malformed(path, 'holds no key that can be decoded', 'Make a key with `mup keygen`.');
  }
}

function wrongType(path: string, object: KeyObject): never {
  throw new UsageError(
    'key-type',
    `the key in ${path} is of type ${keyTypeName(object)}, which no suite has`,
    {
      where: path,
      hint:
        `Suites are ${suiteNames()}: make a key with \`mup keygen\`, or with openssl genpkey -algorithm EC -pkeyopt ` +
        'ec_paramgen_curve:P-256, or openssl genpkey -algorithm ED25519',
    },
  );
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
