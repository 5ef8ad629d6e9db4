import { resolve } from 'node:path';
import { toHex } from '../../base/bytes.ts';
import { errorCode, errorMessage, UsageError } from '../../base/errors.ts';
import { readPrivateKey, readPublicKey } from '../../mup/adapters/key-files.ts';
import { allSuites } from '../../mup/adapters/noble-curves.ts';
import { maxUint32 } from '../../mup/manifest-fields.ts';
import { signVendorKey, type VendorKeyStatement } from '../../mup/vendor-key.ts';
import { formatVendorKeyFile, parseVendorKeyFile } from '../../mup/vendor-key-file.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type DeviceEntry, deviceOf, devicesOf, getDevice, getDevices } from '../device-entry.ts';
import { stateIn, vendorKeyRpc } from '../device-rpc.ts';
import { CommandError, type ExitCode, exitCodes } from '../exit-codes.ts';
import { printResult, table } from '../output.ts';
import { uuidOption } from '../uuid-option.ts';
import { type BridgeConnection, withBridge } from './bridge-connection.ts';
import { readInput, writeOutput } from './files.ts';
import { commandPassphrase } from './passphrase.ts';

/** More than any statement has. */
const maxFileBytes = 4096;

/** `mup rotate vendor` */
export async function runRotateVendor(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const counter = args.integer('counter', 1, maxUint32) ?? 0;
  const newKey = await readPublicKey(resolve(io.cwd, args.required('next-key')));
  const passphrase = commandPassphrase(args, io);
  const held = await readPrivateKey(resolve(io.cwd, args.required('vendor-key')), passphrase);
  const statement = signVendorKey(newKey, counter, held, allSuites);
  const out = args.required('out');
  await writeOutput(io, out, formatVendorKeyFile(statement), 0o644);
  const result = { statementFile: out, newKey: toHex(newKey), counter };
  printResult(args, io, result, [
    `statement written to ${out}`,
    `next key: ${result.newKey}`,
    `counter:  ${counter}`,
  ]);
  return exitCodes.ok;
}

/** What a device made of the statement. */
interface Sent {
  readonly device: string;
  /** Its state, or the code of the failure. */
  readonly answer: string;
  /** Only where it failed. */
  readonly message?: string;
}

/** `mup rotate send` */
export async function runRotateSend(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  if (args.flag('all') === (args.text('device') !== undefined))
    throw new UsageError('bad-option', 'give either --device or --all', { where: '--device' });
  const statement = parseVendorKeyFile(await readInput(io, args.argument('STATEMENT'), maxFileBytes));
  const sent = await withBridge(args, io, async (connection) => {
    const answers: Sent[] = [];
    for (const device of await devices(args, connection))
      answers.push(await send(device, statement, connection, io.signal));
    return answers;
  });
  const rows = sent.map(({ device, answer, message }) => [device, answer, message ?? '']);
  printResult(args, io, sent, sent.length === 0 ? ['no device takes a vendor key'] : table(rows));
  return sent.every(({ message }) => message === undefined) ? exitCodes.ok : exitCodes.failed;
}

async function devices(
  args: CommandArguments,
  { client }: BridgeConnection,
): Promise<readonly DeviceEntry[]> {
  if (args.flag('all')) {
    const all = devicesOf(await client.rpc(getDevices()));
    return all.filter(({ operations }) => operations.has('vendor-key'));
  }
  const uuid = uuidOption(args, 'device');
  const device = deviceOf(await client.rpc(getDevice(uuid)), uuid);
  if (device !== undefined) return [device];
  throw new CommandError(exitCodes.deviceUnavailable, 'no-such-device', `no device ${uuid} is registered`, {
    hint: 'See that it has registered at this bridge.',
  });
}

async function send(
  device: DeviceEntry,
  statement: VendorKeyStatement,
  { client }: BridgeConnection,
  signal: AbortSignal,
): Promise<Sent> {
  try {
    const reply = await client.rpc(vendorKeyRpc(device, statement), { signal });
    return { device: device.uuid, answer: stateIn(reply) ?? 'done' };
  } catch (error) {
    if (signal.aborted) throw error;
    return { device: device.uuid, answer: errorCode(error) ?? 'failed', message: errorMessage(error) };
  }
}
