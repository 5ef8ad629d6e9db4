import { fingerprint } from '../base/fingerprint.ts';
import { element, type XmlElement } from '../xml/element.ts';
import type { ServedModule } from './backend.ts';
import { servedDatastores } from './datastore/datastore-identity.ts';
import type { ModuleIndex } from './module-catalog.ts';
import { datastoresNamespace, yangLibraryNamespace } from './namespaces.ts';

/** Name of the one module set, and of the one schema, which all datastores share. */
const setName = 'served';

/**
 * Stands for the modules in the library: the `content-id` of RFC 8525 and the `module-set-id` of RFC 7895.
 * The same for the same modules, after a restart too.
 */
export function libraryContentId(modules: readonly ServedModule[]): string {
  const lines = inLibrary(modules).map(({ schema, conformance, features = [] }) =>
    [conformance, schema.name, schema.revision, schema.namespace, ...features].join(' '),
  );
  return fingerprint(lines.sort().join('\n'));
}

/** `/yang-library` (RFC 8525 §3), made once for a set of modules. */
export const yangLibrary: (index: ModuleIndex) => XmlElement = onceAnIndex((index) => {
  const modules = inLibrary(index.modules);
  return node('yang-library', [
    node('module-set', [
      node('name', setName),
      ...ofConformance(modules, 'implement').map(implementedModule),
      ...ofConformance(modules, 'import').map(importedModule),
    ]),
    node('schema', [node('name', setName), node('module-set', setName)]),
    ...servedDatastores.map((name) => node('datastore', [datastoreName(name), node('schema', setName)])),
    node('content-id', index.contentId),
  ]);
});

/** `/modules-state` (RFC 7895 §2), which is all that libnetconf2 reads. */
export const modulesState: (index: ModuleIndex) => XmlElement = onceAnIndex((index) =>
  node('modules-state', [
    node('module-set-id', index.contentId),
    ...inLibrary(index.modules).map(({ schema, conformance, features = [] }) =>
      node('module', [
        node('name', schema.name),
        node('revision', schema.revision),
        node('namespace', schema.namespace),
        ...features.map((name) => node('feature', name)),
        node('conformance-type', conformance),
      ]),
    ),
  ]),
);

function onceAnIndex(build: (index: ModuleIndex) => XmlElement): (index: ModuleIndex) => XmlElement {
  const built = new WeakMap<ModuleIndex, XmlElement>();
  return (index) => {
    const known = built.get(index) ?? build(index);
    built.set(index, known);
    return known;
  };
}

/** Neither library knows of revisions that get-schema alone still answers. */
function inLibrary(modules: readonly ServedModule[]): ServedModule[] {
  return modules.filter(({ conformance }) => conformance !== 'superseded');
}

function ofConformance(
  modules: readonly ServedModule[],
  wanted: ServedModule['conformance'],
): ServedModule[] {
  return modules.filter(({ conformance }) => conformance === wanted);
}

function implementedModule({ schema, features = [] }: ServedModule): XmlElement {
  return node('module', [
    node('name', schema.name),
    schema.revision === '' ? undefined : node('revision', schema.revision),
    node('namespace', schema.namespace),
    ...features.map((name) => node('feature', name)),
  ]);
}

function importedModule({ schema }: ServedModule): XmlElement {
  return node('import-only-module', [
    node('name', schema.name),
    node('revision', schema.revision),
    node('namespace', schema.namespace),
  ]);
}

/** An identityref of another module (RFC 7950 §9.10.3), so with a prefix. */
function datastoreName(name: (typeof servedDatastores)[number]): XmlElement {
  return { ...node('name', `ds:${name}`), scope: new Map([['ds', datastoresNamespace]]) };
}

function node(name: string, content: readonly (XmlElement | undefined)[] | string): XmlElement {
  return element(yangLibraryNamespace, name, content);
}
