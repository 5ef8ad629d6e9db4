import { utf8 } from '../base/bytes.ts';
import { errorMessage } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { DeviceRegistry, Registration } from '../registry/device-registry.ts';
import type { DocumentStore } from '../registry/document-store.ts';
import type { RegistrationService } from './registration.ts';

/** A description as an operator brought it. */
interface InstalledDescription {
  readonly uuid: DeviceUuid;
  readonly text: string;
}

export interface InstalledDescriptionsDependencies {
  readonly store: DocumentStore;
  readonly registry: DeviceRegistry;
  readonly registration: RegistrationService;
  readonly logger: Logger;
}

/**
 * The descriptions that operators have brought, of devices that cannot describe themselves. Nobody sends them
 * again, so that they are kept as they came: a later version may read more in them.
 */
export class InstalledDescriptions {
  readonly #deps: InstalledDescriptionsDependencies;

  constructor(deps: InstalledDescriptionsDependencies) {
    this.#deps = deps;
  }

  /**
   * Registers a device with a description, or changes the one that was brought before. Both are on disk when it
   * resolves, and neither is when it rejects. It goes with its device.
   * @throws as `RegistrationService.install`
   */
  add(uuid: DeviceUuid, text: string): Promise<Registration> {
    const document: InstalledDescription = { uuid, text };
    return this.#deps.registration.install(uuid, utf8(text), [
      { kind: 'put', collection: 'descriptions', key: uuid, document },
    ]);
  }

  /** Registers again what the registry has lost. */
  async restore(): Promise<void> {
    const { store, registry, registration, logger } = this.#deps;
    for (const { uuid, text } of (await store.all('descriptions')) as readonly InstalledDescription[]) {
      if (registry.get(uuid)?.installed === true) continue;
      try {
        await registration.install(uuid, utf8(text));
      } catch (error) {
        logger.error('an installed description is not in force', { uuid, reason: errorMessage(error) });
      }
    }
  }
}
