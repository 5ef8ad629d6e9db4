import { childElements, textOf, type XmlElement } from '../xml/element.ts';
import { badElement, invalidValue, missingElement, unexpectedChild } from './protocol-errors.ts';
import { RpcError } from './rpc-error.ts';

/**
 * The parameters of an operation that is not defined by a served schema, by name.
 * @throws RpcError for a child of another name or namespace, or one that is given twice
 */
export function parameters(operation: XmlElement, names: readonly string[]): ReadonlyMap<string, XmlElement> {
  const given = new Map<string, XmlElement>();
  for (const child of childElements(operation)) {
    if (child.namespace !== operation.namespace || !names.includes(child.name))
      throw unexpectedChild(child, operation);
    if (given.has(child.name))
      throw new RpcError('application', 'bad-element', `<${child.name}> is given twice`, {
        info: [badElement(child.name)],
      });
    given.set(child.name, child);
  }
  return given;
}

/** The text of a mandatory leaf, without white space around it. */
export function requiredText(
  operation: XmlElement,
  given: ReadonlyMap<string, XmlElement>,
  name: string,
): string {
  const leaf = given.get(name);
  if (leaf === undefined) throw missingElement(name, operation.name);
  return textOf(leaf).trim();
}

/**
 * The value of an optional leaf that is one of several words.
 * @returns `undefined`: there is none
 * @throws RpcError `invalid-value`
 */
export function wordOf<Word extends string>(
  given: ReadonlyMap<string, XmlElement>,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const leaf = given.get(name);
  if (leaf === undefined) return undefined;
  const text = textOf(leaf).trim();
  const word = words.find((one) => one === text);
  if (word === undefined) throw invalidValue(name, `<${name}> is one of ${words.join(', ')}`);
  return word;
}
