import { element, textOf, type XmlAttribute, type XmlElement } from '../../xml/element.ts';
import type { ChoiceNode, LeafNode, ModuleSchema, SchemaNode } from '../../yang/schema.ts';
import { findNode } from '../schema-nodes.ts';
import { defaultAttributeNamespace } from './edit-attributes.ts';

/** RFC 6243: the parameter `with-defaults`, and the module `ietf-netconf-with-defaults`. */
export const withDefaultsNamespace = 'urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults';

/** RFC 6243 §3; `explicit` is how data is kept, and the basic mode. */
export type WithDefaultsMode = 'explicit' | 'report-all' | 'report-all-tagged' | 'trim';

/**
 * Applies a mode of RFC 6243 to configuration data; state data stays as it is. To be called before the
 * filter, which selects among what is reported, and only when the request has the parameter:
 * `explicit` returns its argument.
 * @param data top-level elements
 * @param schemas all modules whose configuration can be in it: their absent nodes have defaults too
 */
export function applyWithDefaults(
  data: readonly XmlElement[],
  mode: WithDefaultsMode,
  schemas: readonly ModuleSchema[],
): readonly XmlElement[] {
  if (mode === 'explicit') return data;
  if (mode === 'trim') return trimmedAll(data, schemas);
  return reported(data, schemas, new Reporter(mode === 'report-all-tagged' ? [tag] : []));
}

/**
 * Applies a mode to `operational` (RFC 8526 §3.1.1.2): a default is a value in use like others, so that all
 * modes but `trim` report it; and what makes a default is the value, in state data too.
 * @param data top-level elements, as {@link applyWithDefaults} takes them
 */
export function applyOperationalDefaults(
  data: readonly XmlElement[],
  mode: WithDefaultsMode,
  schemas: readonly ModuleSchema[],
): readonly XmlElement[] {
  if (mode === 'trim') return trimmedAll(data, schemas, true);
  return reported(data, schemas, new Reporter(mode === 'report-all-tagged' ? [tag] : [], true));
}

function reported(
  data: readonly XmlElement[],
  schemas: readonly ModuleSchema[],
  reporter: Reporter,
): readonly XmlElement[] {
  const present = data.map((top) => {
    const node = topNode(top, schemas);
    return node === undefined ? top : reporter.element(node, top);
  });
  const absent = schemas.flatMap(({ namespace, data: nodes }) => {
    const given = data.filter((top) => top.namespace === namespace);
    return reporter.absent(nodes, given, namespace);
  });
  return absent.length === 0 ? present : [...present, ...absent];
}

/** RFC 6243 §6. */
const tag: XmlAttribute = { name: 'default', namespace: defaultAttributeNamespace, value: 'true' };

function topNode({ namespace, name }: XmlElement, schemas: readonly ModuleSchema[]): SchemaNode | undefined {
  const nodes = schemas.find((schema) => schema.namespace === namespace)?.data;
  return nodes === undefined ? undefined : findNode(nodes, name);
}

/** Adds the defaults of nodes that are not there (RFC 6243 §3.1, §3.4). */
class Reporter {
  readonly #attributes: readonly XmlAttribute[];
  readonly #tagsEqual: boolean;

  /**
   * @param attributes of every leaf that is added
   * @param tagsEqual they are also of leaves that are there with the value of their default
   */
  constructor(attributes: readonly XmlAttribute[], tagsEqual = false) {
    this.#attributes = attributes;
    this.#tagsEqual = tagsEqual && attributes.length > 0;
  }

  /** An element that is there, with what is missing below it. */
  element(node: SchemaNode, given: XmlElement): XmlElement {
    if (node.config === false && !this.#tagsEqual) return given;
    if (node.kind === 'leaf') return this.#tagsEqual && isDefault(node, given) ? this.#tagged(given) : given;
    if (!('children' in node)) return given;
    const elements = given.children.filter((child) => typeof child !== 'string');
    const children = this.#children(node.children, elements, given.namespace);
    return { ...given, children };
  }

  #tagged(leaf: XmlElement): XmlElement {
    return { ...leaf, attributes: [...leaf.attributes, ...this.#attributes] };
  }

  /** The defaults of those nodes of which there is no instance. */
  absent(nodes: readonly SchemaNode[], given: readonly XmlElement[], namespace: string): XmlElement[] {
    return nodes.flatMap((node) =>
      given.some(({ name }) => name === node.name) ? [] : this.#defaults(node, given, namespace),
    );
  }

  #defaults(node: SchemaNode, siblings: readonly XmlElement[], namespace: string): XmlElement[] {
    if (node.config === false) return [];
    switch (node.kind) {
      case 'leaf':
        return node.default === undefined
          ? []
          : [element(namespace, node.name, node.default, this.#attributes)];
      case 'container': {
        const children = node.presence ? [] : this.#children(node.children, [], namespace);
        return children.length === 0 ? [] : [element(namespace, node.name, children)];
      }
      case 'choice':
        return this.#choice(node, siblings, namespace);
      default:
        return [];
    }
  }

  #children(
    nodes: readonly SchemaNode[],
    given: readonly XmlElement[],
    namespace: string,
  ): readonly XmlElement[] {
    const present = given.map((child) => {
      const node = findNode(nodes, child.name);
      return node === undefined ? child : this.element(node, child);
    });
    const absent = this.absent(nodes, given, namespace);
    return absent.length === 0 ? present : [...present, ...absent];
  }

  /** RFC 6020 §7.9.3: of the case that is there, else of the default case, nodes have defaults. */
  #choice(choice: ChoiceNode, siblings: readonly XmlElement[], namespace: string): XmlElement[] {
    const chosen =
      choice.cases.find((nodes) => siblings.some(({ name }) => findNode(nodes, name) !== undefined)) ??
      choice.cases.find((_, i) => choice.default !== undefined && choice.caseNames?.[i] === choice.default);
    return this.absent(chosen ?? [], siblings, namespace);
  }
}

/**
 * Leaves out leaves that hold their default (RFC 6243 §3.2).
 * @param state those of state data too
 */
function trimmedAll(
  data: readonly XmlElement[],
  schemas: readonly ModuleSchema[],
  state = false,
): readonly XmlElement[] {
  return data.flatMap((top) => {
    const node = topNode(top, schemas);
    const left = node === undefined ? top : trimmed(node, top, [], state);
    return left === undefined ? [] : [left];
  });
}

function trimmed(
  node: SchemaNode,
  given: XmlElement,
  keys: readonly string[],
  state: boolean,
): XmlElement | undefined {
  if (node.config === false && !state) return given;
  if (node.kind === 'leaf') return isDefault(node, given) && !keys.includes(node.name) ? undefined : given;
  if (!('children' in node)) return given;
  const children = given.children.flatMap((child) => {
    if (typeof child === 'string') return [];
    const inner = findNode(node.children, child.name);
    const ownKeys = node.kind === 'list' ? node.keys : [];
    const left = inner === undefined ? child : trimmed(inner, child, ownKeys, state);
    return left === undefined ? [] : [left];
  });
  if (children.length === given.children.length && children.every((child, i) => child === given.children[i]))
    return given;
  const empty = children.length === 0 && node.kind === 'container' && !node.presence;
  return empty ? undefined : { ...given, children };
}

function isDefault(leaf: LeafNode, given: XmlElement): boolean {
  return leaf.default !== undefined && textOf(given) === leaf.default;
}
