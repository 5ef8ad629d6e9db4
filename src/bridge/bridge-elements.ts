import { bridgeNamespace } from '../netconf/namespaces.ts';
import { element, type XmlElement, type XmlNode } from '../xml/element.ts';

/** An element of the module `mup-bridge` with what is in it; what is `undefined` is left out. */
export function container(name: string, children: readonly (XmlNode | undefined)[]): XmlElement {
  return element(bridgeNamespace, name, children);
}

/** A leaf of the module `mup-bridge`, or `undefined` where there is no value. */
export function leaf(name: string, value: string | number | undefined): XmlElement | undefined {
  return value === undefined ? undefined : element(bridgeNamespace, name, String(value));
}
