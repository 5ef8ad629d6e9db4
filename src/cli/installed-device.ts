import { childElements, textOf, type XmlElement } from '../xml/element.ts';
import { bridgeElement, entriesOf, getBridgeData, leafText } from './bridge-xml.ts';

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
  return bridgeElement('add-device', [
    bridgeElement('device', uuid),
    bridgeElement('description', description),
  ]);
}

/** The reply to {@link addDevice}. */
export function addedDevice(reply: XmlElement): AddedDevice {
  const remarks = childElements(reply).filter(({ name }) => name === 'remark');
  return { module: leaf(reply, 'module'), remarks: remarks.map(textOf) };
}

/** The RPC that forgets a device. */
export function removeDevice(uuid: string): XmlElement {
  return bridgeElement('remove-device', [bridgeElement('device', uuid)]);
}

/** `<get>` of the devices that operators have described. */
export function getInstalled(): XmlElement {
  return getBridgeData(
    bridgeElement('devices', [bridgeElement('device', [bridgeElement('described-by', 'operator')])]),
  );
}

/** The devices in the reply to {@link getInstalled}, by UUID. */
export function installedDevices(reply: XmlElement): InstalledDevice[] {
  return entriesOf(reply, 'devices', 'device')
    .map((entry) => ({
      uuid: leaf(entry, 'uuid'),
      category: leaf(entry, 'category'),
      profile: leaf(entry, 'profile'),
      module: leaf(entry, 'module'),
    }))
    .sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
}

function leaf(parent: XmlElement, name: string): string {
  return leafText(parent, name) ?? '';
}
