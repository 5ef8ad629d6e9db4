import { basename, dirname, join, resolve } from 'node:path';
import { toHex } from '../../base/bytes.ts';
import { readPrivateKey, readPublicKey } from '../../mup/adapters/key-files.ts';
import { allSuites } from '../../mup/adapters/noble-curves.ts';
import { endorse } from '../../mup/endorsement.ts';
import { formatEndorsementFile } from '../../mup/endorsement-file.ts';
import { maxUint32 } from '../../mup/manifest-fields.ts';
import { suiteOf } from '../../mup/signature-scheme.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { endorsementFile } from '../key-owner.ts';
import { printResult } from '../output.ts';
import { writeOutput } from './files.ts';
import { commandPassphrase } from './passphrase.ts';

/** `mup endorse` */
export async function runEndorse(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const epoch = args.integer('epoch', 0, maxUint32) ?? 0;
  const serverKeyFile = resolve(io.cwd, args.required('server-key'));
  const serverKey = await readPublicKey(serverKeyFile);
  const vendorKey = await readPrivateKey(
    resolve(io.cwd, args.required('vendor-key')),
    commandPassphrase(args, io),
  );
  const signature = endorse(serverKey, epoch, vendorKey, allSuites);
  const out = args.text('out') ?? join(dirname(serverKeyFile), basename(endorsementFile(suiteOf(serverKey))));
  await writeOutput(io, out, formatEndorsementFile({ serverKey, epoch, signature }), 0o644);
  const result = { endorsementFile: out, serverKey: toHex(serverKey), epoch };
  printResult(args, io, result, [
    `endorsement written to ${out}`,
    `server key: ${result.serverKey}`,
    `epoch:      ${epoch}`,
  ]);
  return exitCodes.ok;
}
