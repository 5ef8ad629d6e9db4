import { textOf, type XmlElement } from '../../xml/element.ts';
import type { ChoiceNode, ModuleSchema, SchemaNode } from '../../yang/schema.ts';
import { type DataPath, instanceIdentifier, type PathStep } from '../data-path.ts';
import type { ErrorPlace } from '../protocol-errors.ts';

/** A schema node that data has instances of: not a choice. */
export type DataNode = Exclude<SchemaNode, ChoiceNode>;

/** A data node among its siblings. */
export interface Member {
  readonly node: DataNode;
  /** Names of the nodes that cannot stand beside it: those of the other cases (RFC 6020 §7.9). */
  readonly rivals: readonly string[];
}

/** The data nodes among sibling schema nodes by name: keys first, then in the schema's order. */
export type Members = ReadonlyMap<string, Member>;

/** The modules whose `config true` nodes make up the configuration. */
export class ConfigSchema {
  readonly modules: readonly ModuleSchema[];
  readonly #byNamespace: ReadonlyMap<string, ModuleSchema>;
  readonly #members = new WeakMap<readonly SchemaNode[], Members>();

  constructor(modules: readonly ModuleSchema[]) {
    this.modules = modules;
    this.#byNamespace = new Map(modules.map((module) => [module.namespace, module]));
  }

  /** The module of a namespace, where it holds configuration. */
  module(namespace: string): ModuleSchema | undefined {
    return this.#byNamespace.get(namespace);
  }

  /** @param keys of the list whose children the nodes are */
  members(nodes: readonly SchemaNode[], keys: readonly string[] = []): Members {
    let members = this.#members.get(nodes);
    if (members === undefined) {
      members = membersOf(nodes, keys);
      this.#members.set(nodes, members);
    }
    return members;
  }

  /** A path as an error-path. */
  place(path: DataPath): Required<ErrorPlace> {
    return instanceIdentifier(path, (namespace) => this.#byNamespace.get(namespace)?.prefix);
  }
}

function membersOf(nodes: readonly SchemaNode[], keys: readonly string[]): Members {
  const found = nodes.flatMap((node) => withRivals(node, []));
  const rank = ({ node }: Member): number =>
    keys.includes(node.name) ? keys.indexOf(node.name) : keys.length;
  return new Map(found.sort((a, b) => rank(a) - rank(b)).map((member) => [member.node.name, member]));
}

function withRivals(node: SchemaNode, rivals: readonly string[]): Member[] {
  if (node.kind !== 'choice') return [{ node, rivals }];
  return node.cases.flatMap((nodes) => {
    const others = node.cases.filter((one) => one !== nodes).flatMap((one) => one.flatMap(dataNames));
    return nodes.flatMap((inner) => withRivals(inner, [...rivals, ...others]));
  });
}

function dataNames(node: SchemaNode): string[] {
  return node.kind === 'choice' ? node.cases.flatMap((nodes) => nodes.flatMap(dataNames)) : [node.name];
}

/**
 * What tells an instance from others of its name: an entry's key values, a leaf-list entry's value. Only of
 * elements that are valid, in which keys come first.
 */
export function identityOf(node: DataNode, element: XmlElement): string {
  if (node.kind === 'leaf-list') return leafText(element);
  if (node.kind !== 'list') return '';
  const { children } = element;
  const [first] = children;
  if (node.keys.length === 1) return typeof first === 'object' ? leafText(first) : '';
  return keyIdentity(
    node.keys.map((_, i) => {
      const key = children[i];
      return typeof key === 'object' ? leafText(key) : '';
    }),
  );
}

/** The text of a leaf that is valid; a datastore has thousands of them. */
function leafText({ children }: XmlElement): string {
  const [value] = children;
  return typeof value === 'string' ? value : '';
}

/** The same, of an entry whose keys have these values, in their order. */
export function keyIdentity(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : JSON.stringify(values);
}

/** The values of an entry's keys by their names. */
export function keyValues(keys: readonly string[], entry: XmlElement): Record<string, string> {
  // Without a prototype, `__proto__` is a key like others.
  const values: Record<string, string> = Object.create(null);
  for (const key of keys)
    for (const child of entry.children)
      if (typeof child !== 'string' && child.name === key) values[key] = textOf(child);
  return values;
}

/** The step of a path to a valid instance. */
export function stepTo(node: DataNode, element: XmlElement): PathStep {
  const { namespace, name } = element;
  if (node.kind === 'list') return { namespace, name, keys: keyValues(node.keys, element) };
  return node.kind === 'leaf-list'
    ? { namespace, name, keys: { '.': textOf(element) } }
    : { namespace, name };
}
