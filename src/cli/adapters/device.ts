import { resolve } from 'node:path';
import { systemClock, systemRandom } from '../../base/adapters/node-runtime.ts';
import { createLogger } from '../../base/adapters/pino-logger.ts';
import { UsageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { type RunDeviceOptions, runDevice } from '../../device/adapters/run-device.ts';
import type { DeviceEvent } from '../../device/events.ts';
import { readPrivateKey, readPublicKey } from '../../mup/adapters/key-files.ts';
import { maxUint32 } from '../../mup/manifest-fields.ts';
import { isSignedDescription } from '../../mup/signed-description.ts';
import { appIdOption } from '../app-id-option.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { eventLine, eventObject } from '../device-report.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { maxDelayMs } from '../max-delay.ts';
import { printJson, printResult } from '../output.ts';
import { uuidOption } from '../uuid-option.ts';
import { commandConfig } from './command-config.ts';
import { readInput } from './files.ts';
import { ontologiesFolder } from './ontologies-folder.ts';
import { commandPassphrase } from './passphrase.ts';
import { aborted } from './serve.ts';

/** `mup device` */
export async function runDeviceCommand(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const options = await deviceOptions(args, io);
  const { signal } = io;
  const agent = await runDevice({ ...options, onEvent: (event) => report(args, io, event) });
  const { uuid } = options;
  const { version } = agent;
  printResult(args, io, { event: 'started', uuid, version }, [`device ${uuid} runs version ${version}`]);
  await aborted(signal);
  await agent.close();
  return exitCodes.ok;
}

async function deviceOptions(args: CommandArguments, io: CliIo): Promise<RunDeviceOptions> {
  const config = commandConfig(args, io);
  const uuid = uuidOption(args, 'uuid');
  if (config.mqtt.url === '')
    throw new UsageError('bad-option', 'no broker is named', {
      where: '--mqtt-url',
      hint: 'Name the broker with --mqtt-url, or in mqtt.url of the configuration.',
    });
  const vendorKey = args.text('vendor-key');
  const signKey = args.text('sign-key');
  const passphrase = commandPassphrase(args, io);
  const description = await descriptionOf(args, io, config.registration.maxDescriptionBytes);
  const ontologiesDir = ontologiesFolder(args, io);
  const logger = createLogger(config.log).child({ component: 'device' });
  return {
    description,
    uuid,
    ...(ontologiesDir === undefined ? {} : { ontologiesDir }),
    mqtt: config.mqtt,
    registration: config.registration,
    stateDir: resolve(io.cwd, args.required('state-dir')),
    appId: appIdOption(args) ?? 'app',
    firmwareVersion: args.integer('firmware-version', 0, maxUint32) ?? 1,
    slotBytes: args.integer('slot-bytes', 1, maxUint32) ?? config.images.maxImageBytes,
    ...(vendorKey === undefined ? {} : { vendorKey: await readPublicKey(resolve(io.cwd, vendorKey)) }),
    trustFirstKey: args.flag('trust-first-key'),
    ...(signKey === undefined ? {} : { signKey: await readPrivateKey(resolve(io.cwd, signKey), passphrase) }),
    telemetryIntervalMs: args.integer('telemetry-interval-ms', 0, maxDelayMs) ?? 10_000,
    pieceBytes: args.integer('piece-bytes', 1, config.mqtt.maxPacketBytes) ?? 4096,
    digestFirst: args.flag('digest-first'),
    deps: {
      clock: systemClock,
      random: systemRandom,
      logger,
      ...(config.log.wireTrace.includes('mqtt') ? { mqttTrace: logger } : {}),
    },
  };
}

/** A description that its vendor has signed goes out as it is, and in no other form. */
async function descriptionOf(args: CommandArguments, io: CliIo, maxBytes: number): Promise<Uint8Array> {
  const path = args.required('description');
  const bytes = await readInput(io, path, maxBytes);
  const signKey = args.text('sign-key') === undefined ? undefined : 'sign-key';
  const other = args.flag('digest-first') ? 'digest-first' : signKey;
  if (!isSignedDescription(bytes) || other === undefined) return bytes;
  throw new UsageError('bad-option', `the description ${path} is signed already`, {
    where: `--${other}`,
    hint: 'Leave the option out, or give the description as it was before it was signed.',
  });
}

function report(args: CommandArguments, io: CliIo, event: DeviceEvent): void {
  if (args.flag('json')) {
    printJson(io, eventObject(event));
    return;
  }
  const line = eventLine(event);
  if (line !== undefined) io.stdout.write(`${printable(line)}\n`);
}
