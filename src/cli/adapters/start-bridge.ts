import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { lockState } from '../../base/adapters/state-lock.ts';
import type { Config } from '../../base/config.ts';
import { deferred } from '../../base/deferred.ts';
import type { Logger } from '../../base/logger.ts';
import type { Bridge } from '../../bridge/bridge.ts';
import type { MqttTransport } from '../../mqtt/transport.ts';
import { loadHostKeys } from '../../netconf/adapters/host-key-files.ts';
import type { RunningSshServer } from '../../netconf/adapters/ssh-server.ts';
import type { HostKeyFingerprint } from '../../netconf/host-keys.ts';
import { bridgeFile } from '../bridge-file.ts';
import { Cleanup } from './cleanup.ts';
import { connectBroker } from './connect-broker.ts';
import { exists } from './files.ts';
import { configureFirstStart } from './first-start.ts';
import { loadFixedModules } from './fixed-modules.ts';
import { openAuditTrail } from './open-audit-trail.ts';
import { openBridge } from './open-bridge.ts';
import { openDatastores } from './open-datastores.ts';
import { openEventStreams } from './open-event-streams.ts';
import { serveNetconf } from './serve-netconf.ts';
import { stateFailure } from './state-failure.ts';
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

/**
 * Starts a bridge on its state directory, with the embedded broker unless another is configured. Resolves
 * when it serves; on failure nothing is left running.
 * @param signal cuts the wait for the broker short
 * @throws UsageError, UnavailableError `state-disk-full`
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
    throw stateFailure(error, config.stateDir);
  }
}

async function start(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
  cleanup: Cleanup,
): Promise<RunningBridge> {
  const { stateDir } = config;
  await makeDirectory(join(stateDir, 'keys'));
  const lock = await lockState(stateDir);
  cleanup.add(() => lock.release());
  // A bridge that was killed has left it.
  await rm(join(stateDir, bridgeFile), { force: true });
  const loadingKeys = loadHostKeys(join(stateDir, 'keys'));
  loadingKeys.catch(() => {});
  const audit = await openAuditTrail(config, logger);
  cleanup.add(() => audit.close());
  const { modules, imports } = await loadFixedModules(config.yang.searchPath);
  const datastores = await openDatastores(config, modules, logger);
  cleanup.add(() => datastores.close());
  const events = await openEventStreams(config, logger);
  cleanup.add(() => events.close());
  await warnOfOldUsers(stateDir, logger);
  const { transport, url } = await connectBroker(config, logger, cleanup);
  const parts = { config, transport, modules, imports, running: datastores, events, audit, logger };
  const { bridge, uploads } = await openBridge(parts, cleanup);
  await listening(bridge, transport, logger, signal);
  const hostKeys = await loadingKeys;
  const { backend } = bridge;
  const requestAudit = bridge.auditedRequests(audit);
  const served = { config, backend, datastores, events, hostKeys, uploads, audit, requestAudit, logger };
  const ssh = await serveNetconf(served, cleanup);
  await announce(config, ssh, cleanup);
  // Last of what can fail: a password that is not shown now would never be. Nobody can log in before.
  const firstPassword = await configureFirstStart(datastores, stateDir);
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

/** Users are configuration now. */
async function warnOfOldUsers(stateDir: string, logger: Logger): Promise<void> {
  const path = join(stateDir, 'users.json');
  if (await exists(path))
    logger.warn('users.json is not read any more: add its users with "mup user add", and remove it', {
      path,
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
