import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { sha256, systemClock, systemRandom } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import { deferred } from '../../base/deferred.ts';
import type { Logger } from '../../base/logger.ts';
import { Bridge } from '../../bridge/bridge.ts';
import { ImageUploads } from '../../bridge/image-uploads.ts';
import { startBroker } from '../../mqtt/adapters/aedes-broker.ts';
import { connectMqtt } from '../../mqtt/adapters/mqtt-js.ts';
import type { MqttTransport } from '../../mqtt/transport.ts';
import { es256 } from '../../mup/adapters/noble-p256.ts';
import { loadClientKey } from '../../netconf/adapters/client-key-file.ts';
import { loadHostKeys } from '../../netconf/adapters/host-key-files.ts';
import { type RunningSshServer, startSshServer } from '../../netconf/adapters/ssh-server.ts';
import { addUser, createAuthenticator, ensureFirstUser } from '../../netconf/adapters/user-file.ts';
import type { HostKey, HostKeyFingerprint } from '../../netconf/host-keys.ts';
import { NetconfServer } from '../../netconf/server.ts';
import { unrestricted } from '../../netconf/user-access.ts';
import { createDescriptionReader } from '../../ontology/adapters/worker-reader.ts';
import { openDocumentDirectory } from '../../registry/adapters/document-directory.ts';
import { openImageRepository } from '../../registry/adapters/image-directory.ts';
import { DeviceRegistry } from '../../registry/device-registry.ts';
import { bridgeFile, localKeyFile, localUser } from '../bridge-file.ts';
import { loadFixedModules } from './fixed-modules.ts';
import { lockState } from './state-lock.ts';
import { loadEndorsement, loadServerKey } from './update-server-keys.ts';
import { packageVersion } from './version.ts';

/** A bridge that serves. */
export interface RunningBridge {
  readonly netconf: { readonly host: string; readonly port: number };
  /** Where devices connect. */
  readonly mqttUrl: string;
  readonly hostKeys: readonly HostKeyFingerprint[];
  /** The first user's generated password, at the first start only; to be shown once. */
  readonly firstPassword: string | undefined;
  close(): Promise<void>;
}

/** What has to be undone, last first. */
class Cleanup {
  readonly #steps: (() => Promise<void> | void)[] = [];

  add(step: () => Promise<void> | void): void {
    this.#steps.unshift(step);
  }

  /** All steps, whether or not one of them fails. @throws the first failure */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.splice(0)) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/**
 * Starts a bridge on its state directory, with the embedded broker unless another is configured. Resolves
 * when it serves; on failure nothing is left running.
 * @param signal cuts the wait for the broker short
 * @throws UsageError
 */
