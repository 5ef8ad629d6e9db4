import { sha256 } from '../../base/adapters/node-runtime.ts';
import type { Clock } from '../../base/clock.ts';
import type { RegistrationConfig } from '../../base/config.ts';
import type { Digest } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { DescriptionReader } from '../description-reader.ts';
import { abstractUuid, checkOwner, type DescriptionTemplate } from '../description-template.ts';
import { unpack } from './inflate.ts';
import { defaultOntologiesDir } from './ontology-files.ts';
import { ReaderThread } from './reader-thread.ts';

export interface DescriptionReaderOptions {
  readonly config: RegistrationConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where shapes and queries stand, if not in this package. */
  readonly ontologiesDir?: string;
  /** The operator's own ontologies, mappings and contexts; the folder need not be there. */
  readonly operatorDir?: string;
}

/** Templates that are kept; each is as large as its description at most. */
const maxTemplates = 256;

/**
 * Reads descriptions in a thread of its own. Siblings, whose descriptions differ in nothing but the UUID,
 * are read once: their template is found by its digest, and those that come at the same time wait for
 * the one that is being read.
 */
export function createDescriptionReader(options: DescriptionReaderOptions): DescriptionReader {
  const { config, clock, logger, operatorDir } = options;
  const thread = new ReaderThread({
    settings: {
      ontologiesDir: options.ontologiesDir ?? defaultOntologiesDir,
      ...(operatorDir === undefined ? {} : { operatorDir }),
      limits: limitsOf(config),
    },
    deadlineMs: config.deadlineMs,
    heapMib: config.workerHeapMib,
    idleMs: config.workerIdleMs,
    maxWaiting: config.maxDevicesInAssembly,
    clock,
    logger,
  });
  const templates = new Map<Digest, Promise<DescriptionTemplate>>();
  return {
    async read(uuid, bytes) {
      const abstracted = abstractUuid(uuid, await unpack(bytes, config));
      const template = await remembered(templates, sha256(abstracted), async (digest) => ({
        digest,
        description: await thread.read(uuid, abstracted),
      }));
      checkOwner(template, uuid);
      return template;
    },
    close: () => thread.close(),
  };
}

function limitsOf({ maxDepth, maxNodes, maxOperations, maxDescriptionBytes }: RegistrationConfig) {
  return { maxDepth, maxNodes, maxOperations, maxDescriptionBytes };
}

/** The template of a digest, read at most once at a time; failures are not remembered. */
async function remembered(
  templates: Map<Digest, Promise<DescriptionTemplate>>,
  digest: Digest,
  read: (digest: Digest) => Promise<DescriptionTemplate>,
): Promise<DescriptionTemplate> {
  const known = templates.get(digest);
  templates.delete(digest);
  const template = known ?? read(digest);
  templates.set(digest, template);
  for (const oldest of templates.keys()) {
    if (templates.size <= maxTemplates) break;
    templates.delete(oldest);
  }
  try {
    return await template;
  } catch (error) {
    if (templates.get(digest) === template) templates.delete(digest);
    throw error;
  }
}
