import type { XmlElement, XmlNode } from './element.ts';

/** An element with its child elements on lines of their own, two blanks deeper each, for people to read. */
export function indented(element: XmlElement, depth = 0): XmlElement {
  if (element.children.every((child) => typeof child === 'string')) return element;
  const line = `\n${'  '.repeat(depth)}`;
  const children = element.children.flatMap((child): XmlNode[] =>
    typeof child === 'string' ? [child] : [`${line}  `, indented(child, depth + 1)],
  );
  return { ...element, children: [...children, line] };
}