export async function startBridge(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
): Promise<RunningBridge> {
  const cleanup = new Cleanup();
  try {
    return await start(config, logger, signal, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

async function start(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
  cleanup: Cleanup,
): Promise<RunningBridge> {
  const { stateDir } = config;
  await mkdir(join(stateDir, 'keys'), { recursive: true, mode: 0o700 });
  const lock = await lockState(stateDir);
  cleanup.add(() => lock.release());
  const loadingKeys = loadHostKeys(join(stateDir, 'keys'));
  loadingKeys.catch(() => {});
  const { transport, url } = await connectBroker(config, logger, cleanup);
  const bridge = await openBridge(config, transport, logger);
  cleanup.add(() => bridge.close());
  await listening(bridge, transport, logger, signal);
  const hostKeys = await loadingKeys;
  const server = new NetconfServer({
    backend: bridge.backend,
    access: { forUser: () => unrestricted },
    config: config.netconf,
    clock: systemClock,
    logger: logger.child({ component: 'netconf' }),
    ...(config.log.wireTrace.includes('netconf') ? { trace: logger.child({ wire: 'netconf' }) } : {}),
  });
  const ssh = await serveSsh(config, server, hostKeys, bridge.uploads, logger);
  cleanup.add(() => ssh.close());
  await announce(config, ssh, cleanup);
  // Last of what can fail: a password that is not shown now would never be.
  const firstPassword = await prepareUsers(stateDir);
  return {
    netconf: { host: config.netconf.host, port: ssh.port },
    mqttUrl: url,
    hostKeys: ssh.fingerprints,
    firstPassword,
    close: () => cleanup.run(),
  };
}

/**
 * Resolves when devices are heard, or when the broker cannot be reached: NETCONF clients are served all
 * the same then, and devices as soon as the broker is there.
 */
async function listening(
  bridge: Bridge,
  transport: MqttTransport,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const goOn = deferred();
  const stopWatching = transport.onState((state) => {
    if (state === 'offline') goOn.resolve();
  });
  signal.addEventListener('abort', () => goOn.resolve(), { once: true });
  if (signal.aborted || transport.state === 'offline') goOn.resolve();
  const started = bridge.start();
  await Promise.race([started, goOn.promise]).finally(stopWatching);
  started.catch((error: unknown) => {
    if (transport.state !== 'closed') logger.error('the bridge does not hear devices', { error });
  });
}

/** The users of the first start. @returns the password of the first one, then */
async function prepareUsers(stateDir: string): Promise<string | undefined> {
  const users = join(stateDir, 'users.json');
  const first = await ensureFirstUser(users);
  if (first === undefined) return undefined;
  const { authorizedKey } = await loadClientKey(join(stateDir, localKeyFile), localUser);
  await addUser(users, localUser, { authorizedKey });
  return first.password;
}

async function connectBroker(
  config: Config,
  logger: Logger,
  cleanup: Cleanup,
): Promise<{ readonly transport: MqttTransport; readonly url: string }> {
  const own = config.mqtt.url === '';
  const broker = own
    ? await startBroker(config.mqtt.embedded, { logger: logger.child({ component: 'broker' }) })
    : undefined;
  if (broker !== undefined) cleanup.add(() => broker.close());
  const url = broker?.url ?? config.mqtt.url;
  const transport = connectMqtt(
    { ...config.mqtt, url },
    {
      logger: logger.child({ component: 'mqtt' }),
      clock: systemClock,
      random: systemRandom,
      ...(config.log.wireTrace.includes('mqtt') ? { trace: logger.child({ wire: 'mqtt' }) } : {}),
    },
  );
  cleanup.add(() => transport.close());
  return { transport, url };
}

async function openBridge(
  config: Config,
  transport: MqttTransport,
  logger: Logger,
): Promise<Bridge & { readonly uploads: ImageUploads }> {
  const { stateDir } = config;
  const [store, images, serverKey, { modules, imports }] = await Promise.all([
    openDocumentDirectory(join(stateDir, 'registry')),
    openImageRepository(join(stateDir, 'images'), config.images),
    loadServerKey(stateDir),
    loadFixedModules(config.yang.searchPath),
  ]);
  const clock = systemClock;
  const { maxDevices } = config.registration;
  const bridge = new Bridge({
    config,
    transport,
    registry: await DeviceRegistry.open({ store, clock, maxDevices }),
    store,
    images,
    reader: createDescriptionReader({
      config: config.registration,
      clock,
      logger: logger.child({ component: 'ontology' }),
    }),
    scheme: es256,
    serverKey,
    endorsement: await loadEndorsement(stateDir, serverKey),
    fixedModules: modules,
    imports,
    sha256,
    clock,
    random: systemRandom,
    logger: logger.child({ component: 'bridge' }),
  });
  return Object.assign(bridge, { uploads: new ImageUploads(images, config.images, logger) });
}

function serveSsh(
  config: Config,
  server: NetconfServer,
  hostKeys: readonly HostKey[],
  fileDrop: ImageUploads,
  logger: Logger,
): Promise<RunningSshServer> {
  const ssh = logger.child({ component: 'ssh' });
  return startSshServer({
    server,
    hostKeys,
    authenticator: createAuthenticator(join(config.stateDir, 'users.json'), { logger: ssh }),
    fileDrop,
    config: config.netconf,
    clock: systemClock,
    logger: ssh,
  });
}

/** Leaves a file from which commands on this machine know where the bridge is. */
async function announce(config: Config, ssh: RunningSshServer, cleanup: Cleanup): Promise<void> {
  const path = join(config.stateDir, bridgeFile);
  const facts = {
    version: packageVersion(),
    pid: process.pid,
    netconf: { host: config.netconf.host, port: ssh.port },
    hostKeys: ssh.fingerprints,
  };
  await writeFileAtomically(path, `${JSON.stringify(facts, null, 2)}\n`);
  cleanup.add(() => rm(path, { force: true }));
}
