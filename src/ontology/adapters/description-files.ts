import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../base/adapters/node-runtime.ts';
import type { Clock } from '../../base/clock.ts';
import { errorCode, errorMessage } from '../../base/errors.ts';
import type { Digest } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { DescriptionLibrary } from '../description-library.ts';

export interface DescriptionFilesOptions {
  /** Folders of ontologies; they need not be there. */
  readonly directories: readonly string[];
  /** Octets of one description; larger files are left out. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where descriptions stand in a folder of ontologies. */
const subfolders = ['', 'descriptions', 'examples'];

const maxFiles = 1000;

/** How often the folders are looked through at most: any device may ask for any digest. */
const rescanMs = 10_000;

/** The descriptions (`*.jsonld`) in folders of ontologies, by digest. A file that is added is found after a while. */
export function createDescriptionFiles(options: DescriptionFilesOptions): DescriptionLibrary {
  let index: Promise<ReadonlyMap<Digest, string>> | undefined;
  let scanned = Number.NEGATIVE_INFINITY;
  const current = (): Promise<ReadonlyMap<Digest, string>> => {
    const now = options.clock.monotonic();
    if (index !== undefined && now - scanned < rescanMs) return index;
    scanned = now;
    index = indexOf(options);
    return index;
  };
  return {
    async find(digest) {
      const path = (await current()).get(digest);
      const bytes = path === undefined ? undefined : await readIfFits(path, options);
      // It may have changed since it was indexed.
      return bytes !== undefined && sha256(bytes) === digest ? bytes : undefined;
    },
  };
}

async function indexOf(options: DescriptionFilesOptions): Promise<ReadonlyMap<Digest, string>> {
  const folders = options.directories.flatMap((directory) =>
    subfolders.map((subfolder) => join(directory, subfolder)),
  );
  const paths = (await Promise.all(folders.map((folder) => filesOf(folder, options))))
    .flat()
    .slice(0, maxFiles);
  const found = new Map<Digest, string>();
  for (const path of paths) {
    const bytes = await readIfFits(path, options);
    if (bytes !== undefined) found.set(sha256(bytes), path);
  }
  return found;
}

async function filesOf(folder: string, { logger }: DescriptionFilesOptions): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR')
      logger.warn('a folder of descriptions cannot be read', { folder, reason: errorMessage(error) });
    return [];
  });
  return names
    .filter((name) => name.endsWith('.jsonld'))
    .sort()
    .map((name) => join(folder, name));
}

async function readIfFits(
  path: string,
  { maxBytes, logger }: DescriptionFilesOptions,
): Promise<Uint8Array | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return undefined;
    if (found.size <= maxBytes) return new Uint8Array(await readFile(path));
    logger.warn('a description is too large', { path, maxBytes });
  } catch (error) {
    logger.warn('a description cannot be read', { path, reason: errorMessage(error) });
  }
  return undefined;
}
