import { basename, join, resolve } from 'node:path';
import { sha256 } from '../../base/adapters/node-runtime.ts';
import { InternalError, UsageError } from '../../base/errors.ts';
import type { Digest } from '../../base/ids.ts';
import { pack } from '../../ontology/adapters/inflate.ts';
import type { DescriptionTemplate } from '../../ontology/description-template.ts';
import type { CommandArguments } from '../arguments.ts';
import { cHeader } from '../c-header.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printJson, printResult, table } from '../output.ts';
import { descriptionForms } from './describe-forms.ts';
import { withModules } from './describe-module.ts';
import { makeDirectory, writeOutput } from './files.ts';

/** A description as firmware holds it. */
interface PackedDescription {
  /** What a device may announce in its place (mup-protocol §1): that of the compacted form. */
  readonly digest: Digest;
  readonly compacted: Uint8Array;
  readonly packed: Uint8Array;
}

/** `mup describe pack` */
export async function runDescribePack(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const path = args.argument('FILE');
  const { digest, compacted, packed } = await packedDescription(args, io, path);
  const name = basename(path).replace(/(.)\.[^.]*$/, '$1');
  const header = cHeader({ name, digest, packed, unpackedBytes: compacted.length });
  const result = { digest, octets: compacted.length, packedOctets: packed.length };
  const folder = args.text('out-dir');
  if (folder === undefined) {
    if (args.flag('json')) printJson(io, { ...result, base64: Buffer.from(packed).toString('base64') });
    else io.stdout.write(header);
    return exitCodes.ok;
  }
  const files = { json: compacted, zlib: packed, h: header };
  const written = Object.keys(files).map((ending) => join(folder, `${name}.${ending}`));
  if (written.some((file) => resolve(io.cwd, file) === resolve(io.cwd, path)))
    throw new UsageError('bad-option', 'the packed description would overwrite the one that it is made of', {
      where: path,
      hint: 'Name another directory with --out-dir.',
    });
  await makeDirectory(io, folder);
  for (const [i, content] of Object.values(files).entries())
    await writeOutput(io, written[i] ?? '', content, 0o644);
  printResult(args, io, { ...result, files: written }, [
    `digest sha256:${digest}`,
    ...table(written.map((file, i) => [file, `${Object.values(files)[i]?.length} octets`])),
  ]);
  return exitCodes.ok;
}

function packedDescription(args: CommandArguments, io: CliIo, path: string): Promise<PackedDescription> {
  return withModules(args, io, async (moduleOf, reader) => {
    const { read } = await moduleOf(path);
    if (read.signature !== 'none')
      throw new UsageError(
        'already-signed',
        'the description carries a signature, which holds for no other octets',
        {
          where: path,
          hint: 'Pack the description as it was before, and sign the result with mup describe sign.',
        },
      );
    const { compacted } = await descriptionForms(read, reader.folders);
    const again = await reader.read({ path, bytes: compacted });
    if (content(again.template) !== content(read.template))
      throw new InternalError(`${path} says something else when it is packed`);
    return { digest: sha256(compacted), compacted, packed: pack(compacted) };
  });
}

/** Remarks are on the document rather than in it. */
function content({ description }: DescriptionTemplate): string {
  return JSON.stringify({ ...description, remarks: [] });
}
