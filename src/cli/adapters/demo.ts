import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, systemClock, systemRandom } from '../../base/adapters/node-runtime.ts';
import { createLogger } from '../../base/adapters/pino-logger.ts';
import type { Config } from '../../base/config.ts';
import { deferred } from '../../base/deferred.ts';
import { errorCode, UnavailableError } from '../../base/errors.ts';
import { deviceUuid } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import { runDevice } from '../../device/adapters/run-device.ts';
import type { DeviceAgent } from '../../device/agent.ts';
import type { DeviceEvent } from '../../device/events.ts';
import { readPrivateKey, writePrivateKey, writePublicKey } from '../../mup/adapters/key-files.ts';
import { es256 } from '../../mup/adapters/noble-p256.ts';
import { endorse } from '../../mup/endorsement.ts';
import { formatEndorsementFile } from '../../mup/endorsement-file.ts';
import { es256Suite } from '../../mup/manifest-fields.ts';
import { formatVendorManifest } from '../../mup/manifest-json.ts';
import type { PrivateKey } from '../../mup/signature-scheme.ts';
import { signManifest } from '../../mup/signing.ts';
import { defaultOntologiesDir } from '../../ontology/adapters/ontology-files.ts';
import { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { endorsementFile, publicKeyFile } from '../key-owner.ts';
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

/** `mup demo` */
export async function runDemo(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const config = demoConfig(commandConfig(args, io));
  const logger = createLogger(config.log);
  const directory = join(config.stateDir, 'demo');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const vendorKey = await prepareTrust(config.stateDir, directory);
  const say = (line: string): void => {
    io.stdout.write(`${line}\n`);
  };
  const bridge = await startOnFreePorts(config, logger);
  try {
    showFirstPassword(bridge, io);
    for (const line of readyLines(bridge)) say(line);
    const device = await startDevice(config, bridge, directory, vendorKey, logger, say);
    try {
      const image = await makeImage(directory, (device.version ?? 0) + 1, vendorKey);
      say('');
      say(
        `Updating the device from version ${device.version} (mup update --device ${demoDevice} --image ${image})`,
      );
      const code = await updated(config.stateDir, image, io);
      if (args.flag('exit')) return code;
      for (const line of suggestions(bridge)) say(line);
      await aborted(io.signal);
      return exitCodes.ok;
    } finally {
      await device.close();
    }
  } finally {
    await bridge.close();
  }
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
  const endorsement = join(stateDir, endorsementFile);
  if (!(await exists(endorsement))) {
    const serverKey = es256.publicKeyOf(await loadServerKey(stateDir));
    const signature = endorse(serverKey, 1, vendorKey, es256);
    await writeFile(endorsement, formatEndorsementFile({ serverKey, epoch: 1, signature }));
  }
  return vendorKey;
}

async function startOnFreePorts(config: Config, logger: Logger): Promise<RunningBridge> {
  try {
    return await startBridge(config, logger);
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
    );
  }
}

/** Starts the device and waits until it has registered itself. */
async function startDevice(
  config: Config,
  { mqttUrl }: RunningBridge,
  directory: string,
  vendorKey: PrivateKey,
  logger: Logger,
  say: (line: string) => void,
): Promise<DeviceAgent> {
  const description = await readFile(join(defaultOntologiesDir, 'examples', 'updatable-device.jsonld'));
  const registered = deferred();
  const device = await runDevice({
    description,
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
    onEvent: (event) => {
      const line = eventLine(event);
      if (line !== undefined) say(line);
      if (event.kind === 'registered') registered.resolve();
      if (event.kind === 'registration-refused')
        registered.reject(new UnavailableError('demo-refused', `the device was refused: ${event.text}`));
    },
  });
  await registered.promise;
  return device;
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

/** Runs `mup update` as a person would on this machine. */
function updated(stateDir: string, image: string, io: CliIo): Promise<ExitCode> {
  const options = new Map([
    ['device', demoDevice as string],
    ['image', image],
    ['state-dir', stateDir],
  ]);
  return runUpdate(new CommandArguments(new Map(), options), io);
}

function suggestions({ netconf }: RunningBridge): string[] {
  return [
    '',
    'The update is done, the bridge goes on serving. Ctrl-C ends it. To try, in another terminal:',
    `  ssh -p ${netconf.port} admin@${netconf.host} -s netconf`,
    '  npm run mup -- update --help',
  ];
}
