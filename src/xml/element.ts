/** An attribute. `namespace` is empty for an attribute without a prefix (XML Names §6.2). */
export interface XmlAttribute {
  readonly name: string;
  readonly namespace: string;
  readonly value: string;
}

/** What an element holds, in document order. */
export type XmlNode = XmlElement | string;

/**
 * An element of a namespace-aware tree. `name` is the local name. Prefixes are not kept, except in
 * `scope` (prefix → namespace, `''` the default), which the reader fills where values may name prefixes
 * (XPath filters, identityrefs).
 */
export interface XmlElement {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlNode[];
  readonly scope?: ReadonlyMap<string, string> | undefined;
}

/** Builds an element; texts that are `undefined` are left out. */
export function element(
  namespace: string,
  name: string,
  children: readonly (XmlNode | undefined)[] | string = [],
  attributes: readonly XmlAttribute[] = [],
): XmlElement {
  const nodes = typeof children === 'string' ? [children] : children.filter((child) => child !== undefined);
  return { name, namespace, attributes, children: nodes };
}

/** The child elements, without texts. */
export function childElements(parent: XmlElement): XmlElement[] {
  return parent.children.filter((child) => typeof child !== 'string');
}

/** The first child element of that name. */
export function childElement(parent: XmlElement, namespace: string, name: string): XmlElement | undefined {
  return childElements(parent).find((child) => child.name === name && child.namespace === namespace);
}

/** All texts directly in an element, joined. */
export function textOf(parent: XmlElement): string {
  return parent.children.filter((child) => typeof child === 'string').join('');
}

/** The value of an attribute, or `undefined`. */
export function attributeOf(owner: XmlElement, name: string, namespace = ''): string | undefined {
  return owner.attributes.find((one) => one.name === name && one.namespace === namespace)?.value;
}
