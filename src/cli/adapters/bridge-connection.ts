import { join } from 'node:path';
import { systemClock } from '../../base/adapters/node-runtime.ts';
import { decodeUtf8Lossy } from '../../base/bytes.ts';
import { errorCode, UsageError } from '../../base/errors.ts';
import { connectNetconf, type NetconfClientOptions } from '../../netconf/adapters/ssh-client.ts';
import type { NetconfClient } from '../../netconf/client.ts';
import type { CommandArguments } from '../arguments.ts';
import { bridgeFile, localKeyFile, localUser, parseBridgeFile } from '../bridge-file.ts';
import type { CliIo } from '../command.ts';
import { commandFailure } from '../command-failure.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { LastingSession } from '../lasting-session.ts';
import type { UpdateReport } from '../update-report.ts';
import { commandConfig } from './command-config.ts';
import { readInput, readSecretFile, readSecretLine } from './files.ts';

/** More than any private key of SSH or file of a bridge has. */
const maxFileBytes = 64 * 1024;

/** A connection to a bridge, and where it is. */
export interface BridgeConnection {
  readonly client: NetconfClient;
  readonly host: string;
  readonly port: number;
  /** Connects once more, as the same user, to where the bridge is by then. */
  reconnect(): Promise<NetconfClient>;
}

/**
 * Connects to the bridge that the options name: `--host` and `--host-key`, or else the one that runs on
 * the state directory. Logs in by `--identity`, `--password-stdin`, `MUP_PASSWORD`, or, on the bridge's
 * own machine, by the key it made for that.
 * @throws UsageError, CommandError `bridge-not-running`, and what `connectNetconf` throws
 */
export async function connectBridge(
  args: CommandArguments,
  io: CliIo,
  stateDir: string,
): Promise<BridgeConnection> {
  const address = await addressOf(args, io, stateDir);
  const credentials = await credentialsOf(args, io, stateDir);
  const client = await connectNetconf({ ...address, ...credentials });
  return {
    client,
    host: address.host,
    port: address.port,
    reconnect: async () => connectNetconf({ ...(await addressOf(args, io, stateDir)), ...credentials }),
  };
}

/**
 * Gives a command a session with the bridge that its options name, and closes it afterwards.
 * @throws CommandError, and UsageError as {@link connectBridge}
 */
export async function withBridge<T>(
  args: CommandArguments,
  io: CliIo,
  use: (connection: BridgeConnection) => Promise<T>,
): Promise<T> {
  try {
    const connection = await connectBridge(args, io, commandConfig(args, io).stateDir);
    try {
      return await use(connection);
    } finally {
      await connection.client.close();
    }
  } catch (error) {
    throw commandFailure(error);
  }
}

/** Uses a session that outlives restarts of the bridge, whose coming and going is told, and closes it afterwards. */
export async function overRestarts<T>(
  { client, reconnect }: BridgeConnection,
  signal: AbortSignal,
  report: Pick<UpdateReport, 'note'>,
  use: (session: LastingSession) => Promise<T>,
): Promise<T> {
  const session = new LastingSession({
    first: client,
    connect: reconnect,
    clock: systemClock,
    signal,
    onLost: (reason) => report.note(`${reason}; waiting for the bridge`),
    onBack: () => report.note('the bridge is back'),
  });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/**
 * Connects to the bridge that runs on the state directory, as the user whose key it made for that.
 * @throws UsageError, CommandError `bridge-not-running`, and what `connectNetconf` throws
 */
export async function connectLocally(io: CliIo, stateDir: string): Promise<NetconfClient> {
  const address = await runningBridge(io, stateDir, undefined, undefined);
  const privateKey = await keyText(io, join(stateDir, localKeyFile));
  return connectNetconf({ ...address, username: localUser, privateKey });
}

type Address = Pick<NetconfClientOptions, 'host' | 'port' | 'hostKeyFingerprint' | 'acceptHostKey'>;
type Credentials = Pick<NetconfClientOptions, 'username' | 'password' | 'privateKey'>;

async function addressOf(args: CommandArguments, io: CliIo, stateDir: string): Promise<Address> {
  const port = args.integer('port', 1, 65_535);
  const host = args.text('host');
  const hostKeyFingerprint = args.text('host-key');
  if (host === undefined) return runningBridge(io, stateDir, port, hostKeyFingerprint);
  if (hostKeyFingerprint === undefined)
    throw new UsageError('bad-option', 'option --host-key is missing', {
      where: '--host-key',
      hint: 'Without it a stranger could pose as the bridge. The bridge shows it when it starts.',
    });
  return { host, port: port ?? 830, hostKeyFingerprint };
}

async function runningBridge(
  io: CliIo,
  stateDir: string,
  port: number | undefined,
  hostKeyFingerprint: string | undefined,
): Promise<Address> {
  const { netconf, hostKeys } = parseBridgeFile(await readBridgeFile(io, join(stateDir, bridgeFile)));
  return {
    host: reachable(netconf.host),
    port: port ?? netconf.port,
    ...(hostKeyFingerprint === undefined
      ? { acceptHostKey: (key) => hostKeys.some(({ sha256 }) => sha256 === key.sha256) }
      : { hostKeyFingerprint }),
  };
}

async function readBridgeFile(io: CliIo, path: string): Promise<Uint8Array> {
  try {
    return await readInput(io, path, maxFileBytes);
  } catch (error) {
    if (errorCode(error) !== 'file-missing') throw error;
    throw new CommandError(
      exitCodes.bridgeUnreachable,
      'bridge-not-running',
      'no bridge runs on this state directory',
      { where: path, hint: 'Start it with mup serve, or name a bridge with --host.' },
    );
  }
}

/** A server that listens on all addresses is reached by the loopback one. */
function reachable(host: string): string {
  return { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
}

async function credentialsOf(args: CommandArguments, io: CliIo, stateDir: string): Promise<Credentials> {
  const remote = args.text('host') !== undefined;
  const username = remote ? args.required('user') : (args.text('user') ?? localUser);
  const identity = args.text('identity');
  if (identity !== undefined) return { username, privateKey: await keyText(io, identity) };
  if (args.flag('password-stdin')) return { username, password: await readSecretLine(io) };
  const password = io.env['MUP_PASSWORD'];
  if (password !== undefined) return { username, password };
  if (!remote && username === localUser)
    return { username, privateKey: await keyText(io, join(stateDir, localKeyFile)) };
  throw new UsageError('no-credentials', `nothing is given for ${username} to log in with`, {
    hint: 'Give --identity FILE or --password-stdin, or set MUP_PASSWORD.',
  });
}

async function keyText(io: CliIo, path: string): Promise<string> {
  return decodeUtf8Lossy(await readSecretFile(io, path, maxFileBytes));
}
