import type { Imports } from '../../bridge/served-modules.ts';
import type { ServedModule } from '../../netconf/backend.ts';
import { loadModule } from '../../yang/adapters/module-library.ts';
import { moduleSchema } from '../../yang/module-schema.ts';
import type { Statement } from '../../yang/statement.ts';

/** Modules that do not depend on any device, with the revisions that clients expect (netconf-wire). */
const fixed = [
  { name: 'ietf-inet-types', revision: undefined, conformance: 'import' },
  { name: 'ietf-yang-types', revision: undefined, conformance: 'import' },
  { name: 'ietf-netconf', revision: '2011-06-01', conformance: 'implement' },
  { name: 'ietf-netconf-monitoring', revision: '2010-10-04', conformance: 'implement' },
  { name: 'mup-bridge', revision: undefined, conformance: 'implement' },
] as const;

/** Loads the hand-written and standard modules, each after those that it imports. */
export async function loadFixedModules(
  searchPath: readonly string[],
): Promise<{ readonly modules: readonly ServedModule[]; readonly imports: Imports }> {
  const loaded = await Promise.all(
    fixed.map(async ({ name, revision, conformance }) => ({
      name,
      conformance,
      ...(await loadModule(name, revision, searchPath)),
    })),
  );
  const statements = new Map<string, Statement>(loaded.map(({ name, statement }) => [name, statement]));
  const imports: Imports = (name) => statements.get(name);
  const modules = loaded.map(({ statement, text, conformance }) => ({
    schema: moduleSchema(statement, imports),
    conformance,
    text: () => Promise.resolve(text),
  }));
  return { modules, imports };
}
