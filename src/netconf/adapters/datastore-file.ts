import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory, syncDirectory, writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { readIfThere } from '../../base/adapters/read-if-there.ts';
import { decodeUtf8 } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import type { DatastoreStore } from '../datastore/committed-trees.ts';

/**
 * Keeps `startup` in a file that only its owner may read, replaced as a whole: it holds password hashes.
 * @param path its directory is made when it is missing
 */
export function datastoreFile(path: string): DatastoreStore {
  return {
    async load() {
      const bytes = await readIfThere(path);
      if (bytes === undefined) return undefined;
      const text = decodeUtf8(bytes);
      if (text !== undefined) return text;
      throw new UsageError('startup-unusable', 'the startup configuration is not UTF-8', { where: path });
    },
    async save(text) {
      const directory = dirname(path);
      await makeDirectory(directory);
      if (text !== undefined) return writeFileAtomically(path, text, 0o600);
      await rm(path, { force: true });
      await syncDirectory(directory);
    },
  };
}
