import { resolve } from 'node:path';
import { sha256, systemClock } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import { UsageError } from '../../base/errors.ts';
import { type Digest, isDigest } from '../../base/ids.ts';
import { readPrivateKey } from '../../mup/adapters/key-files.ts';
import { allSuites } from '../../mup/adapters/noble-curves.ts';
import type { VendorManifest } from '../../mup/manifest.ts';
import type { PrivateKey } from '../../mup/signature-scheme.ts';
import { checkImage } from '../../mup/update-checks.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printJson } from '../output.ts';
import { brokenOff, updateFailure } from '../update-failure.ts';
import { type OrderedUpdate, runUpdateJob } from '../update-order.ts';
import type { UpdatePreparation } from '../update-preparation.ts';
import { UpdateReport } from '../update-report.ts';
import { runUpdateSteps } from '../update-run.ts';
import { uuidOption } from '../uuid-option.ts';
import { type BridgeConnection, overRestarts, withBridge } from './bridge-connection.ts';
import { commandConfig } from './command-config.ts';
import { readInput } from './files.ts';
import { manifestBeside, openImages, readManifest } from './images.ts';
import { commandPassphrase } from './passphrase.ts';

/** `mup update` */
export async function runUpdate(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const report = new UpdateReport(io, args.flag('json'));
  try {
    const result = await update(args, io, report);
    if (args.flag('json')) printJson(io, { result: 'succeeded', device: args.required('device'), ...result });
    return exitCodes.ok;
  } catch (error) {
    report.end();
    const failure = updateFailure(error, io.signal.aborted);
    const { exitCode, code, message } = failure;
    if (args.flag('json')) printJson(io, { result: 'failed', exitCode, code, message });
    throw failure;
  }
}

/** What the device runs in the end, and the job that brought it there. */
interface UpdateResult {
  readonly firmwareVersion: number | undefined;
  readonly job?: string;
}

async function update(args: CommandArguments, io: CliIo, report: UpdateReport): Promise<UpdateResult> {
  const config = commandConfig(args, io);
  const image = await namedImage(args, io, config);
  const keyFile = args.text('key');
  const serverKey =
    keyFile === undefined
      ? undefined
      : await readPrivateKey(resolve(io.cwd, keyFile), commandPassphrase(args, io));
  return withBridge(args, io, (bridge) => {
    const { client, host, port } = bridge;
    report.step({ step: 'connected', host, port });
    const reporting = {
      signal: io.signal,
      onStep: (step: Parameters<UpdateReport['step']>[0]) => report.step(step),
    };
    if (serverKey === undefined)
      return overRestarts(bridge, io.signal, report, (session) =>
        runUpdateJob(image, {
          ...reporting,
          session,
          putFile: (name, content) => session.putFile(name, content),
          clock: systemClock,
          onChange: (job) => report.job(job),
        }),
      );
    const putFile = (name: string, content: Uint8Array): Promise<void> => client.putFile(name, content);
    return signedHere(bridge, serverKey, image, config, { ...reporting, session: client, putFile });
  });
}

/** This command is the update server: it signs by itself and takes the steps one by one. */
async function signedHere(
  { client }: BridgeConnection,
  serverKey: PrivateKey,
  { uuid, digest, manifest, image }: NamedImage,
  config: Config,
  preparation: UpdatePreparation,
): Promise<UpdateResult> {
  if (manifest === undefined) throw noManifest(digest);
  const observer = await client.newSession();
  try {
    const request = { uuid, manifest, image };
    const more = { observer, serverKey, scheme: allSuites, config: config.update, clock: systemClock };
    return { firmwareVersion: await runUpdateSteps(request, { ...preparation, ...more, sha256 }) };
  } catch (error) {
    throw preparation.signal.aborted ? error : brokenOff(error);
  } finally {
    await observer.close();
  }
}

/** What the command line says of device and image. */
type NamedImage = OrderedUpdate & { readonly manifest?: VendorManifest; readonly image?: Uint8Array };

async function namedImage(args: CommandArguments, io: CliIo, config: Config): Promise<NamedImage> {
  const uuid = uuidOption(args, 'device');
  const named = args.required('image');
  const manifestFile = args.text('manifest');
  if (isDigest(named)) return { uuid, ...(await storedImage(args, io, named, config)) };
  const image = await readInput(io, named, config.images.maxImageBytes);
  const manifest = await readManifest(io, manifestFile ?? manifestBeside(named), config);
  const digest = sha256(image);
  checkImage(manifest, { size: image.length, digest });
  return { uuid, digest, manifest, image, files: { manifest, image } };
}

/** An image that the bridge has to hold already. Its manifest is needed only by who signs here. */
async function storedImage(
  args: CommandArguments,
  io: CliIo,
  digest: Digest,
  config: Config,
): Promise<Omit<NamedImage, 'uuid'>> {
  const manifestFile = args.text('manifest');
  if (manifestFile === undefined && args.text('key') === undefined) return { digest };
  const manifest =
    manifestFile === undefined
      ? (await (await openImages(config)).get(digest))?.manifest
      : await readManifest(io, manifestFile, config);
  if (manifest?.digest === digest) return { digest, manifest };
  throw manifest === undefined ? noManifest(digest) : otherImage(digest);
}

function noManifest(digest: string): UsageError {
  return new UsageError('no-manifest', `the state directory holds no image ${digest}`, {
    where: '--image',
    hint: 'Name its vendor manifest with --manifest.',
  });
}

function otherImage(digest: string): UsageError {
  return new UsageError('image-mismatch', `the manifest is not of image ${digest}`, { where: '--manifest' });
}
