import { lstat, mkdir, open, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeDirectory as makeOnDisk, writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { decodeUtf8 } from '../../base/bytes.ts';
import { errorCode, errorMessage, UsageError } from '../../base/errors.ts';
import type { CliIo } from '../command.ts';

/**
 * Reads a file that the command line names.
 * @throws UsageError `file-missing`, `file-unreadable`, `file-too-big`
 */
export async function readInput(io: CliIo, path: string, maxBytes: number): Promise<Uint8Array> {
  return (await readWithMode(io, path, maxBytes)).content;
}

/**
 * Reads a file that holds a secret.
 * @throws UsageError `file-permissions` when others than the owner may open it, or as {@link readInput}
 */
export async function readSecretFile(
  io: Pick<CliIo, 'cwd'>,
  path: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const { content, mode } = await readWithMode(io, path, maxBytes);
  if ((mode & 0o077) === 0) return content;
  throw new UsageError('file-permissions', `${path} holds a secret and others may open it`, {
    where: path,
    hint: `Run: chmod 600 ${path}`,
  });
}

async function readWithMode(
  io: Pick<CliIo, 'cwd'>,
  path: string,
  maxBytes: number,
): Promise<{ readonly content: Uint8Array; readonly mode: number }> {
  try {
    const file = await open(resolve(io.cwd, path), 'r');
    try {
      const { size, mode } = await file.stat();
      if (size <= maxBytes) return { content: new Uint8Array(await file.readFile()), mode };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT')
      throw new UsageError('file-missing', `there is no file ${path}`, { where: path });
    throw new UsageError('file-unreadable', `cannot read ${path}: ${errorMessage(error)}`, { where: path });
  }
  throw new UsageError('file-too-big', `${path} has more than ${maxBytes} octets`, { where: path });
}

/** Octets in which the PEM block of a private key begins. */
const pemOctets = 16 * 1024;

/** Whether a file holds a private key, which nothing brings back once it is overwritten. */
async function holdsPrivateKey(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(pemOctets), 0, pemOctets, 0);
    return /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

/**
 * Writes a file that the command line names, as a whole or not at all, and never over a private key. What is no file,
 * such as `/dev/stdout`, is written to and not replaced.
 * @throws UsageError `file-unwritable`, `key-exists`
 */
export async function writeOutput(
  io: CliIo,
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const target = resolve(io.cwd, path);
  try {
    const found = await stat(target).catch(() => undefined);
    if (found?.isFile() === false) return await writeFile(target, content);
    if (found === undefined || !(await holdsPrivateKey(target)))
      return await writeFileAtomically(target, content, mode);
  } catch (error) {
    throw new UsageError('file-unwritable', `cannot write ${path}: ${errorMessage(error)}`, { where: path });
  }
  throw new UsageError('key-exists', `${path} holds a private key, which is not overwritten`, {
    where: path,
    hint: 'Name another file.',
  });
}

/** Makes a directory that the command line names, where it is not there. */
export async function makeDirectory(io: CliIo, path: string): Promise<void> {
  try {
    await mkdir(resolve(io.cwd, path), { recursive: true });
  } catch (error) {
    throw new UsageError('file-unwritable', `cannot make ${path}: ${errorMessage(error)}`, { where: path });
  }
}

/** Makes the directory of a file that is about to be written; others may not look into it. */
export async function makeParent(path: string): Promise<void> {
  try {
    await makeOnDisk(dirname(path));
  } catch (error) {
    throw new UsageError('file-unwritable', `cannot make ${dirname(path)}: ${errorMessage(error)}`, {
      where: dirname(path),
    });
  }
}

/** Whether there is anything at a path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw new UsageError('file-unreadable', `cannot look at ${path}: ${errorMessage(error)}`, {
      where: path,
    });
  }
}

/** The most octets that a password or passphrase on stdin may have. */
const maxSecretBytes = 4096;

/**
 * One line from stdin, without its end.
 * @throws UsageError `bad-stdin` when it is more than one line, too long, or not UTF-8
 */
export async function readSecretLine(io: CliIo): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of io.stdin) {
    length += part.length;
    if (length > maxSecretBytes) throw badStdin(`has more than ${maxSecretBytes} octets`);
    parts.push(part);
  }
  const text = decodeUtf8(Buffer.concat(parts))?.replace(/\r?\n$/, '');
  if (text === undefined) throw badStdin('is not UTF-8');
  if (text === '') throw badStdin('is empty');
  if (/[\r\n]/.test(text)) throw badStdin('has more than one line');
  return text;
}

function badStdin(why: string): UsageError {
  return new UsageError('bad-stdin', `the secret on stdin ${why}`, { where: 'stdin' });
}
