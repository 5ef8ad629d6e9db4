import { join } from 'node:path';
import { makeDirectory } from '../../base/adapters/atomic-file.ts';
import { systemClock } from '../../base/adapters/node-runtime.ts';
import { lockState, stateOwner } from '../../base/adapters/state-lock.ts';
import type { Config } from '../../base/config.ts';
import { silentLogger } from '../../base/logger.ts';
import { configChange } from '../../bridge/audit-requests.ts';
import type { ServedModule } from '../../netconf/backend.ts';
import type { NetconfClient } from '../../netconf/client.ts';
import type { ConfigChange } from '../../netconf/datastore/config-change.ts';
import type { Datastores } from '../../netconf/datastore/datastores.ts';
import { baseNamespace } from '../../netconf/namespaces.ts';
import { element } from '../../xml/element.ts';
import type { CommandArguments } from '../arguments.ts';
import { bridgeFile } from '../bridge-file.ts';
import type { CliIo } from '../command.ts';
import { commandFailure } from '../command-failure.ts';
import { type ConfigAccess, runningConfig } from '../config-access.ts';
import { connectLocally } from './bridge-connection.ts';
import { commandConfig } from './command-config.ts';
import { exists } from './files.ts';
import { configureLocalUser } from './first-start.ts';
import { loadFixedModules } from './fixed-modules.ts';
import { recordCommand } from './open-audit-trail.ts';
import { openDatastores } from './open-datastores.ts';

/** How often, and how long between, a look is taken at whether a bridge that starts serves already. */
const looks = 100;
const lookMs = 100;

/**
 * Gives a command the configuration of the bridge that runs on the state directory, over NETCONF as the
 * user `local`; where none runs, that of the state directory itself, which no bridge can take while it is
 * changed.
 * @throws CommandError
 */
export async function withConfig<T>(
  args: CommandArguments,
  io: CliIo,
  use: (access: ConfigAccess) => Promise<T>,
): Promise<T> {
  try {
    const config = commandConfig(args, io);
    return (await bridgeRuns(config.stateDir))
      ? await withClient(io, config.stateDir, (client) => use(runningConfig(client)))
      : await withStateDirectory(config, io, use);
  } catch (error) {
    throw commandFailure(error);
  }
}

/**
 * Gives a command a session with the bridge that runs on the state directory, as the user `local`.
 * @throws CommandError
 */
export async function withRunningBridge<T>(
  args: CommandArguments,
  io: CliIo,
  use: (client: NetconfClient) => Promise<T>,
): Promise<T> {
  try {
    return await withClient(io, commandConfig(args, io).stateDir, use);
  } catch (error) {
    throw commandFailure(error);
  }
}

async function withClient<T>(
  io: CliIo,
  stateDir: string,
  use: (client: NetconfClient) => Promise<T>,
): Promise<T> {
  const client = await connectLocally(io, stateDir);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Whether a bridge uses the directory; one that is starting, or ending, is waited for. */
async function bridgeRuns(stateDir: string): Promise<boolean> {
  for (let look = 0; look < looks; look += 1) {
    if (stateOwner(stateDir) === undefined) return false;
    if (await exists(join(stateDir, bridgeFile))) return true;
    await new Promise<void>((resolve) => systemClock.schedule(lookMs, resolve));
  }
  return true;
}

async function withStateDirectory<T>(
  config: Config,
  io: CliIo,
  use: (access: ConfigAccess) => Promise<T>,
): Promise<T> {
  const { modules } = await loadFixedModules(config.yang.searchPath);
  const open = (): Promise<Datastores> => openDatastores(config, modules, silentLogger);
  return use({
    read: async (datastore) => (await open()).read(datastore),
    async change(edit) {
      await makeDirectory(join(config.stateDir, 'keys'));
      const lock = await lockState(config.stateDir);
      try {
        const datastores = await open();
        const committed: ConfigChange[] = [];
        datastores.onCommitted((change) => committed.push(change));
        await configureLocalUser(datastores, config.stateDir);
        const content = edit(datastores.running());
        await datastores.edit({ target: 'running', config: element(baseNamespace, 'config', content) });
        await datastores.copy('running', 'startup');
        await recordChanges(committed, modules, config, io);
        return datastores.running();
      } finally {
        lock.release();
      }
    },
  });
}

async function recordChanges(
  committed: readonly ConfigChange[],
  modules: readonly ServedModule[],
  config: Config,
  io: CliIo,
): Promise<void> {
  const prefixes = new Map(modules.map(({ schema }) => [schema.namespace, schema.prefix] as const));
  for (const change of committed) {
    const { operation, target, changes } = configChange(change, (namespace) => prefixes.get(namespace));
    await recordCommand(config, io, { operation, target, changes });
  }
}
