import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './paths.ts';
import { mup, type Program } from './program.ts';

export const exampleDescription = join(root, 'ontologies', 'examples', 'updatable-device.jsonld');

/** A bridge that runs as its own process. */
export interface BridgeProcess {
  readonly program: Program;
  readonly stateDir: string;
  readonly port: number;
  readonly mqttUrl: string;
  /** When it said that it serves, by `performance.now()`. */
  readonly readyAt: number;
}

/** The user that {@link startBridgeProcess} adds. */
export const operator = { username: 'operator', password: 'operator-of-the-tests' } as const;

/** Runs a command to its end. @returns its output; throws when its exit code is not 0 */
export async function run(args: readonly string[], input = ''): Promise<string> {
  const program = mup(args);
  program.endInput(input);
  const code = await program.exited;
  const output = program.lines.map(({ text }) => text).join('\n');
  if (code !== 0) throw new Error(`mup ${args.join(' ')} ended with ${code}\n${output}\n${program.stderr}`);
  return output;
}

/** State directories whose bridge knows {@link operator}. */
const known = new Set<string>();

/**
 * Starts `mup serve` on free ports and adds the user {@link operator}, who may do everything, where the bridge does not
 * know it from an earlier start; the embedded broker by default.
 */
export async function startBridgeProcess(
  stateDir: string,
  { mqttUrl = '', extra = [] }: { readonly mqttUrl?: string; readonly extra?: readonly string[] } = {},
): Promise<BridgeProcess> {
  const broker = mqttUrl === '' ? ['--mqtt-embedded-port', '0'] : ['--mqtt-url', mqttUrl];
  const program = mup([
    'serve',
    ...['--state-dir', stateDir, '--netconf-port', '0', ...broker, '--ready-json', '--log-format', 'json'],
    ...extra,
  ]);
  const ready = await program.json({ netconf: undefined });
  const readyAt = performance.now();
  const { netconf, mqtt } = ready as { netconf: { port: number }; mqtt: { url: string } };
  const add = ['user', 'add', operator.username, '--password-stdin', '--group', 'admin'];
  if (!known.has(stateDir)) await run([...add, '--state-dir', stateDir], `${operator.password}\n`);
  known.add(stateDir);
  return { program, stateDir, port: netconf.port, mqttUrl: mqtt.url, readyAt };
}

/** Vendor keys and the endorsement of a bridge's key, in the bridge's state directory. */
export async function prepareTrust(stateDir: string, vendorKey: string): Promise<void> {
  await Promise.all([
    run(['keygen', 'vendor', '--out', vendorKey]),
    run(['keygen', 'server', '--state-dir', stateDir]),
  ]);
  await run([
    'endorse',
    ...['--server-key', join(stateDir, 'keys', 'update-server.pub.pem'), '--vendor-key', vendorKey],
    ...['--epoch', '1', '--out', join(stateDir, 'keys', 'endorsement.json')],
  ]);
}

/** Starts `mup device --json` and waits until it has registered. */
export async function startDeviceProcess(options: {
  readonly uuid: string;
  readonly mqttUrl: string;
  readonly stateDir: string;
  readonly vendorKey?: string;
  readonly description?: string;
  /** More options. */
  readonly extra?: readonly string[];
}): Promise<Program> {
  const { uuid, mqttUrl, stateDir, vendorKey, description = exampleDescription, extra = [] } = options;
  const program = mup([
    'device',
    ...['--description', description, '--uuid', uuid, '--mqtt-url', mqttUrl, '--state-dir', stateDir],
    ...(vendorKey === undefined
      ? ['--trust-first-key']
      : ['--vendor-key', vendorKey.replace(/\.pem$/, '.pub.pem')]),
    ...['--app-id', 'APP', '--json', ...extra],
  ]);
  await program.json({ event: 'registered' });
  return program;
}

/** Writes a firmware image and its signed manifest. @returns the image's file */
export async function makeImage(
  directory: string,
  {
    size,
    version,
    vendorKey,
    fill = version,
  }: { readonly size: number; readonly version: number; readonly vendorKey: string; readonly fill?: number },
): Promise<string> {
  const file = join(directory, `firmware-${version}-${fill}.bin`);
  await writeFile(
    file,
    Uint8Array.from({ length: size }, (_, i) => (i * 31 + fill * 7 + (i >> 8)) & 0xff),
  );
  await run([
    'sign',
    file,
    '--key',
    vendorKey,
    '--app-id',
    'APP',
    '--new-version',
    String(version),
    '--out',
    `${file.replace(/\.bin$/, '.json')}`,
  ]);
  return file;
}
