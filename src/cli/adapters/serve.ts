import { createLogger } from '../../base/adapters/pino-logger.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printJson } from '../output.ts';
import { shownUrl } from '../shown-url.ts';
import { commandConfig } from './command-config.ts';
import { formatConfig } from './config-toml.ts';
import { type RunningBridge, startBridge } from './start-bridge.ts';
import { packageVersion } from './version.ts';

/** `mup serve` */
export async function runServe(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const config = commandConfig(args, io);
  if (args.flag('print-config')) {
    io.stdout.write(formatConfig(config));
    return exitCodes.ok;
  }
  const bridge = await startBridge(config, createLogger(config.log), io.signal);
  showFirstPassword(bridge, io);
  if (args.flag('ready-json'))
    printJson(io, {
      netconf: bridge.netconf,
      mqtt: { url: shownUrl(bridge.mqttUrl) },
      hostKeys: bridge.hostKeys,
      version: packageVersion(),
    });
  else for (const line of readyLines(bridge)) io.stdout.write(`${line}\n`);
  await aborted(io.signal);
  await bridge.close();
  return exitCodes.ok;
}

/** The generated password of the first user, on stderr, this one time. */
export function showFirstPassword({ firstPassword }: RunningBridge, io: CliIo): void {
  if (firstPassword === undefined) return;
  io.stderr.write(`First start: NETCONF user admin, password ${firstPassword}\n`);
  io.stderr.write('It is shown only now. Add users with "mup user add".\n');
}

/** Where a bridge can be reached. */
export function readyLines(bridge: RunningBridge): string[] {
  const { netconf, hostKeys } = bridge;
  return [
    `NETCONF over SSH: ${netconf.host} port ${netconf.port}`,
    ...hostKeys.map(({ type, sha256 }) => `  host key ${type} ${sha256}`),
    `MQTT: ${shownUrl(bridge.mqttUrl)}`,
  ];
}

/** Resolves when the process is told to end. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
