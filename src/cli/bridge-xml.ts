import { baseNamespace, bridgeNamespace } from '../netconf/namespaces.ts';
import { childElement, childElements, element, textOf, type XmlElement } from '../xml/element.ts';

/** How commands ask for the data of the module `mup-bridge`, and read what comes. */

/** An element of the module. */
export function bridgeElement(name: string, content: readonly XmlElement[] | string): XmlElement {
  return element(bridgeNamespace, name, content);
}

/** `<get>` of a part of the module's data, named by a subtree (RFC 6241 §6). */
export function getBridgeData(selection: XmlElement): XmlElement {
  const type = { name: 'type', namespace: '', value: 'subtree' };
  return element(baseNamespace, 'get', [element(baseNamespace, 'filter', [selection], [type])]);
}

/** The entries of a list in the reply to {@link getBridgeData}. */
export function entriesOf(reply: XmlElement, container: string, list: string): XmlElement[] {
  const data = childElement(reply, baseNamespace, 'data');
  const found = data && childElement(data, bridgeNamespace, container);
  return found === undefined ? [] : childElements(found).filter(({ name }) => name === list);
}

/** The text of a leaf, or `undefined` where there is none. */
export function leafText(parent: XmlElement, name: string): string | undefined {
  const found = childElement(parent, bridgeNamespace, name);
  return found === undefined ? undefined : textOf(found).trim();
}

/** The value of a leaf that holds a number; `undefined` where there is none, or no such number. */
export function leafNumber(parent: XmlElement, name: string): number | undefined {
  const text = leafText(parent, name);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
