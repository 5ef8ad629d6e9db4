import { join, resolve } from 'node:path';
import { toHex } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { writePrivateKey, writePublicKey } from '../../mup/adapters/key-files.ts';
import { suiteSchemes } from '../../mup/adapters/noble-curves.ts';
import { suites } from '../../mup/suites.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type KeyOwner, privateKeyFile, publicKeyFile } from '../key-owner.ts';
import { printResult } from '../output.ts';
import { suiteArgument } from '../suite-option.ts';
import { commandConfig } from './command-config.ts';
import { exists, makeParent } from './files.ts';
import { commandPassphrase } from './passphrase.ts';

/** `mup keygen vendor|server` */
export async function runKeygen(owner: KeyOwner, args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const out = args.text('out');
  if (out !== undefined && args.text('state-dir') !== undefined)
    throw new UsageError('bad-option', '--out and --state-dir exclude one another', { where: '--out' });
  const { stateDir } = commandConfig(args, io);
  const suite = suiteArgument(args);
  const privatePath = out === undefined ? join(stateDir, privateKeyFile(owner, suite)) : resolve(io.cwd, out);
  const publicPath = publicKeyFile(privatePath);
  // Looked up first, so that no private key is left without the public one that belongs to it.
  if (await exists(publicPath))
    throw new UsageError('key-exists', `${publicPath} exists already`, {
      where: publicPath,
      hint: 'Keys are never overwritten. Choose another name, or move the old key away.',
    });
  if (out === undefined) await makeParent(privatePath);
  const passphrase = await commandPassphrase(args, io)?.();
  const scheme = suiteSchemes[suite];
  const key = scheme.generate();
  const publicKey = scheme.publicKeyOf(key);
  await writePrivateKey(privatePath, key, passphrase);
  await writePublicKey(publicPath, publicKey);
  const encrypted = passphrase !== undefined;
  const files = { privateKeyFile: privatePath, publicKeyFile: publicPath };
  const result = { suite, publicKey: toHex(publicKey), encrypted, ...files };
  printResult(args, io, result, [
    `suite:        ${suites[suite].name}`,
    `public key:   ${result.publicKey}`,
    `private file: ${privatePath}${encrypted ? ' (encrypted)' : ''}`,
    `public file:  ${publicPath}`,
  ]);
  return exitCodes.ok;
}
