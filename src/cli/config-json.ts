import type { ConfigTree } from '../netconf/datastore/config-view.ts';
import { findNode } from '../netconf/schema-nodes.ts';
import { childElements, textOf, type XmlElement } from '../xml/element.ts';
import type { ModuleSchema, SchemaNode, YangType } from '../yang/schema.ts';

/** A value of JSON. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const numbers: ReadonlySet<YangType['base']> = new Set([
  'int8',
  'int16',
  'int32',
  'uint8',
  'uint16',
  'uint32',
]);

/**
 * A configuration as JSON (RFC 7951): top-level names with their module's, lists and leaf-lists as arrays,
 * 64-bit integers and decimals as strings.
 */
export function configJson(config: ConfigTree, modules: readonly ModuleSchema[]): Json {
  return Object.fromEntries(
    config.flatMap((top) => {
      const module = modules.find(({ namespace }) => namespace === top.namespace);
      const node = module && findNode(module.data, top.name);
      return module && node ? [[`${module.name}:${top.name}`, nodeJson([top], node)]] : [];
    }),
  );
}

function nodeJson(instances: readonly XmlElement[], node: SchemaNode): Json {
  const [first] = instances;
  if (first === undefined) return null;
  switch (node.kind) {
    case 'container':
      return childrenJson(first, node.children);
    case 'list':
      return instances.map((entry) => childrenJson(entry, node.children));
    case 'leaf-list':
      return instances.map((entry) => leafJson(textOf(entry), node.type));
    case 'leaf':
      return leafJson(textOf(first), node.type);
    case 'choice':
      return null;
  }
}

function childrenJson(parent: XmlElement, nodes: readonly SchemaNode[]): Json {
  const children = childElements(parent);
  return Object.fromEntries(
    [...new Set(children.map(({ name }) => name))].flatMap((name) => {
      const node = findNode(nodes, name);
      const instances = children.filter((child) => child.name === name);
      return node === undefined ? [] : [[name, nodeJson(instances, node)]];
    }),
  );
}

/** RFC 7951 §6. */
function leafJson(text: string, type: YangType): Json {
  if (numbers.has(type.base)) return Number(text);
  if (type.base === 'boolean') return text === 'true';
  return type.base === 'empty' ? [null] : text;
}
