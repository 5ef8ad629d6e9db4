import { type AcceptancePolicy, acceptancePolicies, type Config, type UpdateConfig } from '../base/config.ts';
import type { DeviceDescription } from '../base/description.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { ConfigTree, ConfigView } from '../netconf/datastore/config-view.ts';
import { bridgeNamespace } from '../netconf/namespaces.ts';
import { childElement, childElements, textOf, type XmlElement } from '../xml/element.ts';

/** How the bridge treats one device: grouping `device-settings` of `mup-bridge`. */
export interface DeviceSettings extends UpdateConfig {
  /** How long the device may take to answer a request. */
  readonly requestTimeoutMs: number;
  readonly acceptance: AcceptancePolicy;
}

/** What of a description bears on settings. */
export type DescribedLimits = Pick<DeviceDescription, 'category' | 'profile' | 'maxSliceSize' | 'window'>;

type Settings = Partial<DeviceSettings>;

/** The settings that are numbers, by the leaves that hold them. */
const numbers: ReadonlyMap<string, keyof DeviceSettings> = new Map([
  ['slice-size', 'sliceSizeBytes'],
  ['window', 'window'],
  ['request-timeout', 'requestTimeoutMs'],
  ['stall-timeout', 'stallTimeoutMs'],
  ['token-deadline', 'tokenDeadlineMs'],
  ['manifest-deadline', 'manifestDeadlineMs'],
  ['verify-deadline', 'verifyDeadlineMs'],
  ['restart-deadline', 'restartDeadlineMs'],
  ['offline-deadline', 'offlineDeadlineMs'],
]);

/**
 * The settings of each device: those configured for it, for its category and for all devices in `running`,
 * then what its description says, then `Config`; the most specific wins. What a description says of slices
 * is also the most that its device takes. Read anew whenever the configuration changes: whoever asks at the
 * start of a request or of a transfer has what holds then.
 */
export class DeviceSettingsSource {
  readonly #defaults: DeviceSettings;
  #all: Settings = {};
  /** With those for all devices in them. */
  #categories: ReadonlyMap<string, Settings> = new Map();
  #devices: ReadonlyMap<string, Settings> = new Map();
  readonly #ended: () => void;

  constructor(config: Pick<Config, 'update' | 'rpc' | 'registration'>, running: ConfigView) {
    this.#defaults = {
      ...config.update,
      requestTimeoutMs: config.rpc.timeoutMs,
      acceptance: config.registration.acceptance,
    };
    this.#read(running.running());
    this.#ended = running.onChanged((tree) => this.#read(tree));
  }

  /** Follows the configuration no longer. */
  close(): void {
    this.#ended();
  }

  /** What holds for a device now; without its description, what is known without one. */
  of(uuid: DeviceUuid, described: DescribedLimits | undefined): DeviceSettings {
    const general = this.#categories.get(described?.category ?? '') ?? this.#all;
    const own = this.#devices.get(uuid);
    const set = own === undefined ? general : { ...general, ...own };
    return {
      ...this.#defaults,
      ...set,
      sliceSizeBytes: chosen(set.sliceSizeBytes, described?.maxSliceSize, this.#sliceSize(described)),
      window: chosen(set.window, described?.window, this.#defaults.window),
    };
  }

  /** Octets in a slice unless somebody says more of them. */
  #sliceSize(described: DescribedLimits | undefined): number {
    const { sliceSizeBytes, mynoSliceSizeBytes } = this.#defaults;
    return described?.profile === 'myno' ? mynoSliceSizeBytes : sliceSizeBytes;
  }

  #read(tree: ConfigTree): void {
    const settings = tree.find(({ namespace, name }) => namespace === bridgeNamespace && name === 'settings');
    this.#all = settings === undefined ? {} : settingsIn(settings);
    this.#categories = entries(settings, 'category', 'name', this.#all);
    this.#devices = entries(settings, 'device', 'uuid', {});
  }
}

function chosen(set: number | undefined, described: number | undefined, otherwise: number): number {
  return Math.min(set ?? described ?? otherwise, described ?? Number.POSITIVE_INFINITY);
}

function entries(
  settings: XmlElement | undefined,
  list: string,
  key: string,
  general: Settings,
): ReadonlyMap<string, Settings> {
  const found = settings === undefined ? [] : childElements(settings).filter(({ name }) => name === list);
  return new Map(
    found.map((entry) => {
      const name = childElement(entry, bridgeNamespace, key);
      return [name === undefined ? '' : textOf(name), { ...general, ...settingsIn(entry) }];
    }),
  );
}

/** The leaves of the grouping; the datastore has checked them against their types. */
function settingsIn(parent: XmlElement): Settings {
  const settings: Record<string, number> = {};
  for (const leaf of childElements(parent)) {
    const key = numbers.get(leaf.name);
    if (key !== undefined) settings[key] = Number(textOf(leaf));
  }
  const acceptance = childElement(parent, bridgeNamespace, 'acceptance');
  if (acceptance === undefined) return settings;
  const policy = acceptancePolicies.find((one) => one === textOf(acceptance));
  return policy === undefined ? settings : { ...settings, acceptance: policy };
}
