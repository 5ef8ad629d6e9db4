import { baseNamespace, bridgeNamespace } from '../netconf/namespaces.ts';
import { childElement, childElements, element, textOf, type XmlElement } from '../xml/element.ts';

/** A device that an operator has described. */
export interface InstalledDevice {
  readonly uuid: string;
  readonly category: string;
  readonly profile: string;
  /** YANG module of its RPCs and data. */
  readonly module: string;
}

/** What the bridge says of a description that was taken. */
export interface AddedDevice {
  readonly module: string;
  readonly remarks: readonly string[];
}

/** The RPC that brings a description. */
export function addDevice(uuid: string, description: string): XmlElement {
  return bridge('add-device', [bridge('device', uuid), bridge('description', description)]);
}

/** The reply to {@link addDevice}. */
export function addedDevice(reply: XmlElement): AddedDevice {
  const remarks = childElements(reply).filter(({ name }) => name === 'remark');
  return { module: leaf(reply, 'module'), remarks: remarks.map(textOf) };
}

/** The RPC that forgets a device. */
export function removeDevice(uuid: string): XmlElement {
  return bridge('remove-device', [bridge('device', uuid)]);
}

/** `<get>` of the devices that operators have described. */
export function getInstalled(): XmlElement {
  const device = bridge('device', [bridge('described-by', 'operator')]);
  const type = { name: 'type', namespace: '', value: 'subtree' };
  const filter = element(baseNamespace, 'filter', [bridge('devices', [device])], [type]);
  return element(baseNamespace, 'get', [filter]);
}

/** The devices in the reply to {@link getInstalled}, by UUID. */
export function installedDevices(reply: XmlElement): InstalledDevice[] {
  const data = childElement(reply, baseNamespace, 'data');
  const devices = data && childElement(data, bridgeNamespace, 'devices');
  return (devices === undefined ? [] : childElements(devices))
    .map((entry) => ({
      uuid: leaf(entry, 'uuid'),
      category: leaf(entry, 'category'),
      profile: leaf(entry, 'profile'),
      module: leaf(entry, 'module'),
    }))
    .sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
}

function bridge(name: string, children: readonly XmlElement[] | string): XmlElement {
  return element(bridgeNamespace, name, children);
}

function leaf(parent: XmlElement, name: string): string {
  const found = childElement(parent, bridgeNamespace, name);
  return found === undefined ? '' : textOf(found).trim();
}
