import { resolve } from 'node:path';
import { sha256 } from '../../base/adapters/node-runtime.ts';
import { toHex } from '../../base/bytes.ts';
import { readPrivateKey } from '../../mup/adapters/key-files.ts';
import { allSuites } from '../../mup/adapters/noble-curves.ts';
import { maxUint32 } from '../../mup/manifest-fields.ts';
import { signDescription } from '../../mup/signed-description.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printResult } from '../output.ts';
import { uuidOption } from '../uuid-option.ts';
import { commandConfig } from './command-config.ts';
import { readInput, writeOutput } from './files.ts';
import { commandPassphrase } from './passphrase.ts';

/** `mup describe sign` */
export async function runDescribeSign(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const { registration } = commandConfig(args, io);
  const path = args.argument('FILE');
  const uuid = uuidOption(args, 'uuid');
  const counter = args.integer('counter', 0, maxUint32) ?? 0;
  const octets = await readInput(io, path, registration.maxDescriptionBytes);
  const keyFile = resolve(io.cwd, args.required('vendor-key'));
  const vendorKey = await readPrivateKey(keyFile, commandPassphrase(args, io));
  const signed = signDescription(uuid, octets, counter, vendorKey, { scheme: allSuites, sha256 });
  const out = args.text('out') ?? `${path}.signed`;
  await writeOutput(io, out, signed, 0o644);
  const key = toHex(allSuites.publicKeyOf(vendorKey));
  const result = { signedFile: out, uuid, counter, key, octets: signed.length };
  printResult(args, io, result, [
    `signed description of ${uuid} written to ${out}`,
    `counter:    ${counter}`,
    `vendor key: ${key}`,
  ]);
  return exitCodes.ok;
}
