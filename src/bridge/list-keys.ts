import { childElements, textOf, type XmlElement } from '../xml/element.ts';

/**
 * The values of a list's key that a subtree filter can select, or `undefined` when it may select any
 * entry: a hint that spares building entries which the filter would drop (RFC 6241 §6.2.5, content
 * match). Errs on the side of too many.
 * @param filter the `<filter>` element
 * @param path local names from the top-level node to the list
 */
export function selectedKeys(
  filter: XmlElement | undefined,
  path: readonly string[],
  key: string,
): ReadonlySet<string> | undefined {
  if (filter === undefined) return undefined;
  let level = [filter];
  for (const name of path) {
    const below = level.flatMap(childElements).filter((child) => child.name === name);
    const whole = level.some((one) => one !== filter && childElements(one).length === 0);
    if (whole) return undefined;
    level = below;
  }
  const keys = new Set<string>();
  for (const entry of level) {
    const match = childElements(entry).find((child) => child.name === key);
    const value = match === undefined ? '' : textOf(match).trim();
    if (value === '') return undefined;
    keys.add(value);
  }
  return keys;
}

/** Whether a filter can select anything of a top-level node: again, errs on the side of yes. */
export function selectsNode(filter: XmlElement | undefined, namespace: string, name: string): boolean {
  if (filter === undefined) return true;
  return childElements(filter).some(
    (child) => child.name === name && (child.namespace === '' || child.namespace === namespace),
  );
}
