import { resolve } from 'node:path';
import { sha256 } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import { UsageError } from '../../base/errors.ts';
import { readPrivateKey, readPublicKey } from '../../mup/adapters/key-files.ts';
import { allSuites } from '../../mup/adapters/noble-curves.ts';
import type { VendorManifest } from '../../mup/manifest.ts';
import { maxUint32 } from '../../mup/manifest-fields.ts';
import { formatVendorManifest } from '../../mup/manifest-json.ts';
import { signManifest, verifyInnerSignature } from '../../mup/signing.ts';
import { suiteName } from '../../mup/suites.ts';
import { checkImage, type ImageFacts } from '../../mup/update-checks.ts';
import { appIdOption } from '../app-id-option.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printResult } from '../output.ts';
import { manifestProfile } from '../profile-option.ts';
import { commandConfig } from './command-config.ts';
import { readInput, writeOutput } from './files.ts';
import { manifestBeside, readManifest } from './images.ts';
import { commandPassphrase } from './passphrase.ts';

/** `mup sign` */
export function runSign(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const manifest = args.text('check');
  refuseOptions(args, manifest === undefined ? ['image', 'vendor-key'] : makingOptions);
  return manifest === undefined ? makeManifest(args, io) : checkManifest(manifest, args, io);
}

const makingOptions = ['key', 'app-id', 'new-version', 'old-version', 'link-offset', 'out'];

async function makeManifest(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const imageFile = args.optionalArgument('IMAGE');
  if (imageFile === undefined)
    throw new UsageError('bad-command-line', 'no image to sign', {
      hint: 'Name the image, or a manifest with --check.',
    });
  const keyFile = resolve(io.cwd, args.required('key'));
  const appId = appIdOption(args) ?? args.required('app-id');
  args.required('new-version');
  const out = args.text('out') ?? manifestBeside(imageFile);
  if (resolve(io.cwd, out) === resolve(io.cwd, imageFile))
    throw new UsageError('bad-option', 'the manifest would overwrite the image', {
      where: out,
      hint: 'Name another file with --out.',
    });
  const image = await readInput(io, imageFile, commandConfig(args, io).images.maxImageBytes);
  const key = await readPrivateKey(keyFile, commandPassphrase(args, io));
  const unsigned = {
    suite: key.suite,
    appId,
    linkOffset: args.integer('link-offset', 0, maxUint32) ?? 0,
    digest: sha256(image),
    size: image.length,
    newVersion: args.integer('new-version', 1, maxUint32) ?? 1,
    oldVersion: args.integer('old-version', 0, maxUint32) ?? 0,
  };
  const manifest = signManifest(unsigned, key, allSuites, manifestProfile(args));
  await writeOutput(io, out, formatVendorManifest(manifest), 0o644);
  report(args, io, manifest, { manifestFile: out }, `manifest written to ${out}`);
  return exitCodes.ok;
}

async function checkManifest(manifestFile: string, args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const config = commandConfig(args, io);
  const vendorKey = await readPublicKey(resolve(io.cwd, args.required('vendor-key')));
  const manifest = await readManifest(io, manifestFile, config);
  verifyInnerSignature(manifest, vendorKey, allSuites, manifestProfile(args));
  if (args.optionalArgument('IMAGE') !== undefined)
    throw new UsageError('bad-command-line', 'IMAGE is to be signed, --check signs nothing', {
      hint: 'To check an image against the manifest, name it with --image.',
    });
  const imageFile = args.text('image');
  if (imageFile !== undefined) checkImage(manifest, await measure(io, imageFile, config));
  const what = imageFile === undefined ? 'the manifest is' : 'the manifest and the image are';
  report(args, io, manifest, { valid: true, imageChecked: imageFile !== undefined }, `${what} valid`);
  return exitCodes.ok;
}

async function measure(io: CliIo, file: string, config: Config): Promise<ImageFacts> {
  const image = await readInput(io, file, config.images.maxImageBytes);
  return { size: image.length, digest: sha256(image) };
}

function report(
  args: CommandArguments,
  io: CliIo,
  { suite, appId, newVersion, oldVersion, linkOffset, size, digest }: VendorManifest,
  more: Readonly<Record<string, unknown>>,
  line: string,
): void {
  printResult(args, io, { ...more, suite, appId, newVersion, oldVersion, linkOffset, size, digest }, [
    line,
    `suite:   ${suiteName(suite)}`,
    `app id:  ${appId}`,
    `version: ${newVersion}${oldVersion === 0 ? '' : ` (difference to ${oldVersion})`}`,
    `size:    ${size} octets`,
    `digest:  ${digest}`,
  ]);
}

function refuseOptions(args: CommandArguments, names: readonly string[]): void {
  const wrong = names.find((name) => args.text(name) !== undefined);
  if (wrong === undefined) return;
  const when = makingOptions.includes(wrong) ? 'cannot be used with' : 'is used only with';
  throw new UsageError('bad-option', `--${wrong} ${when} --check`, { where: `--${wrong}` });
}
