import { join, resolve } from 'node:path';
import { toHex } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { writePrivateKey, writePublicKey } from '../../mup/adapters/key-files.ts';
import { es256 } from '../../mup/adapters/noble-curves.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type KeyOwner, privateKeyFiles, publicKeyFile } from '../key-owner.ts';
import { printResult } from '../output.ts';
import { commandConfig } from './command-config.ts';
import { exists, makeParent } from './files.ts';

/** `mup keygen vendor|server` */
export async function runKeygen(owner: KeyOwner, args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const out = args.text('out');
  if (out !== undefined && args.text('state-dir') !== undefined)
    throw new UsageError('bad-option', '--out and --state-dir exclude one another', { where: '--out' });
  const { stateDir } = commandConfig(args, io);
  const privatePath = out === undefined ? join(stateDir, privateKeyFiles[owner]) : resolve(io.cwd, out);
  const publicPath = publicKeyFile(privatePath);
  // Looked up first, so that no private key is left without the public one that belongs to it.
  if (await exists(publicPath))
    throw new UsageError('key-exists', `${publicPath} exists already`, {
      where: publicPath,
      hint: 'Keys are never overwritten. Choose another name, or move the old key away.',
    });
  if (out === undefined) await makeParent(privatePath);
  const key = es256.generate();
  const publicKey = es256.publicKeyOf(key);
  await writePrivateKey(privatePath, key);
  await writePublicKey(publicPath, publicKey);
  const result = { publicKey: toHex(publicKey), privateKeyFile: privatePath, publicKeyFile: publicPath };
  printResult(args, io, result, [
    `public key:   ${result.publicKey}`,
    `private file: ${result.privateKeyFile}`,
    `public file:  ${result.publicKeyFile}`,
  ]);
  return exitCodes.ok;
}
