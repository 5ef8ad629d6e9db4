import { join } from 'node:path';
import { silentLogger } from '../../../src/base/logger.ts';
import { openDocumentStore } from '../../../src/registry/adapters/open-document-store.ts';
import { nextVersion } from './history.ts';

/** A start after a power cut, for `record`: whatever has to be mended is. */
const [directory = ''] = process.argv.slice(2);
await (await openDocumentStore(join(directory, 'registry'), silentLogger, nextVersion)).close();
