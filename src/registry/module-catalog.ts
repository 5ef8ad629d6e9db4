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

/**
 * Modules of one category, the first included. A description is compared with each of them, so that more
 * would let whoever sends descriptions that contradict one another keep the bridge busy.
 */
export const maxVariants = 16;

/**
 * The generated modules, by category. Devices of one category share a module; one that adds to it makes
 * a new revision with both; one that contradicts it gets a numbered variant, so that an update never
 * makes a device unmanageable (design: From description to module). A module stays when its last device
 * leaves, because clients know it; only where there are as many as may be kept, or {@link maxVariants} of its
 * category, the oldest without a device makes room.
 */
export class ModuleCatalog {
  readonly #models = new Map<string, ModuleModel>();
  readonly #maxModules: number;
  /** The module that a description was found to fit, so that its siblings are not compared again. */
  readonly #fits = new WeakMap<DeviceDescription, ModuleModel>();

  /**
   * @param models those that were kept before, also where they are more than that
   * @param maxModules a device that describes itself otherwise every time must not fill the memory
   */
  constructor(models: readonly ModuleModel[], maxModules: number) {
    this.#maxModules = maxModules;
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
    const fit = this.#fits.get(description);
    if (fit !== undefined && this.#models.get(fit.name) === fit)
      return { model: fit, change: 'same', contradictions: [] };
    const assignment = this.#find(description, used);
    this.#fits.set(description, assignment.model);
    return assignment;
  }

  #find(description: DeviceDescription, used: () => ReadonlySet<string>): ModuleAssignment {
    const names = variantNames(moduleName(description.category));
    const contradictions: string[] = [];
    for (const name of names) {
      const known = this.#models.get(name);
      if (known === undefined)
        return this.#add({ model: newModule(description, name), change: 'new', contradictions }, used);
      const extension = extendModule(known, description);
      if (extension.kind !== 'contradiction')
        return this.#keep({ model: extension.model, change: extension.kind, contradictions });
      contradictions.push(...summary(name, extension.reasons));
    }
    const name = this.#withoutDevice(names, used());
    return this.#keep({ model: newModule(description, name), change: 'new', contradictions });
  }

  #add(assignment: ModuleAssignment, used: () => ReadonlySet<string>): ModuleAssignment {
    if (this.#models.size < this.#maxModules) return this.#keep(assignment);
    const dropped = this.#withoutDevice([...this.#models.keys()], used());
    this.#models.delete(dropped);
    return this.#keep({ ...assignment, dropped });
  }

  #withoutDevice(names: readonly string[], inUse: ReadonlySet<string>): string {
    const free = names.find((name) => !inUse.has(name));
    if (free !== undefined) return free;
    throw new UnavailableError('too-many-modules', `devices of ${names.length} modules are registered`, {
      hint: 'Remove devices that are gone, or raise registration.maxModules where there are so many categories.',
    });
  }

  #keep(assignment: ModuleAssignment): ModuleAssignment {
    this.#models.set(assignment.model.name, assignment.model);
    return assignment;
  }
}

function variantNames(base: string): string[] {
  return Array.from({ length: maxVariants }, (_, i) => (i === 0 ? base : `${base}-${i + 1}`));
}

/** Contradictions that are told of one module; each is a line in the log. */
const maxReasons = 5;

function summary(name: string, reasons: readonly string[]): string[] {
  const told = reasons.slice(0, maxReasons).map((reason) => `${name}: ${reason}`);
  const more = reasons.length - told.length;
  return more > 0 ? [...told, `${name}: and ${more} more`] : told;
}
