import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, systemClock, systemRandom } from '../../base/adapters/node-runtime.ts';
import { createLogger } from '../../base/adapters/pino-logger.ts';
import type { Config } from '../../base/config.ts';
import { type Deferred, deferred } from '../../base/deferred.ts';
import { errorCode, UnavailableError } from '../../base/errors.ts';
import { deviceUuid } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import { runDevice } from '../../device/adapters/run-device.ts';
import type { DeviceAgent } from '../../device/agent.ts';
import type { DeviceEvent } from '../../device/events.ts';
import { readPrivateKey, writePrivateKey, writePublicKey } from '../../mup/adapters/key-files.ts';
import { es256 } from '../../mup/adapters/noble-curves.ts';
import { endorse } from '../../mup/endorsement.ts';
import { formatEndorsementFile } from '../../mup/endorsement-file.ts';
import { formatVendorManifest } from '../../mup/manifest-json.ts';
import type { PrivateKey } from '../../mup/signature-scheme.ts';
import { signManifest } from '../../mup/signing.ts';
import { es256Suite } from '../../mup/suites.ts';
import { defaultOntologiesDir } from '../../ontology/adapters/ontology-files.ts';
import { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { reportError } from '../error-line.ts';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { endorsementFile, privateKeyFile, publicKeyFile } from '../key-owner.ts';
import { commandConfig } from './command-config.ts';
import { exists } from './files.ts';
import { aborted, readyLines, showFirstPassword } from './serve.ts';
import { type RunningBridge, startBridge } from './start-bridge.ts';
import { runUpdate } from './update.ts';
import { loadServerKey } from './update-server-keys.ts';

/** The device that the demonstration simulates. */
const demoDevice = deviceUuid('D0000000-0000-4000-8000-000000000001');
const demoAppId = 'DEMO';
/** Octets of the paper's image (§5.3: 87.8 kB). */
const imageBytes = 87_800;
/** Used where NETCONF's own port is configured, which needs privileges. */
const demoNetconfPort = 2830;
const netconfPort = 830;
const telemetryIntervalMs = 5000;
const pieceBytes = 4000;
const registrationDeadlineMs = 60_000;

/** What the parts of the demonstration share. */
interface Demonstration {
  readonly config: Config;
  /** Keys, images and the device's own state. */
  readonly directory: string;
  readonly vendorKey: PrivateKey;
  readonly logger: Logger;
  readonly io: CliIo;
  /** Whether it ends after the update. */
  readonly exit: boolean;
}

/** `mup demo` */
export async function runDemo(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const config = demoConfig(commandConfig(args, io));
  const logger = createLogger(config.log);
  const directory = join(config.stateDir, 'demo');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const vendorKey = await prepareTrust(config.stateDir, directory);
  const bridge = await startOnFreePorts(config, logger, io.signal);
  try {
    showFirstPassword(bridge, io);
    for (const line of readyLines(bridge)) say(io, line);
    return await demonstrate(bridge, { config, directory, vendorKey, logger, io, exit: args.flag('exit') });
  } finally {
    await bridge.close();
  }
}

async function demonstrate(bridge: RunningBridge, demo: Demonstration): Promise<ExitCode> {
  const { config, io } = demo;
  const registered = deferred();
  const device = await startDevice(bridge, demo, registered);
  try {
    const cancelDeadline = systemClock.schedule(registrationDeadlineMs, () =>
      registered.reject(notRegistered(`the device was not registered in ${registrationDeadlineMs} ms`)),
    );
    await Promise.race([registered.promise, aborted(io.signal)]).finally(cancelDeadline);
    if (io.signal.aborted) return exitCodes.interrupted;
    const version = device.version ?? 0;
    const image = await makeImage(demo.directory, version + 1, demo.vendorKey);
    say(io, '');
    // With the key, the steps of the paper's Figure 2 are taken one by one, and seen.
    const key = join(config.stateDir, privateKeyFile('server'));
    const line = `mup update --device ${demoDevice} --image ${image} --key ${key}`;
    say(io, `Updating the device from version ${version} (${line})`);
    const code = await updated({ device: demoDevice, image, key, 'state-dir': config.stateDir }, io);
    if (demo.exit || code !== exitCodes.ok) return code;
    for (const line of suggestions(bridge)) say(io, line);
    await aborted(io.signal);
    return exitCodes.ok;
  } finally {
    await device.close();
  }
}

function notRegistered(why: string): UnavailableError {
  return new UnavailableError('demo-not-registered', why);
}

function say(io: CliIo, line: string): void {
  io.stdout.write(`${line}\n`);
}

function demoConfig(config: Config): Config {
  const { netconf } = config;
  return netconf.port === netconfPort
    ? { ...config, netconf: { ...netconf, port: demoNetconfPort } }
    : config;
}

/** A vendor of our own, who endorses the update server's key. */
async function prepareTrust(stateDir: string, directory: string): Promise<PrivateKey> {
  const path = join(directory, 'vendor.pem');
  if (!(await exists(path))) {
    const key = es256.generate();
    await writePrivateKey(path, key);
    await writePublicKey(publicKeyFile(path), es256.publicKeyOf(key));
  }
  const vendorKey = await readPrivateKey(path);
  const endorsement = join(stateDir, endorsementFile());
  if (!(await exists(endorsement))) {
    const serverKey = es256.publicKeyOf(await loadServerKey(stateDir));
    const signature = endorse(serverKey, 1, vendorKey, es256);
    await writeFile(endorsement, formatEndorsementFile({ serverKey, epoch: 1, signature }));
  }
  return vendorKey;
}

async function startOnFreePorts(config: Config, logger: Logger, signal: AbortSignal): Promise<RunningBridge> {
  try {
    return await startBridge(config, logger, signal);
  } catch (error) {
    if (!['mqtt-port-in-use', 'netconf-port-in-use'].includes(errorCode(error) ?? '')) throw error;
    logger.warn('a port is taken, free ones are used');
    return startBridge(
      {
        ...config,
        netconf: { ...config.netconf, port: 0 },
        mqtt: { ...config.mqtt, embedded: { ...config.mqtt.embedded, port: 0 } },
      },
      logger,
      signal,
    );
  }
}

/** Starts the device. @param registered settled when it has registered itself, or was refused */
async function startDevice(
  { mqttUrl }: RunningBridge,
  { config, directory, vendorKey, logger, io }: Demonstration,
  registered: Deferred<void>,
): Promise<DeviceAgent> {
  return runDevice({
    description: await readFile(join(defaultOntologiesDir, 'examples', 'updatable-device.jsonld')),
    uuid: demoDevice,
    mqtt: { ...config.mqtt, url: mqttUrl },
    registration: config.registration,
    stateDir: join(directory, 'device'),
    appId: demoAppId,
    firmwareVersion: 1,
    slotBytes: config.images.maxImageBytes,
    vendorKey: es256.publicKeyOf(vendorKey),
    trustFirstKey: false,
    telemetryIntervalMs,
    pieceBytes,
    deps: { clock: systemClock, random: systemRandom, logger: logger.child({ component: 'device' }) },
    onEvent(event) {
      const line = eventLine(event);
      if (line !== undefined) say(io, line);
      if (event.kind === 'registered') registered.resolve();
      if (event.kind === 'registration-refused' || event.kind === 'registration-pending')
        registered.reject(notRegistered(`the device was refused: ${event.text}`));
      if (event.kind === 'server-key-refused')
        registered.reject(
          notRegistered(
            `the device refuses the update server's key: ${event.reason}. The vendor of the demonstration has not endorsed it: choose another directory with --state-dir.`,
          ),
        );
    },
  });
}

/** What the device does, as a line of the demonstration. */
function eventLine(event: DeviceEvent): string | undefined {
  switch (event.kind) {
    case 'registered':
      return `  device ${demoDevice} published its description and is registered`;
    case 'server-key-taken':
      return '  device: the vendor has endorsed the update server, its key is kept';
    case 'token-issued':
      return '  device: token handed out';
    case 'manifest-accepted':
      return '  device: nonce, UUID, App ID, versions, size and both signatures are right: manifest accepted';
    case 'image-verified':
      return "  device: size and digest are the manifest's: image verified";
    case 'restarting':
      return '  device: restarting';
    case 'restarted':
      return `  device: running version ${event.version}`;
    default:
      return undefined;
  }
}

/** An image of the paper's size, its content different in each version, and its signed manifest. */
async function makeImage(directory: string, version: number, vendorKey: PrivateKey): Promise<string> {
  const content = Uint8Array.from(
    { length: imageBytes },
    (_, i) => (i * 131 + (i >> 8) * 7 + version) & 0xff,
  );
  const file = join(directory, `firmware-${version}.bin`);
  const manifest = signManifest(
    {
      suite: es256Suite,
      appId: demoAppId,
      linkOffset: 0,
      digest: sha256(content),
      size: content.length,
      newVersion: version,
      oldVersion: 0,
    },
    vendorKey,
    es256,
  );
  await writeFile(file, content);
  await writeFile(file.replace(/\.bin$/, '.json'), formatVendorManifest(manifest));
  return file;
}

/** Runs `mup update` as a person would on this machine. Why it failed is printed; a script learns that it did. */
async function updated(options: Readonly<Record<string, string>>, io: CliIo): Promise<ExitCode> {
  try {
    return await runUpdate(new CommandArguments(new Map(), new Map(Object.entries(options))), io);
  } catch (error) {
    reportError(error, io);
    return exitCodeOf(error) === exitCodes.interrupted ? exitCodes.interrupted : exitCodes.failed;
  }
}

function suggestions({ netconf }: RunningBridge): string[] {
  return [
    '',
    'The update is done, the bridge goes on serving. Ctrl-C ends it. To try, in another terminal:',
    `  ssh -p ${netconf.port} admin@${netconf.host} -s netconf`,
    '  npm run mup -- update --help',
  ];
}
