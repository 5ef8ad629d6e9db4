import type { XmlElement, XmlNode } from '../../xml/element.ts';
import type { DataPath } from '../data-path.ts';
import { withoutSameEnds } from '../same-ends.ts';
import type { ConfigEdit } from './config-change.ts';
import { type ConfigSchema, type DataNode, identityOf, type Members, stepTo } from './config-schema.ts';
import type { ConfigTree } from './config-view.ts';
import { sameLeaf } from './edit-values.ts';

/** Edits of one commit that are told one by one; of more, their top-level nodes (RFC 6470 §2.2, `target`). */
const maxEdits = 100;

/**
 * What a commit changed, topmost nodes first: empty where it changed nothing. A leaf that has another value
 * is replaced, an entry that moved among others is merged.
 */
export function configEdits(
  before: ConfigTree,
  after: ConfigTree,
  schema: ConfigSchema,
): readonly ConfigEdit[] {
  const edits = schema.modules.flatMap(({ namespace, data }) => {
    const differences = new Differences(schema);
    differences.between(before, after, namespace, schema.members(data), []);
    return differences.edits;
  });
  if (edits.length <= maxEdits) return edits;
  const tops = new Map(edits.map(({ target: [top] }) => [`${top?.namespace} ${top?.name}`, top]));
  return [...tops.values()].flatMap((top) =>
    top === undefined ? [] : [{ target: [top], operation: 'merge' as const }],
  );
}

interface Instance {
  readonly node: DataNode;
  readonly element: XmlElement;
}

class Differences {
  readonly edits: ConfigEdit[] = [];
  readonly #schema: ConfigSchema;

  constructor(schema: ConfigSchema) {
    this.#schema = schema;
  }

  between(
    before: readonly XmlNode[],
    after: readonly XmlNode[],
    namespace: string,
    members: Members,
    path: DataPath,
  ): void {
    const [gone, come] = withoutSameEnds(before, after);
    const old = instances(gone, namespace, members);
    const now = instances(come, namespace, members);
    for (const [id, instance] of old) if (!now.has(id)) this.#add(instance, path, 'delete');
    for (const [id, instance] of now) {
      const previous = old.get(id);
      if (previous === undefined) this.#add(instance, path, 'create');
      else if (previous.element !== instance.element) this.#inner(previous.element, instance, path);
    }
    this.#moves(old, now, path);
  }

  #inner(before: XmlElement, { node, element }: Instance, path: DataPath): void {
    if (!('children' in node)) {
      if (!sameLeaf(before, element)) this.#add({ node, element }, path, 'replace');
      return;
    }
    const members = this.#schema.members(node.children, node.kind === 'list' ? node.keys : []);
    this.between(before.children, element.children, element.namespace, members, [
      ...path,
      stepTo(node, element),
    ]);
  }

  /** Entries that are ordered by the user, and whose place among those that were there is another. */
  #moves(old: ReadonlyMap<string, Instance>, now: ReadonlyMap<string, Instance>, path: DataPath): void {
    const stayed = [...now.entries()].filter(([id, { node }]) => old.has(id) && isUserOrdered(node));
    if (stayed.length < 2) return;
    const order = [...old.entries()].filter(([id, { node }]) => now.has(id) && isUserOrdered(node));
    for (const [i, [id, instance]] of stayed.entries())
      if (order[i]?.[0] !== id) this.#add(instance, path, 'merge');
  }

  #add({ node, element }: Instance, path: DataPath, operation: ConfigEdit['operation']): void {
    this.edits.push({ target: [...path, stepTo(node, element)], operation });
  }
}

function isUserOrdered(node: DataNode): boolean {
  return 'orderedBy' in node && node.orderedBy === 'user';
}

function instances(nodes: readonly XmlNode[], namespace: string, members: Members): Map<string, Instance> {
  const found = new Map<string, Instance>();
  for (const element of nodes) {
    if (typeof element === 'string' || element.namespace !== namespace) continue;
    const node = members.get(element.name)?.node;
    if (node !== undefined) found.set(`${element.name} ${identityOf(node, element)}`, { node, element });
  }
  return found;
}
