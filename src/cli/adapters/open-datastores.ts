import { join } from 'node:path';
import { systemClock } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import type { Logger } from '../../base/logger.ts';
import { checkAccessRules } from '../../netconf/access-rules.ts';
import { datastoreFile } from '../../netconf/adapters/datastore-file.ts';
import { hashPassword } from '../../netconf/adapters/passwords.ts';
import type { ServedModule } from '../../netconf/backend.ts';
import { Datastores } from '../../netconf/datastores.ts';
import { prepareUsers } from '../../netconf/prepare-users.ts';

/** `startup`, in the state directory. */
export const startupFile = 'datastore/startup.xml';

/**
 * Opens the configuration of a state directory.
 * @param modules those of which some hold configuration
 * @throws UsageError `startup-unusable`
 */
export function openDatastores(
  config: Config,
  modules: readonly ServedModule[],
  logger: Logger,
): Promise<Datastores> {
  return Datastores.open({
    schemas: modules.filter(({ conformance }) => conformance === 'implement').map(({ schema }) => schema),
    store: datastoreFile(join(config.stateDir, startupFile)),
    clock: systemClock,
    logger: logger.child({ component: 'datastores' }),
    maxConfigBytes: 16 * 1024 * 1024,
    prepare: (after) => {
      checkAccessRules(after);
      return prepareUsers(after, hashPassword);
    },
  });
}
