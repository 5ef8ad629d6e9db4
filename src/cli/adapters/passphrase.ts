import { resolve } from 'node:path';
import { decodeUtf8 } from '../../base/bytes.ts';
import type { Config } from '../../base/config.ts';
import { UsageError } from '../../base/errors.ts';
import type { Passphrase } from '../../mup/adapters/key-files.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { passphraseVariable } from '../config.ts';
import { commandConfig } from './command-config.ts';
import { readSecretFile, readSecretLine } from './files.ts';

/** More than anybody types. */
const maxBytes = 4096;

/** The name that stands for stdin. */
const stdin = '-';

/**
 * Where a command takes the passphrase of encrypted key files from: `--passphrase-file` (`passphraseFile`), whose
 * `-` is stdin, else the variable `MUP_PASSPHRASE`. It is read once, when the first key needs it, and never from
 * the command line itself, which others on the machine can see.
 * @returns `undefined` where there is none
 */
export function commandPassphrase(args: CommandArguments, io: CliIo): Passphrase | undefined {
  const { passphraseFile } = commandConfig(args, io);
  if (passphraseFile === stdin) return once(() => readSecretLine(io));
  if (passphraseFile !== '') return once(() => fileLine(io, passphraseFile));
  const given = io.env[passphraseVariable];
  return given === undefined ? undefined : once(async () => notEmpty(given, passphraseVariable));
}

/**
 * The passphrase of the bridge's own keys: from `passphraseFile` alone, since a service has no stdin.
 * @returns `undefined` where no file is named
 * @throws UsageError `bad-config`
 */
export function bridgePassphrase({ passphraseFile }: Config): Passphrase | undefined {
  if (passphraseFile === '') return undefined;
  if (passphraseFile === stdin)
    throw new UsageError('bad-config', 'a bridge takes no passphrase from stdin', {
      where: 'passphraseFile',
      hint: 'Name a file that its user alone may read.',
    });
  return once(() => fileLine({ cwd: process.cwd() }, passphraseFile));
}

async function fileLine(io: Pick<CliIo, 'cwd'>, path: string): Promise<string> {
  const text = decodeUtf8(await readSecretFile(io, resolve(io.cwd, path), maxBytes));
  if (text === undefined) throw new UsageError('bad-passphrase', `${path} is not UTF-8`, { where: path });
  return notEmpty(text.replace(/\r?\n$/, ''), path);
}

function notEmpty(passphrase: string, where: string): string {
  if (passphrase !== '') return passphrase;
  throw new UsageError('bad-passphrase', `the passphrase in ${where} is empty`, {
    where,
    hint: 'Write it as one line, or leave the setting out for keys without a passphrase.',
  });
}

function once(read: Passphrase): Passphrase {
  let reading: Promise<string> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}
