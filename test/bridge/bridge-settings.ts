import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';

/** Leaves of the grouping `device-settings`, by name. */
export type Leaves = Readonly<Record<string, string | number>>;

export interface SettingsTree {
  readonly all?: Leaves;
  readonly categories?: Readonly<Record<string, Leaves>>;
  readonly devices?: Readonly<Record<string, Leaves>>;
}

/** A configuration with nothing but the container `settings`. */
export function settingsTree({ all = {}, categories = {}, devices = {} }: SettingsTree): XmlElement[] {
  return [
    node('settings', [
      ...leavesOf(all),
      ...Object.entries(categories).map(([name, set]) => node('category', leavesOf({ name, ...set }))),
      ...Object.entries(devices).map(([uuid, set]) => node('device', leavesOf({ uuid, ...set }))),
    ]),
  ];
}

function node(name: string, children: readonly XmlElement[] | string): XmlElement {
  return element(bridgeNamespace, name, children);
}

function leavesOf(set: Leaves): XmlElement[] {
  return Object.entries(set).map(([name, value]) => node(name, String(value)));
}
