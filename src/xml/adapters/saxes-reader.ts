import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { decodeUtf8 } from '../../base/bytes.ts';
import { KeyedQueue } from '../../base/keyed-queue.ts';
import type { XmlAttribute, XmlElement, XmlNode } from '../element.ts';
import { XmlError } from '../xml-error.ts';

/** Bounds of a document that a peer sent. */
export interface XmlLimits {
  /** Octets, or UTF-16 units when the document is given as text. */
  readonly maxBytes: number;
  /** Elements within one another. saxes takes time in proportion to it for every name. */
  readonly maxDepth: number;
  /** Attributes of one element, namespace declarations included; also the prefixes in scope anywhere. */
  readonly maxAttributes: number;
  /** Elements, attributes, comments, CDATA sections and processing instructions together. */
  readonly maxNodes?: number;
}

/** XML 1.0 whatever the declaration says: 1.1 would allow more control characters. */
const parserOptions = { xmlns: true, defaultXMLVersion: '1.0', forceXMLVersion: true } as const;

/** Characters of a name and of an attribute's value. Errors and replies repeat them, some more than once. */
const maxNameLength = 1024;
const maxValueLength = 65_536;

const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/';
const rootScope: ReadonlyMap<string, string> = new Map();

/**
 * Reads an XML 1.0 document with namespaces, strictly: anything not well-formed, a DOCTYPE, an encoding
 * other than UTF-8 and anything over the limits is refused. Comments and processing instructions are
 * dropped (RFC 6241 gives them no meaning), CDATA becomes text, adjacent texts become one. White space
 * alone is dropped between elements and kept in an element that holds nothing else. Every element's
 * `scope` is filled; elements without declarations of their own share their parent's.
 *
 * @throws XmlError
 */
export function readXml(document: Uint8Array | string, limits: XmlLimits): XmlElement {
  const text = textOfDocument(document, limits);
  const builder = idleBuilder ?? new TreeBuilder();
  idleBuilder = undefined;
  const root = builder.read(text, limits);
  idleBuilder = builder;
  return root;
}

/** Characters that are read between two rests: some milliseconds. */
const pieceLength = 32_768;
const longDocuments = new KeyedQueue<'read'>();

/**
 * Reads a long document like {@link readXml}, but in pieces, so that the seconds which 32 MiB take keep nobody
 * waiting. One document is read at a time: many at once would have many pieces between two rests.
 * @param rest called between pieces; it may wait, and gives the document up by throwing
 * @throws XmlError, and what `rest` throws
 */
export function readLongXml(
  document: Uint8Array,
  limits: XmlLimits,
  rest: () => Promise<void> | undefined,
): Promise<XmlElement> {
  return longDocuments.run('read', () => {
    const builder = new TreeBuilder();
    return builder.readInPieces(textOfDocument(document, limits), limits, rest);
  });
}

function textOfDocument(document: Uint8Array | string, { maxBytes }: XmlLimits): string {
  if (document.length > maxBytes)
    throw new XmlError('xml-too-big', `the document is over ${maxBytes} octets`);
  const text = typeof document === 'string' ? document : decodeUtf8(document);
  if (text === undefined) throw new XmlError('xml-malformed', 'the document is not UTF-8');
  return text;
}

/**
 * A parser with its listeners costs as much as a short document, so one is kept. Reading is synchronous and
 * saxes begins afresh after a document that it read to its end; a builder that threw is not used again.
 */
let idleBuilder: TreeBuilder | undefined;

interface OpenElement {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: XmlNode[];
  readonly scope: ReadonlyMap<string, string>;
}

const noLimits: XmlLimits = { maxBytes: 0, maxDepth: 0, maxAttributes: 0 };

/** Turns the events of one document after the other into trees, counting as it goes. */
class TreeBuilder {
  readonly #parser = new SaxesParser(parserOptions);
  readonly #open: OpenElement[] = [];
  #limits = noLimits;
  #root: XmlElement | undefined;
  #attributes = 0;
  /** Attributes of the present tag: those without a prefix, and whether there are others. */
  #plain: XmlAttribute[] = [];
  #prefixed = false;
  /** Prefixes that it declares. */
  #declared: string[] = [];
  #nodes = 0;

  constructor() {
    this.#listen();
  }

  /** @throws XmlError; the builder cannot be used after that */
  read(text: string, limits: XmlLimits): XmlElement {
    this.#limits = limits;
    this.#nodes = 0;
    this.#parser.write(text);
    return this.#end();
  }

  /** @throws XmlError, and what `rest` throws; the builder cannot be used after either */
  async readInPieces(
    text: string,
    limits: XmlLimits,
    rest: () => Promise<void> | undefined,
  ): Promise<XmlElement> {
    this.#limits = limits;
    for (let at = 0; at < text.length; at += pieceLength) {
      const resting = rest();
      if (resting !== undefined) await resting;
      this.#parser.write(text.slice(at, at + pieceLength));
    }
    return this.#end();
  }

