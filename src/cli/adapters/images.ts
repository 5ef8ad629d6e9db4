import { join, resolve } from 'node:path';
import { sha256 } from '../../base/adapters/node-runtime.ts';
import { createLogger } from '../../base/adapters/pino-logger.ts';
import { utf8 } from '../../base/bytes.ts';
import { dateAndTime } from '../../base/clock.ts';
import type { Config } from '../../base/config.ts';
import { UsageError } from '../../base/errors.ts';
import type { Digest } from '../../base/ids.ts';
import { readPublicKey } from '../../mup/adapters/key-files.ts';
import { allSuites } from '../../mup/adapters/noble-curves.ts';
import type { VendorManifest } from '../../mup/manifest.ts';
import { formatVendorManifest, parseVendorManifest } from '../../mup/manifest-json.ts';
import { verifyInnerSignature } from '../../mup/signing.ts';
import { openImageRepository } from '../../registry/adapters/image-directory.ts';
import type { ImageRepository, StoredImage } from '../../registry/image-repository.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printResult, table } from '../output.ts';
import { manifestProfile } from '../profile-option.ts';
import { commandConfig } from './command-config.ts';
import { exists, readInput } from './files.ts';
import { recordCommand } from './open-audit-trail.ts';

/** `mup image add` */
export async function runImageAdd(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const config = commandConfig(args, io);
  const imageFile = args.argument('FILE');
  const image = await readInput(io, imageFile, config.images.maxImageBytes);
  const manifest = await readManifest(io, args.text('manifest') ?? manifestBeside(imageFile), config);
  const keyFile = args.text('vendor-key');
  if (keyFile !== undefined)
    verifyInnerSignature(
      manifest,
      await readPublicKey(resolve(io.cwd, keyFile)),
      allSuites,
      manifestProfile(args),
    );
  const stored = await (await openImages(config)).add(manifest, image);
  await recordCommand(config, io, { operation: 'image add', ...digestsOf(stored) });
  const signature = keyFile === undefined ? 'its signature was not checked' : 'its signature is the vendor’s';
  printResult(args, io, { ...summary(stored), signatureChecked: keyFile !== undefined }, [
    `image ${manifest.digest} is in the repository; ${signature}`,
    `${manifest.appId} version ${manifest.newVersion}, ${manifest.size} octets`,
  ]);
  return exitCodes.ok;
}

/** `mup image list` */
export async function runImageList(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const images = (await (await existingImages(commandConfig(args, io)))?.list()) ?? [];
  const rows = images.map(({ manifest, addedAt }) => [
    manifest.digest,
    manifest.appId,
    String(manifest.newVersion),
    String(manifest.oldVersion),
    String(manifest.size),
    dateAndTime(addedAt),
  ]);
  const lines =
    rows.length === 0 ? ['no images'] : table([['DIGEST', 'APP', 'NEW', 'OLD', 'SIZE', 'ADDED'], ...rows]);
  printResult(args, io, images.map(summary), lines);
  return exitCodes.ok;
}

/** `mup image remove` */
export async function runImageRemove(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const config = commandConfig(args, io);
  const repository = await existingImages(config);
  const digest = findImage((await repository?.list()) ?? [], args.argument('DIGEST'));
  await repository?.remove(digest);
  await recordCommand(config, io, { operation: 'image remove', image: digest });
  printResult(args, io, { removed: digest }, [`image ${digest} removed`]);
  return exitCodes.ok;
}

/** Opens the repository of the state directory. */
export function openImages(config: Config): Promise<ImageRepository> {
  return openImageRepository(join(config.stateDir, 'images'), config.images, createLogger(config.log));
}

/** The repository, where there is one: who only looks makes no state directory. */
async function existingImages(config: Config): Promise<ImageRepository | undefined> {
  return (await exists(join(config.stateDir, 'images'))) ? openImages(config) : undefined;
}

/**
 * Reads a vendor manifest that the command line names.
 * @throws PeerError `bad-manifest`, UsageError as {@link readInput}
 */
export async function readManifest(io: CliIo, file: string, config: Config): Promise<VendorManifest> {
  const { maxManifestBytes } = config.images;
  return parseVendorManifest(await readInput(io, file, maxManifestBytes), maxManifestBytes);
}

/** The manifest's file beside an image's: `firmware.json` beside `firmware.bin`. */
export function manifestBeside(imageFile: string): string {
  return `${imageFile.replace(/\.[^./]*$/, '')}.json`;
}

function findImage(images: readonly StoredImage[], text: string): Digest {
  const start = text.toLowerCase();
  if (!/^[0-9a-f]{4,64}$/.test(start))
    throw new UsageError('bad-digest', `${JSON.stringify(text.slice(0, 80))} is not a digest`, {
      hint: 'Give at least the first 4 hex digits.',
    });
  const found = images.map(({ manifest }) => manifest.digest);
  const matching = found.filter((digest) => digest.startsWith(start));
  const [only, ...others] = matching;
  if (only === undefined || others.length > 0)
    throw new UsageError(
      'no-such-image',
      `${matching.length === 0 ? 'no image has' : `${matching.length} images have`} a digest that starts with ${start}`,
      { hint: 'See mup image list.' },
    );
  return only;
}

/** What the audit log says of an image. */
function digestsOf({ manifest }: StoredImage): { readonly image: Digest; readonly manifest: Digest } {
  return { image: manifest.digest, manifest: sha256(utf8(formatVendorManifest(manifest))) };
}

function summary({ manifest, addedAt }: StoredImage): Readonly<Record<string, unknown>> {
  const { digest, appId, newVersion, oldVersion, linkOffset, size } = manifest;
  return { digest, appId, newVersion, oldVersion, linkOffset, size, addedAt: dateAndTime(addedAt) };
}
