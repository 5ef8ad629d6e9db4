import { join, resolve } from 'node:path';
import { sha256, systemClock } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import { UsageError } from '../../base/errors.ts';
import { isDigest } from '../../base/ids.ts';
import { readPrivateKey } from '../../mup/adapters/key-files.ts';
import { es256 } from '../../mup/adapters/noble-p256.ts';
import { checkImage } from '../../mup/update-checks.ts';
import type { NetconfClient } from '../../netconf/client.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { privateKeyFiles } from '../key-owner.ts';
import { printJson } from '../output.ts';
import { updateFailure } from '../update-failure.ts';
import { UpdateReport } from '../update-report.ts';
import { runUpdateSteps, type UpdateRequest } from '../update-run.ts';
import { uuidOption } from '../uuid-option.ts';
import { connectBridge } from './bridge-connection.ts';
import { commandConfig } from './command-config.ts';
import { readInput } from './files.ts';
import { manifestBeside, openImages, readManifest } from './images.ts';

/** `mup update` */
export async function runUpdate(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const report = new UpdateReport(io, args.flag('json'));
  try {
    const firmwareVersion = await update(args, io, report);
    if (args.flag('json'))
      printJson(io, { result: 'succeeded', device: args.required('device'), firmwareVersion });
    return exitCodes.ok;
  } catch (error) {
    report.end();
    const failure = updateFailure(error, io.signal.aborted);
    const { exitCode, code, message } = failure;
    if (args.flag('json')) printJson(io, { result: 'failed', exitCode, code, message });
    throw failure;
  }
}

async function update(args: CommandArguments, io: CliIo, report: UpdateReport): Promise<number> {
  const config = commandConfig(args, io);
  const request = await requestOf(args, io, config);
  const keyFile = args.text('key');
  const serverKey = await readPrivateKey(
    keyFile === undefined ? join(config.stateDir, privateKeyFiles.server) : resolve(io.cwd, keyFile),
  );
  return withSessions(args, io, config.stateDir, report, (session, observer) =>
    runUpdateSteps(request, {
      session,
      observer,
      putFile: (name, content) => session.putFile(name, content),
      serverKey,
      scheme: es256,
      config: config.update,
      clock: systemClock,
      signal: io.signal,
      onStep: (step) => report.step(step),
    }),
  );
}

/** Opens both sessions of an update and closes them when it is over, however it ends. */
async function withSessions<T>(
  args: CommandArguments,
  io: CliIo,
  stateDir: string,
  report: UpdateReport,
  use: (session: NetconfClient, observer: NetconfClient) => Promise<T>,
): Promise<T> {
  const { client, host, port } = await connectBridge(args, io, stateDir);
  try {
    report.step({ step: 'connected', host, port });
    const observer = await client.newSession();
    try {
      return await use(client, observer);
    } finally {
      await observer.close();
    }
  } finally {
    await client.close();
  }
}

async function requestOf(args: CommandArguments, io: CliIo, config: Config): Promise<UpdateRequest> {
  const uuid = uuidOption(args, 'device');
  const named = args.required('image');
  const manifestFile = args.text('manifest');
  if (isDigest(named)) {
    const manifest =
      manifestFile === undefined
        ? (await (await openImages(config)).get(named))?.manifest
        : await readManifest(io, manifestFile, config);
    if (manifest?.digest === named) return { uuid, manifest, image: undefined };
    throw manifest === undefined ? noManifest(named) : otherImage(named);
  }
  const image = await readInput(io, named, config.images.maxImageBytes);
  const manifest = await readManifest(io, manifestFile ?? manifestBeside(named), config);
  checkImage(manifest, { size: image.length, digest: sha256(image) });
  return { uuid, manifest, image };
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
