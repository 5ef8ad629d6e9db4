import type { DeviceDescription } from '../base/description.ts';
import { extendModule, type ModuleModel, moduleName, newModule } from '../yang/module-model.ts';

/** What a description did to the catalog. */
export interface ModuleAssignment {
  readonly model: ModuleModel;
  /** `same`: nothing changed; `extended`: a new revision; `new`: a module that was not there. */
  readonly change: 'same' | 'extended' | 'new';
  /** Why the device did not fit the modules of its category that were there. */
  readonly contradictions: readonly string[];
}

/**
 * The generated modules, by category. Devices of one category share a module; one that adds to it makes
 * a new revision with both; one that contradicts it gets a numbered variant, so that an update never
 * makes a device unmanageable (design: From description to module). A module never goes away: older
 * clients know it.
 */
export class ModuleCatalog {
  readonly #models = new Map<string, ModuleModel>();

  constructor(models: readonly ModuleModel[]) {
    for (const model of models) this.#models.set(model.name, model);
  }

  get(name: string): ModuleModel | undefined {
    return this.#models.get(name);
  }

  all(): readonly ModuleModel[] {
    return [...this.#models.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Finds or makes the module for a description and keeps it. */
  assign(description: DeviceDescription): ModuleAssignment {
    const base = moduleName(description.category);
    const contradictions: string[] = [];
    for (let variant = 1; ; variant += 1) {
      const name = variant === 1 ? base : `${base}-${variant}`;
      const known = this.#models.get(name);
      if (known === undefined)
        return this.#keep({ model: newModule(description, name), change: 'new', contradictions });
      const extension = extendModule(known, description);
      if (extension.kind !== 'contradiction')
        return this.#keep({ model: extension.model, change: extension.kind, contradictions });
      contradictions.push(...extension.reasons.map((reason) => `${name}: ${reason}`));
    }
  }

  #keep(assignment: ModuleAssignment): ModuleAssignment {
    this.#models.set(assignment.model.name, assignment.model);
    return assignment;
  }
}
