import { decodeUtf8 } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { type NetconfClient, RpcReplyError } from '../../netconf/client.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { CommandError, type ExitCode, exitCodes } from '../exit-codes.ts';
import {
  addDevice,
  addedDevice,
  getInstalled,
  type InstalledDevice,
  installedDevices,
  removeDevice,
} from '../installed-device.ts';
import { printResult, table } from '../output.ts';
import { uuidOption } from '../uuid-option.ts';
import { withBridge } from './bridge-connection.ts';
import { commandConfig } from './command-config.ts';
import { readInput } from './files.ts';

/** `mup description add` */
export async function runDescriptionAdd(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const uuid = uuidOption(args, 'uuid');
  const file = args.argument('FILE');
  const { maxDescriptionBytes } = commandConfig(args, io).registration;
  const text = decodeUtf8(await readInput(io, file, maxDescriptionBytes));
  if (text === undefined)
    throw new UsageError('bad-description', `${file} is not UTF-8`, {
      where: file,
      hint: 'A description is JSON-LD as a text; one packed with zlib is for devices.',
    });
  const reply = await withBridge(args, io, ({ client }) =>
    client.rpc(addDevice(uuid, text)).catch((error: unknown) => {
      reportFurther(error, io);
      throw error;
    }),
  );
  const added = addedDevice(reply);
  printResult(args, io, { uuid, ...added }, [
    `device ${uuid} is served by the module ${added.module}`,
    ...added.remarks.map((remark) => `remark: ${remark}`),
  ]);
  return exitCodes.ok;
}

/** `mup description list` */
export async function runDescriptionList(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const devices = await withBridge(args, io, ({ client }) => listed(client));
  const rows = devices.map(({ uuid, category, profile, module }) => [uuid, category, profile, module]);
  const lines = devices.length === 0 ? ['none'] : table([['UUID', 'CATEGORY', 'PROFILE', 'MODULE'], ...rows]);
  printResult(args, io, devices, lines);
  return exitCodes.ok;
}

/** `mup description remove` */
export async function runDescriptionRemove(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const uuid = args.argument('UUID');
  await withBridge(args, io, async ({ client }) => {
    if (!(await listed(client)).some((device) => device.uuid === uuid))
      throw new CommandError(
        exitCodes.refused,
        'no-such-description',
        `no operator has described a device ${JSON.stringify(uuid.slice(0, 80))}`,
        { hint: 'See mup description list.' },
      );
    await client.rpc(removeDevice(uuid));
  });
  printResult(args, io, { removed: uuid }, [`device ${uuid} removed`]);
  return exitCodes.ok;
}

async function listed(client: NetconfClient): Promise<InstalledDevice[]> {
  return installedDevices(await client.rpc(getInstalled()));
}

/** A description may be wrong in several places, and the error line has room for the first. */
function reportFurther(error: unknown, io: CliIo): void {
  const further = error instanceof RpcReplyError ? error.errors.slice(1) : [];
  for (const { message = '' } of further) io.stderr.write(`mup: ${printable(message)}\n`);
}
