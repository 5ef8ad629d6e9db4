import { join } from 'node:path';
import { sha256, systemClock, systemRandom } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import type { Logger } from '../../base/logger.ts';
import type { AuditSink } from '../../bridge/audit-trail.ts';
import { Bridge } from '../../bridge/bridge.ts';
import { ImageUploads } from '../../bridge/image-uploads.ts';
import type { Imports } from '../../bridge/served-modules.ts';
import { ServerKeys } from '../../bridge/server-keys.ts';
import type { MqttTransport } from '../../mqtt/transport.ts';
import { quickSuites } from '../../mup/adapters/node-p256.ts';
import type { ServedModule } from '../../netconf/backend.ts';
import type { ConfigView } from '../../netconf/datastore/config-view.ts';
import type { EventSink } from '../../netconf/events/event.ts';
import { createDescriptionFiles } from '../../ontology/adapters/description-files.ts';
import { defaultOntologiesDir } from '../../ontology/adapters/ontology-files.ts';
import { createDescriptionReader } from '../../ontology/adapters/worker-reader.ts';
import { openImageRepository } from '../../registry/adapters/image-directory.ts';
import { openDocumentStore } from '../../registry/adapters/open-document-store.ts';
import { DeviceRegistry } from '../../registry/device-registry.ts';
import type { Cleanup } from './cleanup.ts';
import { ServerKeyFiles } from './server-key-files.ts';

/** What a bridge is built on, besides its state directory. */
export interface BridgeParts {
  readonly config: Config;
  readonly transport: MqttTransport;
  readonly modules: readonly ServedModule[];
  readonly imports: Imports;
  readonly running: ConfigView;
  readonly events: EventSink;
  readonly audit: AuditSink;
  readonly logger: Logger;
}

/**
 * Builds the bridge with what its state directory holds. It does not hear devices yet.
 * @param cleanup takes what has to be closed
 */
export async function openBridge(
  { config, transport, modules, imports, running, events, audit, logger }: BridgeParts,
  cleanup: Cleanup,
): Promise<{ readonly bridge: Bridge; readonly uploads: ImageUploads }> {
  const { stateDir } = config;
  const store = await openDocumentStore(join(stateDir, 'registry'), logger.child({ component: 'registry' }));
  cleanup.add(() => store.close());
  const [images, serverKeys] = await Promise.all([
    openImageRepository(join(stateDir, 'images'), config.images, logger.child({ component: 'registry' })),
    ServerKeys.open(new ServerKeyFiles(config)),
  ]);
  const clock = systemClock;
  const bridge = new Bridge({
    config,
    transport,
    registry: await DeviceRegistry.open({ store, clock, ...config.registration }),
    store,
    images,
    reader: createDescriptionReader({
      config: config.registration,
      clock,
      logger: logger.child({ component: 'ontology' }),
      operatorDir: join(stateDir, 'ontologies'),
    }),
    library: createDescriptionFiles({
      directories: [defaultOntologiesDir, join(stateDir, 'ontologies')],
      maxBytes: config.registration.maxDescriptionBytes,
      clock,
      logger: logger.child({ component: 'ontology' }),
    }),
    scheme: quickSuites,
    serverKeys,
    fixedModules: modules,
    imports,
    running,
    events,
    audit,
    sha256,
    clock,
    random: systemRandom,
    logger: logger.child({ component: 'bridge' }),
  });
  cleanup.add(() => bridge.close());
  return { bridge, uploads: new ImageUploads(images, config.images, logger) };
}
