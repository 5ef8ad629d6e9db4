import { join } from 'node:path';
import { printModule } from '../../yang/printer.ts';
import { treeDiagram } from '../../yang/tree-diagram.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printJson, printResult } from '../output.ts';
import { type DescribedModule, withModules } from './describe-module.ts';
import { makeDirectory, writeOutput } from './files.ts';

/** `mup describe yang` */
export async function runDescribeYang(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const { model, statement } = await describedModule(args, io);
  const { name, namespace } = model;
  const revision = model.revisions[0]?.date ?? '';
  const text = printModule(statement);
  const folder = args.text('out-dir');
  if (folder === undefined) {
    if (args.flag('json')) printJson(io, { name, namespace, revision, text });
    else io.stdout.write(text);
    return exitCodes.ok;
  }
  await makeDirectory(io, folder);
  // RFC 7950 §5.2.
  const file = join(folder, `${name}@${revision}.yang`);
  await writeOutput(io, file, text, 0o644);
  printResult(args, io, { name, namespace, revision, file }, [`module ${name} written to ${file}`]);
  return exitCodes.ok;
}

/** `mup describe tree` */
export async function runDescribeTree(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const { statement } = await describedModule(args, io);
  for (const line of treeDiagram(statement)) io.stdout.write(`${line}\n`);
  return exitCodes.ok;
}

function describedModule(args: CommandArguments, io: CliIo): Promise<DescribedModule> {
  return withModules(args, io, (moduleOf) => moduleOf(args.argument('FILE')));
}
