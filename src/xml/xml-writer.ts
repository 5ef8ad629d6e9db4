import { InternalError } from '../base/errors.ts';
import type { XmlAttribute, XmlElement, XmlNode } from './element.ts';

const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';
const reservedPrefixes = new Set(['', 'xml', 'xmlns']);

/** Namespaces in force: the default one, and prefix → namespace. */
interface Scope {
  readonly default: string;
  readonly prefixes: ReadonlyMap<string, string>;
}

/**
 * Writes an element as an XML document without an XML declaration (UTF-8 is the default). Elements have no
 * prefixes but a default `xmlns`, for libnetconf2 compares the bytes `<rpc-reply`; attributes in a
 * namespace get a prefix; the prefixes in an element's `scope` are declared on it. All texts and values are
 * ASCII: what is not becomes a numeric reference, and what XML 1.0 forbids (§2.2) U+FFFD. No line of a text
 * is exactly `##`, and no text holds `]]>`.
 *
 * @throws InternalError when a name is not one: names come from us or from a document we read
 */
export function writeXml(root: XmlElement): string {
  return write(root, outermost);
}

/** Children of one element over which it takes milliseconds to write it. */
const longElement = 64;
/** As deep as `rpc-reply/data/devices/device`, whose entries are written at once. */
const longestPath = 3;

/** Whether an element may take so long to write that others wait for it; {@link writeLongXml} then. */
export function isLong({ children }: XmlElement, levels = longestPath): boolean {
  if (children.length > longElement) return true;
  return levels > 1 && children.some((child) => typeof child !== 'string' && isLong(child, levels - 1));
}

/**
 * Writes a long element as {@link writeXml} does, in turns with everything else.
 * @param rest called between the entries of long elements; what it returns is waited for
 * @throws InternalError as {@link writeXml}, and what `rest` throws
 */
export function writeLongXml(root: XmlElement, rest: () => Promise<void> | undefined): Promise<string> {
  return writeInParts(root, outermost, rest, longestPath);
}

const outermost: Scope = { default: '', prefixes: new Map() };

async function writeInParts(
  node: XmlElement,
  outer: Scope,
  rest: () => Promise<void> | undefined,
  levels: number,
): Promise<string> {
  const { tag, inner } = startTag(node, outer);
  let content = '';
  for (const child of node.children) {
    const inParts = levels > 1 && typeof child !== 'string' && isLong(child, levels - 1);
    content += inParts ? await writeInParts(child, inner, rest, levels - 1) : write(child, inner);
    await rest();
  }
  return whole(node, tag, content);
}

function write(node: XmlNode, outer: Scope): string {
  if (typeof node === 'string') return escapeText(node);
  const { tag, inner } = startTag(node, outer);
  let content = '';
  for (const child of node.children) content += write(child, inner);
  return whole(node, tag, content);
}

/** The start tag of an element but for what ends it, and what is in force in it. */
function startTag(node: XmlElement, outer: Scope): { readonly tag: string; readonly inner: Scope } {
  const declarations = new Map<string, string>();
  if (node.namespace !== outer.default) declarations.set('xmlns', node.namespace);
  const prefixes = declarePrefixes(node, outer, declarations);
  const inner = declarations.size === 0 ? outer : { default: node.namespace, prefixes };
  let tag = `<${checkName(node.name)}`;
  for (const [declared, namespace] of declarations) tag += ` ${declared}="${escapeAttribute(namespace)}"`;
  for (const attribute of node.attributes)
    tag += ` ${attributeName(attribute, prefixes)}="${escapeAttribute(attribute.value)}"`;
  return { tag, inner };
}

function whole({ name }: XmlElement, tag: string, content: string): string {
  return content === '' ? `${tag}/>` : `${tag}>${content}</${name}>`;
}

/** Declares the prefixes of the element's own scope, and one for each attribute that lacks one. */
function declarePrefixes(
  element: XmlElement,
  outer: Scope,
  declarations: Map<string, string>,
): ReadonlyMap<string, string> {
  let prefixes = outer.prefixes;
  const declare = (prefix: string, namespace: string): void => {
    prefixes = new Map(prefixes).set(prefix, namespace);
    declarations.set(`xmlns:${checkName(prefix)}`, namespace);
  };
  for (const [prefix, namespace] of element.scope ?? [])
    if (!reservedPrefixes.has(prefix) && prefixes.get(prefix) !== namespace) declare(prefix, namespace);
  for (const { namespace } of element.attributes)
    if (namespace !== '' && prefixOf(namespace, prefixes) === undefined)
      declare(unusedPrefix(prefixes), namespace);
  return prefixes;
}

function attributeName({ name, namespace }: XmlAttribute, prefixes: ReadonlyMap<string, string>): string {
  checkName(name);
  return namespace === '' ? name : `${prefixOf(namespace, prefixes)}:${name}`;
}

function prefixOf(namespace: string, prefixes: ReadonlyMap<string, string>): string | undefined {
  if (namespace === xmlNamespace) return 'xml';
  for (const [prefix, bound] of prefixes) if (bound === namespace) return prefix;
  return undefined;
}

function unusedPrefix(prefixes: ReadonlyMap<string, string>): string {
  for (let n = prefixes.size + 1; ; n += 1) if (!prefixes.has(`ns${n}`)) return `ns${n}`;
}

/** NCName (Namespaces in XML §3), by what must not be in it: markup is what a bad name could forge. */
const name = /^[A-Za-z_\u00b7-\u{effff}][-.A-Za-z0-9_\u00b7-\u{effff}]*$/u;

function checkName(text: string): string {
  if (name.test(text)) return text;
  throw new InternalError(`${JSON.stringify(text.slice(0, 80))} is not an XML name`);
}

const plain = /^[ !"$%'-;=?-~]*$/;
const plainInAttribute = /^[ !#$%(-;=?-~]*$/;
const notPlainInText = /[&<>]|[^\t\n -~]/gu;
/** As above, and the first octet of what could be a line that ends chunked framing; four times as slow. */
const notPlainAmongHashes = /(?<=^|\n)#(?=#)|[&<>]|[^\t\n -~]/gu;
const notPlainInAttribute = /[&<>"']|[^ -~]/gu;

function escapeText(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(text.includes('##') ? notPlainAmongHashes : notPlainInText, reference);
}

function escapeAttribute(text: string): string {
  return plainInAttribute.test(text) ? text : text.replace(notPlainInAttribute, reference);
}

const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function reference(character: string): string {
  return named[character] ?? `&#${allowed(character.codePointAt(0) ?? 0)};`;
}

/** The code point, or U+FFFD's for what is not a Char (XML 1.0 §2.2). */
function allowed(code: number): number {
  const forbidden =
    (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) ||
    (code >= 0xd800 && code <= 0xdfff) ||
    code === 0xfffe ||
    code === 0xffff;
  return forbidden ? 0xfffd : code;
}
