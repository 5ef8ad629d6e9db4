import { childElements, textOf, type XmlElement } from '../xml/element.ts';
import type {
  ChoiceNode,
  ContainerNode,
  LeafListNode,
  LeafNode,
  ListNode,
  ModuleSchema,
  RpcSchema,
  SchemaNode,
} from '../yang/schema.ts';
import { checkValue, ValueError } from '../yang/value-check.ts';
import type { RpcInput } from './backend.ts';
import { baseNamespace } from './namespaces.ts';
import {
  badElement,
  type ErrorPlace,
  invalidValue,
  missingChoice,
  missingElement,
  unknownElement,
  unknownNamespace,
} from './protocol-errors.ts';
import { RpcError } from './rpc-error.ts';
import { findNode } from './schema-nodes.ts';

type Values = Record<string, RpcInput[string]>;

/**
 * Checks the input of an RPC against its schema (RFC 6020 §7.13.2) and fills in defaults.
 * @param operation the element of the operation, in the module's namespace
 * @returns canonical values by name; choices and cases leave no trace
 * @throws RpcError for the first fault: a name that does not belong, else the first in the schema's order
 */
export function checkInput(operation: XmlElement, rpc: RpcSchema, module: ModuleSchema): RpcInput {
  const { path, pathPrefixes } = inputPlace(module, rpc);
  return new InputChecker(module, pathPrefixes).children(operation, rpc.input, path);
}

/** Where the input of an RPC is, or a leaf of it, as an error-path. */
export function inputPlace(module: ModuleSchema, rpc: RpcSchema, leaf?: string): Required<ErrorPlace> {
  const { prefix, namespace } = module;
  const path = `/nc:rpc/${prefix}:${rpc.name}`;
  return {
    path: leaf === undefined ? path : `${path}/${prefix}:${leaf}`,
    pathPrefixes: { nc: baseNamespace, [prefix]: namespace },
  };
}

class InputChecker {
  readonly #module: ModuleSchema;
  readonly #prefixes: Readonly<Record<string, string>>;

  constructor(module: ModuleSchema, prefixes: Readonly<Record<string, string>>) {
    this.#module = module;
    this.#prefixes = prefixes;
  }

  children(parent: XmlElement, nodes: readonly SchemaNode[], path: string): RpcInput {
    if (parent.children.some((child) => typeof child === 'string' && child.trim() !== ''))
      throw this.#misplaced(parent.name, `<${parent.name}> holds text beside its elements`, path);
    const given = this.#group(parent, nodes, path);
    // Without a prototype, `__proto__` is a leaf name like others.
    const values: Values = Object.create(null);
    for (const node of nodes) this.#node(node, given, values, parent.name, path, true);
    return values;
  }

  /** The child elements by name, once each is known to belong here. */
  #group(parent: XmlElement, nodes: readonly SchemaNode[], path: string): Map<string, XmlElement[]> {
    const given = new Map<string, XmlElement[]>();
    for (const child of childElements(parent)) {
      if (child.namespace !== this.#module.namespace)
        throw unknownNamespace(child, parent.name, this.#place(path));
      if (findNode(nodes, child.name) === undefined)
        throw unknownElement(child, parent.name, this.#place(path));
      const same = given.get(child.name);
      if (same === undefined) given.set(child.name, [child]);
      else same.push(child);
    }
    return given;
  }

  /**
   * @param required whether defaults and mandatory nodes count: not in a case that is not chosen
   *   (RFC 6020 §7.9.3)
   */
  #node(
    node: SchemaNode,
    given: ReadonlyMap<string, XmlElement[]>,
    values: Values,
    holder: string,
    path: string,
    required: boolean,
  ): void {
    if (node.kind === 'choice') {
      this.#choice(node, given, values, holder, path, required);
      return;
    }
    const elements = given.get(node.name) ?? [];
    if (elements.length === 0 && !required) return;
    const value = this.#value(node, elements, holder, `${path}/${this.#module.prefix}:${node.name}`);
    if (value !== undefined) values[node.name] = value;
  }

  #value(
    node: Exclude<SchemaNode, ChoiceNode>,
    elements: readonly XmlElement[],
    holder: string,
    path: string,
  ): RpcInput[string] {
    if (node.kind === 'list') return this.#list(node, elements, path);
    if (node.kind === 'leaf-list') return this.#leafList(node, elements, path);
    if (elements.length > 1)
      throw this.#misplaced(node.name, `<${node.name}> is given ${elements.length} times`, path);
    return node.kind === 'leaf'
      ? this.#leaf(node, elements[0], holder, path)
      : this.#container(node, elements[0], path);
  }

