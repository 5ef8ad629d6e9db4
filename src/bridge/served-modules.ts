import type { ServedModule } from '../netconf/backend.ts';
import { moduleStatement } from '../yang/module-generator.ts';
import { atRevision, type ModuleModel, servedRevisions } from '../yang/module-model.ts';
import { moduleSchema } from '../yang/module-schema.ts';
import { printModule } from '../yang/printer.ts';
import type { Statement } from '../yang/statement.ts';

/** Finds the statement tree of an imported module. */
export type Imports = (name: string) => Statement | undefined;

interface Generated {
  readonly model: ModuleModel;
  readonly served: ServedModule;
  /** The revisions before it, newest first. */
  readonly earlier: readonly ServedModule[];
}

/**
 * The modules the bridge serves: fixed ones, and one for each generated model, with its earlier revisions.
 * Schemas are made once a revision; texts are printed when a client asks.
 */
export class ServedModules {
  readonly #fixed: readonly ServedModule[];
  readonly #imports: Imports;
  readonly #generated = new Map<string, Generated>();
  readonly #listeners = new Set<() => void>();
  /** Made when it is asked for: a start with many models makes it once. */
  #all: readonly ServedModule[] | undefined;

  constructor(fixed: readonly ServedModule[], imports: Imports) {
    this.#fixed = fixed;
    this.#imports = imports;
  }

  /** The same array until a model is added, changes or goes. */
  all(): readonly ServedModule[] {
    this.#all ??= this.#list();
    return this.#all;
  }

  get(name: string): ServedModule | undefined {
    return this.#generated.get(name)?.served;
  }

  /** Adds a model, or takes its new revision. */
  update(model: ModuleModel): void {
    if (this.#generated.get(model.name)?.model === model) return;
    this.#generated.set(model.name, {
      model,
      served: servedModule(model, this.#imports),
      earlier: servedRevisions(model)
        .slice(1)
        .map(({ date }, i) => supersededModule(model, date, i + 1)),
    });
    this.#changed();
  }

  /** Takes a model away. */
  remove(name: string): void {
    if (this.#generated.delete(name)) this.#changed();
  }

  /** Calls `listener` after each change. @returns ends that */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    this.#all = undefined;
    for (const listener of this.#listeners) listener();
  }

  #list(): readonly ServedModule[] {
    const generated = [...this.#generated.values()];
    generated.sort((a, b) => (a.model.name < b.model.name ? -1 : 1));
    return [...this.#fixed, ...generated.flatMap(({ served, earlier }) => [served, ...earlier])];
  }
}

function servedModule(model: ModuleModel, imports: Imports): ServedModule {
  const schema = moduleSchema(moduleStatement(model), imports);
  return { schema, conformance: 'implement', text: () => textOf(model) };
}

/** Nothing but its text is served, which is made when it is asked for. */
function supersededModule(model: ModuleModel, revision: string, at: number): ServedModule {
  const { name, namespace, prefix } = model;
  const schema = { name, namespace, prefix, revision, rpcs: new Map(), data: [] };
  return { schema, conformance: 'superseded', text: () => textOf(atRevision(model, at)) };
}

function textOf(model: ModuleModel): Promise<string> {
  return Promise.resolve(printModule(moduleStatement(model)));
}
