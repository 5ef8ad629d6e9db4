import { resolve } from 'node:path';
import { PeerError } from '../../base/errors.ts';
import { writePublicKey } from '../../mup/adapters/key-files.ts';
import { formatEndorsementFile, parseEndorsementFile } from '../../mup/endorsement-file.ts';
import { publicKeyFromHex } from '../../mup/signature-scheme.ts';
import type { XmlElement } from '../../xml/element.ts';
import type { CommandArguments } from '../arguments.ts';
import { bridgeElement, entriesOf, getBridgeData, leafNumber, leafText } from '../bridge-xml.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printResult, table } from '../output.ts';
import { suiteArgument } from '../suite-option.ts';
import { withBridge } from './bridge-connection.ts';
import { readInput } from './files.ts';

/** More than any endorsement has. */
const maxFileBytes = 4096;

/** A key of the update server, as `update-server/key` of the module `mup-bridge` shows it. */
interface KeyEntry {
  readonly id: string;
  readonly suite: string;
  readonly state: string;
  /** The others are missing of a prepared key. */
  readonly epoch?: number | undefined;
  readonly endorsed?: boolean | undefined;
  readonly devices?: number | undefined;
  readonly notMoved?: number | undefined;
}

/** `mup rotate status` */
export async function runRotateStatus(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const selection = getBridgeData(bridgeElement('update-server', []));
  const reply = await withBridge(args, io, ({ client }) => client.rpc(selection));
  const keys = entriesOf(reply, 'update-server', 'key').map(keyEntry);
  const heading = ['KEY', 'SUITE', 'STATE', 'EPOCH', 'ENDORSED', 'DEVICES', 'NOT MOVED'];
  printResult(args, io, keys, table([heading, ...keys.map(keyRow)]));
  return exitCodes.ok;
}

/** `mup rotate prepare` */
export async function runRotatePrepare(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const suite = suiteArgument(args);
  const out = args.required('out');
  const order = bridgeElement('prepare-server-key', [bridgeElement('suite', suite)]);
  const reply = await withBridge(args, io, ({ client }) => client.rpc(order));
  const key = leafText(reply, 'key');
  const publicKey = publicKeyFromHex(leafText(reply, 'public-key') ?? '');
  if (key === undefined || publicKey === undefined)
    throw new PeerError('bad-reply', 'the bridge answered no key', { where: 'public-key' });
  await writePublicKey(resolve(io.cwd, out), publicKey);
  printResult(args, io, { key, publicKeyFile: out }, [
    `key ${key} prepared, its public half is in ${out}`,
    'Have the vendor endorse it with mup endorse and a higher epoch, then: mup rotate activate ENDORSEMENT',
  ]);
  return exitCodes.ok;
}

/** `mup rotate activate` */
export async function runRotateActivate(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const bytes = await readInput(io, args.argument('ENDORSEMENT'), maxFileBytes);
  // Read here first: another file, such as a private key, does not leave this machine.
  const text = formatEndorsementFile(parseEndorsementFile(bytes));
  const order = bridgeElement('activate-server-key', [bridgeElement('endorsement', text)]);
  const key = leafText(await withBridge(args, io, ({ client }) => client.rpc(order)), 'key');
  printResult(args, io, { activated: key }, [
    `key ${key} is in use; mup rotate status shows how devices move to it`,
  ]);
  return exitCodes.ok;
}

/** `mup rotate retire` */
export async function runRotateRetire(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const key = args.argument('KEY');
  const force = args.flag('force') ? [bridgeElement('force', '')] : [];
  const order = bridgeElement('retire-server-key', [bridgeElement('key', key), ...force]);
  await withBridge(args, io, ({ client }) => client.rpc(order));
  printResult(args, io, { retired: key }, [`key ${key} is out of use`]);
  return exitCodes.ok;
}

function keyEntry(entry: XmlElement): KeyEntry {
  const endorsed = leafText(entry, 'endorsed');
  return {
    id: leafText(entry, 'id') ?? '',
    suite: leafText(entry, 'suite') ?? '',
    state: leafText(entry, 'state') ?? '',
    epoch: leafNumber(entry, 'epoch'),
    endorsed: endorsed === undefined ? undefined : endorsed === 'true',
    devices: leafNumber(entry, 'devices'),
    notMoved: leafNumber(entry, 'not-moved'),
  };
}

function keyRow({ id, suite, state, epoch, endorsed, devices, notMoved }: KeyEntry): readonly string[] {
  const shown = (value: unknown): string => (value === undefined ? '-' : String(value));
  const yes = endorsed === undefined ? '-' : endorsed ? 'yes' : 'no';
  return [id, suite, state, shown(epoch), yes, shown(devices), shown(notMoved)];
}
