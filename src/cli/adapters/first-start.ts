import { join } from 'node:path';
import { loadClientKey } from '../../netconf/adapters/client-key-file.ts';
import { generatePassword, hashPassword } from '../../netconf/adapters/passwords.ts';
import type { Datastores } from '../../netconf/datastore/datastores.ts';
import { baseNamespace } from '../../netconf/namespaces.ts';
import { type UserAddition, userAdditions } from '../../netconf/users/user-edits.ts';
import { element } from '../../xml/element.ts';
import { adminRules } from '../admin-rules.ts';
import { localKeyFile, localUser } from '../bridge-file.ts';

/** The user of the first start. */
const firstUser = 'admin';

/**
 * Configures a bridge that has no configuration yet, and saves it: the users `admin` and `local`, who may do
 * everything.
 * @returns the password of `admin`, to be shown once; `undefined` where there is a configuration
 */
export async function configureFirstStart(
  datastores: Datastores,
  stateDir: string,
): Promise<string | undefined> {
  if (datastores.hasStartup) return undefined;
  const password = generatePassword();
  await configure(datastores, stateDir, [{ name: firstUser, password: await hashPassword(password) }]);
  await datastores.copy('running', 'startup');
  return password;
}

/**
 * Where there is no configuration, puts the user `local` and the rules into `running`: what commands build
 * on before the first start.
 */
export async function configureLocalUser(datastores: Datastores, stateDir: string): Promise<void> {
  if (!datastores.hasStartup) await configure(datastores, stateDir, []);
}

async function configure(
  datastores: Datastores,
  stateDir: string,
  others: readonly UserAddition[],
): Promise<void> {
  const { authorizedKey } = await loadClientKey(join(stateDir, localKeyFile), localUser);
  const users = [...others, { name: localUser, authorizedKey }];
  const edit = [...userAdditions([], users), adminRules(users.map(({ name }) => name))];
  await datastores.edit({ target: 'running', config: element(baseNamespace, 'config', edit) });
}
