import type { ModuleSchema, SchemaNode } from '../yang/schema.ts';
import type { Backend, ServedModule } from './backend.ts';
import { serverCapabilities } from './capabilities.ts';
import { monitoringData } from './monitoring-schema.ts';
import { monitoringNamespace } from './namespaces.ts';
import { findNode } from './schema-nodes.ts';
import { libraryContentId } from './yang-library.ts';

/** The served modules, indexed. Made once per change of the backend's modules. */
export class ModuleIndex {
  readonly modules: readonly ServedModule[];
  readonly capabilities: readonly string[];
  /** Stands for the modules in the YANG library. */
  readonly contentId: string;
  readonly #implemented = new Map<string, ModuleSchema>();

  constructor(modules: readonly ServedModule[]) {
    this.modules = modules;
    this.contentId = libraryContentId(modules);
    this.capabilities = serverCapabilities(modules, this.contentId);
    for (const { schema, conformance } of modules)
      if (conformance === 'implement') this.#implemented.set(schema.namespace, schema);
  }

  /** The implemented module of a namespace; RFC 7950 §5.6.5 allows one revision of it. */
  implementedBy(namespace: string): ModuleSchema | undefined {
    return this.#implemented.get(namespace);
  }

  /** All revisions of a module. */
  revisionsOf(name: string): readonly ServedModule[] {
    return this.modules.filter(({ schema }) => schema.name === name);
  }

  /** The schema of a top-level data node. */
  readonly dataNode = (namespace: string, name: string): SchemaNode | undefined => {
    const known = this.#implemented.get(namespace)?.data;
    const nodes = known ?? (namespace === monitoringNamespace ? monitoringData : undefined);
    return nodes === undefined ? undefined : findNode(nodes, name);
  };
}

/** Keeps the index of the modules that the backend serves now. */
export class ModuleCatalog {
  readonly #backend: Pick<Backend, 'modules'>;
  #index = new ModuleIndex([]);

  constructor(backend: Pick<Backend, 'modules'>) {
    this.#backend = backend;
  }

  current(): ModuleIndex {
    const modules = this.#backend.modules();
    if (modules !== this.#index.modules) this.#index = new ModuleIndex(modules);
    return this.#index;
  }
}
