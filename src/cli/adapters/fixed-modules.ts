import { errorMessage, UsageError } from '../../base/errors.ts';
import type { Imports } from '../../bridge/served-modules.ts';
import type { ServedModule } from '../../netconf/backend.ts';
import { loadModule } from '../../yang/adapters/module-library.ts';
import { moduleSchema } from '../../yang/module-schema.ts';
import type { ModuleSchema } from '../../yang/schema.ts';
import type { Statement } from '../../yang/statement.ts';

/** A module that does not depend on any device. */
interface FixedModule {
  readonly name: string;
  /** The revision that clients expect (netconf-wire); without it, the newest. */
  readonly revision?: string;
  readonly conformance: 'implement' | 'import';
  readonly features?: readonly string[];
  /** Our rendition is served even where the official file stands on the search path. */
  readonly rendition?: true;
}

const fixed: readonly FixedModule[] = [
  { name: 'ietf-inet-types', revision: '2013-07-15', conformance: 'import' },
  { name: 'ietf-yang-types', revision: '2013-07-15', conformance: 'import' },
  { name: 'ietf-datastores', revision: '2018-02-14', conformance: 'import' },
  { name: 'ietf-origin', revision: '2018-02-14', conformance: 'import' },
  // libyang imports it in a module of its own, and asks the server for the newest.
  { name: 'ietf-yang-metadata', revision: '2016-08-05', conformance: 'import' },
  {
    name: 'ietf-netconf',
    revision: '2011-06-01',
    conformance: 'implement',
    features: ['writable-running', 'rollback-on-error', 'validate', 'startup', 'xpath'],
  },
  { name: 'ietf-netconf-acm', revision: '2018-02-14', conformance: 'implement' },
  { name: 'ietf-netconf-monitoring', revision: '2010-10-04', conformance: 'implement' },
  // libyang warns of a `when` in the official file, so that every client built on it would.
  { name: 'ietf-netconf-notifications', revision: '2012-02-06', conformance: 'implement', rendition: true },
  {
    name: 'ietf-netconf-nmda',
    revision: '2019-01-07',
    conformance: 'implement',
    features: ['with-defaults'],
  },
  { name: 'ietf-netconf-with-defaults', revision: '2011-06-01', conformance: 'implement' },
  // The official file has a current leaf in deprecated lists, of which compilers warn.
  { name: 'ietf-yang-library', revision: '2019-01-04', conformance: 'implement', rendition: true },
  // RFC 5277 has no YANG; the files that go round import what is yuma's alone.
  { name: 'notifications', revision: '2008-07-14', conformance: 'implement', rendition: true },
  { name: 'nc-notifications', revision: '2008-07-14', conformance: 'implement', rendition: true },
  { name: 'mup-bridge', conformance: 'implement' },
];

/**
 * Loads the hand-written and standard modules.
 * @throws UsageError `module-not-found`, `module-unreadable`, `module-unusable`
 */
export async function loadFixedModules(
  searchPath: readonly string[],
): Promise<{ readonly modules: readonly ServedModule[]; readonly imports: Imports }> {
  const loaded = await Promise.all(
    fixed.map(async (module) => ({
      ...module,
      ...(await loadModule(module.name, module.revision, module.rendition ? [] : searchPath)),
    })),
  );
  const statements = new Map<string, Statement>(loaded.map(({ name, statement }) => [name, statement]));
  const imports: Imports = (name) => statements.get(name);
  const modules = loaded.map(
    ({ statement, text, conformance, features }): ServedModule => ({
      schema: usableSchema(statement, imports),
      conformance,
      ...(features === undefined ? {} : { features }),
      text: () => Promise.resolve(text),
    }),
  );
  return { modules, imports };
}

function usableSchema(statement: Statement, imports: Imports): ModuleSchema {
  try {
    return moduleSchema(statement, imports);
  } catch (error) {
    const name = statement.argument ?? '';
    throw new UsageError(
      'module-unusable',
      `The YANG module "${name}" cannot be served: ${errorMessage(error)}`,
      { hint: 'Take the folder that holds it out of yang.searchPath.', cause: error },
    );
  }
}
