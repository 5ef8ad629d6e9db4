import type { ServedModule } from '../netconf/backend.ts';
import { moduleStatement } from '../yang/module-generator.ts';
import type { ModuleModel } from '../yang/module-model.ts';
import { moduleSchema } from '../yang/module-schema.ts';
import { printModule } from '../yang/printer.ts';
import type { Statement } from '../yang/statement.ts';

/** Finds the statement tree of an imported module. */
export type Imports = (name: string) => Statement | undefined;

/**
 * The modules the bridge serves: fixed ones, and one for each generated model. Schemas are made once a
 * revision; texts are printed when a client asks.
 */
export class ServedModules {
  readonly #fixed: readonly ServedModule[];
  readonly #imports: Imports;
  readonly #generated = new Map<string, { readonly model: ModuleModel; readonly served: ServedModule }>();
  #all: readonly ServedModule[];

  constructor(fixed: readonly ServedModule[], imports: Imports) {
    this.#fixed = fixed;
    this.#imports = imports;
    this.#all = fixed;
  }

  /** The same array until a model is added or changes. */
  all(): readonly ServedModule[] {
    return this.#all;
  }

  get(name: string): ServedModule | undefined {
    return this.#generated.get(name)?.served;
  }

  /** Adds a model, or takes its new revision. */
  update(model: ModuleModel): void {
    if (this.#generated.get(model.name)?.model === model) return;
    const served = servedModule(model, this.#imports);
    this.#generated.set(model.name, { model, served });
    this.#list();
  }

  /** Takes a model away. */
  remove(name: string): void {
    if (this.#generated.delete(name)) this.#list();
  }

  #list(): void {
    const generated = [...this.#generated.values()].map((entry) => entry.served);
    generated.sort((a, b) => (a.schema.name < b.schema.name ? -1 : 1));
    this.#all = [...this.#fixed, ...generated];
  }
}

function servedModule(model: ModuleModel, imports: Imports): ServedModule {
  const schema = moduleSchema(moduleStatement(model), imports);
  return {
    schema,
    conformance: 'implement',
    text: () => Promise.resolve(printModule(moduleStatement(model))),
  };
}