  #choice(
    choice: ChoiceNode,
    given: ReadonlyMap<string, XmlElement[]>,
    values: Values,
    holder: string,
    path: string,
    required: boolean,
  ): void {
    const chosen = choice.cases.filter((nodes) => nodes.some((node) => isGiven(node, given)));
    const [first, second] = chosen;
    if (second !== undefined) {
      const extra = [...given.keys()].find((name) => findNode(second, name) !== undefined) ?? choice.name;
      const message = `<${extra}> excludes what else is given: only one case of ${choice.name} may be`;
      throw this.#misplaced(extra, message, `${path}/${this.#module.prefix}:${extra}`);
    }
    for (const node of first ?? []) this.#node(node, given, values, holder, path, true);
    if (first === undefined && choice.mandatory && required)
      throw missingChoice(choice.cases.flatMap(firstNames), holder, this.#place(path));
  }

  #leaf(leaf: LeafNode, element: XmlElement | undefined, holder: string, path: string): string | undefined {
    if (element !== undefined) return this.#text(leaf, element, path);
    if (leaf.mandatory) throw missingElement(leaf.name, holder, this.#place(path));
    return leaf.default;
  }

  /**
   * An absent container stands for an empty one, its defaults and mandatory leaves count, unless it is a
   * presence container (RFC 6020 §7.5.1).
   */
  #container(container: ContainerNode, element: XmlElement | undefined, path: string): RpcInput | undefined {
    if (element === undefined && container.presence) return undefined;
    const empty = { name: container.name, namespace: this.#module.namespace, attributes: [], children: [] };
    const values = this.children(element ?? empty, container.children, path);
    return element === undefined && Object.keys(values).length === 0 ? undefined : values;
  }

  #list(list: ListNode, elements: readonly XmlElement[], path: string): readonly RpcInput[] | undefined {
    const seen = new Set<string>();
    const entries = elements.map((element, i) => {
      const entryPath = `${path}[${i + 1}]`;
      const entry = this.children(element, list.children, entryPath);
      for (const key of list.keys)
        if (entry[key] === undefined) throw missingElement(key, list.name, this.#place(entryPath));
      const identity = JSON.stringify(list.keys.map((key) => entry[key]));
      if (list.keys.length > 0 && seen.has(identity))
        throw this.#misplaced(list.name, `<${list.name}> has two entries with the same key`, entryPath);
      seen.add(identity);
      return entry;
    });
    return entries.length === 0 ? undefined : entries;
  }

  #leafList(
    leafList: LeafListNode,
    elements: readonly XmlElement[],
    path: string,
  ): readonly string[] | undefined {
    const values = elements.map((element, i) => this.#text(leafList, element, `${path}[${i + 1}]`));
    return values.length === 0 ? undefined : values;
  }

  #text(leaf: LeafNode | LeafListNode, element: XmlElement, path: string): string {
    const [child] = childElements(element);
    if (child !== undefined) throw unknownElement(child, element.name, this.#place(path));
    try {
      return checkValue(leaf.type, textOf(element));
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      throw invalidValue(leaf.name, `<${leaf.name}>: ${error.message}`, this.#place(path));
    }
  }

  #misplaced(name: string, message: string, path: string): RpcError {
    return new RpcError('application', 'bad-element', message, {
      ...this.#place(path),
      info: [badElement(name)],
    });
  }

  #place(path: string): ErrorPlace {
    return { path, pathPrefixes: this.#prefixes };
  }
}

function isGiven(node: SchemaNode, given: ReadonlyMap<string, XmlElement[]>): boolean {
  if (node.kind === 'choice') return node.cases.some((nodes) => nodes.some((one) => isGiven(one, given)));
  return given.has(node.name);
}

/** Names of the elements that a case may begin with. */
function firstNames([node]: readonly SchemaNode[]): string[] {
  if (node === undefined) return [];
  return node.kind === 'choice' ? node.cases.flatMap(firstNames) : [node.name];
}
