import type { DeviceDescription } from '../base/description.ts';
import { UnavailableError } from '../base/errors.ts';
import { extendModule, type ModuleModel, moduleName, newModule } from '../yang/module-model.ts';

/** What a description did to the catalog. */
export interface ModuleAssignment {
  readonly model: ModuleModel;
  /** `same`: nothing changed; `extended`: a new revision; `new`: a module that was not there. */
  readonly change: 'same' | 'extended' | 'new';
  /** Why the device did not fit the modules of its category that were there. */
  readonly contradictions: readonly string[];
  /** The module that had to go for the new one. */
  readonly dropped?: string;
}

/** Modules that are kept: a device that describes itself otherwise every time must not fill the memory. */
export const maxModules = 1000;

/**
 * The generated modules, by category. Devices of one category share a module; one that adds to it makes
 * a new revision with both; one that contradicts it gets a numbered variant, so that an update never
 * makes a device unmanageable (design: From description to module). A module stays when its last device
 * leaves, because clients know it; only where there are {@link maxModules} the oldest without a device
 * makes room.
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

  /**
   * Finds or makes the module for a description and keeps it.
   * @param used names of the modules that have devices; asked for when room is needed
   * @throws UnavailableError `too-many-modules`; PeerError when the description cannot be said in YANG
   */
  assign(description: DeviceDescription, used: () => ReadonlySet<string>): ModuleAssignment {
    const base = moduleName(description.category);
    const contradictions: string[] = [];
    for (let variant = 1; ; variant += 1) {
      const name = variant === 1 ? base : `${base}-${variant}`;
      const known = this.#models.get(name);
      if (known === undefined)
        return this.#add({ model: newModule(description, name), change: 'new', contradictions }, used);
      const extension = extendModule(known, description);
      if (extension.kind !== 'contradiction')
        return this.#keep({ model: extension.model, change: extension.kind, contradictions });
      contradictions.push(...extension.reasons.map((reason) => `${name}: ${reason}`));
    }
  }

  #add(assignment: ModuleAssignment, used: () => ReadonlySet<string>): ModuleAssignment {
    if (this.#models.size < maxModules) return this.#keep(assignment);
    const inUse = used();
    const dropped = [...this.#models.keys()].find((name) => !inUse.has(name));
    if (dropped === undefined)
      throw new UnavailableError('too-many-modules', `devices of ${maxModules} modules are registered`, {
        hint: 'Remove devices that are gone.',
      });
    this.#models.delete(dropped);
    return this.#keep({ ...assignment, dropped });
  }

  #keep(assignment: ModuleAssignment): ModuleAssignment {
    this.#models.set(assignment.model.name, assignment.model);
    return assignment;
  }
}