  #end(): XmlElement {
    this.#parser.close();
    const root = this.#root;
    this.#root = undefined;
    // saxes refuses a document without a root.
    return root ?? this.#malformed('the document holds no element');
  }

  #listen(): void {
    const parser = this.#parser;
    parser.on('error', ({ message }) => this.#malformed(message.replace(/^\d+:\d+: /, '')));
    parser.on('xmldecl', ({ encoding }) => this.#checkEncoding(encoding));
    parser.on('doctype', () => this.#malformed('a document type declaration is not allowed'));
    parser.on('processinginstruction', () => this.#count());
    parser.on('comment', () => this.#count());
    parser.on('opentagstart', ({ name }) => {
      this.#checkName(name);
      this.#count();
      this.#attributes = 0;
      this.#plain = [];
      this.#prefixed = false;
      this.#declared = [];
    });
    parser.on('attribute', ({ name, prefix, local, value }) => {
      this.#checkName(name);
      if (value.length > maxValueLength) this.#tooBig(`a value is over ${maxValueLength} characters`);
      if (name === 'xmlns') this.#declared.push('');
      else if (prefix === 'xmlns') this.#declared.push(local);
      else if (prefix === '') this.#plain.push({ name, namespace: '', value });
      else this.#prefixed = true;
      this.#countAttribute();
    });
    parser.on('opentag', (tag) => this.#openTag(tag));
    parser.on('closetag', () => this.#closeTag());
    parser.on('text', (text) => this.#text(text));
    parser.on('cdata', (text) => {
      this.#count();
      this.#text(text);
    });
  }

  #openTag(tag: SaxesTagNS): void {
    if (this.#open.length >= this.#limits.maxDepth)
      this.#tooBig(`elements are nested over ${this.#limits.maxDepth} deep`);
    this.#open.push({
      name: tag.local,
      namespace: tag.uri,
      attributes: this.#prefixed ? attributesOf(tag.attributes) : this.#plain,
      children: [],
      scope: this.#scope(tag.ns),
    });
  }

  #scope(declared: Record<string, string>): ReadonlyMap<string, string> {
    const outer = this.#open.at(-1)?.scope ?? rootScope;
    if (this.#declared.length === 0) return outer;
    const scope = new Map(outer);
    for (const prefix of this.#declared) scope.set(prefix, declared[prefix] ?? '');
    // Without this bound, each of many elements could copy thousands of prefixes.
    if (scope.size > this.#limits.maxAttributes)
      this.#tooBig(`over ${this.#limits.maxAttributes} namespace prefixes are in scope`);
    return scope;
  }

  #closeTag(): void {
    const closed = this.#open.pop();
    if (closed === undefined) return;
    dropWhiteSpaceBetweenElements(closed.children);
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = closed;
    else parent.children.push(closed);
  }

  #text(text: string): void {
    // saxes itself refuses text outside the root, white space excepted.
    const children = this.#open.at(-1)?.children;
    if (children === undefined || text === '') return;
    const last = children.at(-1);
    if (typeof last === 'string') children[children.length - 1] = last + text;
    else children.push(text);
  }

  #checkEncoding(encoding: string | undefined): void {
    if (encoding !== undefined && encoding.toUpperCase() !== 'UTF-8')
      this.#malformed('the encoding of a document is UTF-8');
  }

  #checkName(name: string): void {
    if (name.length > maxNameLength) this.#tooBig(`a name is over ${maxNameLength} characters`);
  }

  #countAttribute(): void {
    this.#attributes += 1;
    if (this.#attributes > this.#limits.maxAttributes)
      this.#tooBig(`an element has over ${this.#limits.maxAttributes} attributes`);
    this.#count();
  }

  #count(): void {
    this.#nodes += 1;
    const { maxNodes } = this.#limits;
    if (maxNodes !== undefined && this.#nodes > maxNodes)
      this.#tooBig(`the document has over ${maxNodes} elements and attributes`);
  }

  #malformed(message: string): never {
    throw new XmlError('xml-malformed', message, this.#parser.line, this.#parser.column + 1);
  }

  #tooBig(message: string): never {
    throw new XmlError('xml-too-big', message, this.#parser.line, this.#parser.column + 1);
  }
}

function attributesOf(attributes: Record<string, SaxesAttributeNS>): readonly XmlAttribute[] {
  return Object.values(attributes)
    .filter(({ uri }) => uri !== xmlnsNamespace)
    .map(({ local, uri, value }) => ({ name: local, namespace: uri, value }));
}

function dropWhiteSpaceBetweenElements(children: XmlNode[]): void {
  if (children.length < 2) return;
  let kept = 0;
  for (const child of children) {
    if (typeof child === 'string' && isWhiteSpace(child)) continue;
    children[kept] = child;
    kept += 1;
  }
  children.length = kept;
}

/** White space of XML 1.0 §2.3; `\s` would take U+00A0 and others too. */
function isWhiteSpace(text: string): boolean {
  return !/[^ \t\r\n]/.test(text);
}
