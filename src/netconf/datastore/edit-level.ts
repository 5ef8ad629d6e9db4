import type { XmlElement, XmlNode } from '../../xml/element.ts';
import { identityOf, type Member, type Members } from './config-schema.ts';
import { Entries } from './edit-entries.ts';

/** The children of one parent while they are edited. */
export class EditLevel {
  readonly namespace: string;
  readonly members: Members;
  /** What is there before the edit. */
  readonly #before: ReadonlyMap<string, Entries>;
  readonly #now: Map<string, Entries>;
  /** Nodes that this edit has spoken of: each may be spoken of once. */
  readonly #seen = new Set<string>();
  /** Names of nodes that this edit has set. */
  readonly #given = new Set<string>();

  /**
   * @param existing the children before the edit
   * @param keep whether those stay of which the edit does not speak
   */
  constructor(namespace: string, members: Members, existing: readonly XmlNode[], keep: boolean) {
    this.namespace = namespace;
    this.members = members;
    this.#now = group(namespace, members, existing);
    this.#before = this.#now;
    if (!keep) this.#now = new Map();
  }

  /** What there is of a node before the edit; not for one that the edit has spoken of. */
  existing(name: string, identity: string): XmlElement | undefined {
    return this.#before.get(name)?.get(identity);
  }

  /** @returns whether this is the first time that the edit speaks of it */
  claim(name: string, identity: string): boolean {
    const node = `${name} ${identity}`;
    if (this.#seen.has(node)) return false;
    this.#seen.add(node);
    return true;
  }

  /** The instances of a node, as they are by now. */
  entries(name: string): Entries {
    let entries = this.#now.get(name);
    if (entries === undefined) {
      entries = new Entries();
      this.#now.set(name, entries);
    }
    return entries;
  }

  /** Notes that the edit has set an instance of a node. */
  given(name: string): void {
    this.#given.add(name);
  }

  /** Two nodes of different cases of a choice, both of which the edit has set (RFC 6020 §7.9). */
  conflict(): readonly [string, string] | undefined {
    for (const name of this.#given)
      for (const rival of this.members.get(name)?.rivals ?? [])
        if (this.#given.has(rival)) return [name, rival];
    return undefined;
  }

  /** The children after the edit, in the schema's order; a case that was set has deleted the others. */
  children(): XmlElement[] {
    for (const name of this.#given)
      for (const rival of this.members.get(name)?.rivals ?? []) this.#now.delete(rival);
    const children: XmlElement[] = [];
    for (const name of this.members.keys()) this.#now.get(name)?.appendTo(children);
    return children;
  }
}

function group(namespace: string, members: Members, nodes: readonly XmlNode[]): Map<string, Entries> {
  const groups = new Map<string, Entries>();
  let last: { readonly member: Member; readonly entries: Entries } | undefined;
  for (const node of nodes) {
    if (typeof node === 'string' || node.namespace !== namespace) continue;
    if (last?.member.node.name !== node.name) {
      const member = members.get(node.name);
      if (member === undefined) continue;
      last = { member, entries: groups.get(node.name) ?? new Entries() };
      groups.set(node.name, last.entries);
    }
    last.entries.set(identityOf(last.member.node, node), node);
  }
  return groups;
}
