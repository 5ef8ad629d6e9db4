import { baseNamespace } from '../../netconf/namespaces.ts';
import { element } from '../../xml/element.ts';
import { indented } from '../../xml/indent.ts';
import { writeXml } from '../../xml/xml-writer.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { saveConfig } from '../config-access.ts';
import { configJson } from '../config-json.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printJson, printResult } from '../output.ts';
import { commandConfig } from './command-config.ts';
import { withConfig, withRunningBridge } from './config-access.ts';
import { loadFixedModules } from './fixed-modules.ts';

/** `mup config show` */
export async function runConfigShow(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const datastore = args.flag('startup') ? 'startup' : 'running';
  const config = await withConfig(args, io, (access) => access.read(datastore));
  if (args.flag('json')) {
    const { modules } = await loadFixedModules(commandConfig(args, io).yang.searchPath);
    printJson(
      io,
      configJson(
        config,
        modules.map(({ schema }) => schema),
      ),
    );
  } else io.stdout.write(`${writeXml(indented(element(baseNamespace, 'config', config)))}\n`);
  return exitCodes.ok;
}

/** `mup config save` */
export async function runConfigSave(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  await withRunningBridge(args, io, (client) => client.rpc(saveConfig()));
  printResult(args, io, { saved: true }, ['the running configuration is the startup configuration now']);
  return exitCodes.ok;
}
