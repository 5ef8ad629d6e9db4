import type { DeviceDescription } from '../base/description.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { type DescriptionTemplate, instantiate } from '../ontology/description-template.ts';

const maxRecent = 256;

/** Descriptions that were filled in lately: memory grows with templates, not with devices. */
export class FilledDescriptions {
  readonly #recent = new Map<
    DeviceUuid,
    { readonly template: DescriptionTemplate; readonly description: DeviceDescription }
  >();

  /** A template with a device's UUID in it. */
  get(uuid: DeviceUuid, template: DescriptionTemplate): DeviceDescription {
    const known = this.#recent.get(uuid);
    if (known?.template === template) return known.description;
    const description = instantiate(template, uuid);
    if (this.#recent.size >= maxRecent) this.#recent.clear();
    this.#recent.set(uuid, { template, description });
    return description;
  }
}
