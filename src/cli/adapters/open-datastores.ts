import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import { errorCode, UsageError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { checkAccessRules } from '../../netconf/access/access-rules.ts';
import { datastoreFile } from '../../netconf/adapters/datastore-file.ts';
import { hashPassword } from '../../netconf/adapters/passwords.ts';
import type { ServedModule } from '../../netconf/backend.ts';
import type { ConfigTree } from '../../netconf/datastore/config-view.ts';
import { Datastores } from '../../netconf/datastore/datastores.ts';
import { baseNamespace } from '../../netconf/namespaces.ts';
import { RpcError } from '../../netconf/rpc-error.ts';
import { prepareUsers } from '../../netconf/users/prepare-users.ts';
import { element } from '../../xml/element.ts';

/** `startup`, in the state directory. */
const startupFile = 'datastore/startup.xml';

/**
 * Opens the configuration of a state directory.
 * @param modules those of which some hold configuration
 * @throws UsageError `startup-unusable`, `startup-permissions`
 */
export async function openDatastores(
  config: Config,
  modules: readonly ServedModule[],
  logger: Logger,
): Promise<Datastores> {
  const path = join(config.stateDir, startupFile);
  await checkMode(path);
  const datastores = await Datastores.open({
    schemas: modules.filter(({ conformance }) => conformance === 'implement').map(({ schema }) => schema),
    store: datastoreFile(path),
    clock: systemClock,
    logger: logger.child({ component: 'datastores' }),
    maxConfigBytes: config.netconf.maxConfigBytes,
    prepare,
  });
  await checkStartup(datastores, path);
  return datastores;
}

/** What a configuration has to be besides valid: rules that can match, users who could log in. */
function prepare(after: ConfigTree, before: ConfigTree): Promise<ConfigTree> {
  checkAccessRules(after);
  return prepareUsers(after, before, hashPassword);
}

/** A file that was edited by hand may hold anything; passwords in the clear do not stay in it. */
async function checkStartup(datastores: Datastores, path: string): Promise<void> {
  const startup = datastores.read('startup');
  try {
    const prepared = await prepare(startup, []);
    if (prepared === startup) return;
    const config = element(baseNamespace, 'config', prepared);
    for (const target of ['running', 'startup'] as const) await datastores.copy(config, target);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw new UsageError('startup-unusable', `the startup configuration cannot be used: ${error.message}`, {
      where: `${path} ${error.where ?? ''}`.trim(),
      hint: 'Correct it, or move it away: the next start is a first one then.',
    });
  }
}

/** It holds the hashes of passwords. */
async function checkMode(path: string): Promise<void> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) === 0) return;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  throw new UsageError('startup-permissions', 'others may read or change the startup configuration', {
    where: path,
    hint: `Run: chmod 600 ${path}`,
  });
}
