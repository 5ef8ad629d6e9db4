import { element, type XmlElement } from '../../xml/element.ts';
import type { SessionInfo } from '../backend.ts';
import { type DataPath, instanceIdentifier, type PathStep } from '../data-path.ts';
import type { ConfigChange, ConfigEdit } from '../datastore/config-change.ts';
import { baseEventsNamespace } from '../namespaces.ts';
import type { EndReason } from '../session.ts';
import type { NetconfEvent } from './event.ts';

/** The events of a server about itself (RFC 6470 §2.2), which only the stream `NETCONF` carries. */

/** The prefix of a module, by its namespace. */
type PrefixOf = (namespace: string) => string | undefined;

export function sessionStart(session: SessionInfo): NetconfEvent {
  return { content: node('netconf-session-start', sessionParameters(session)) };
}

/** @param killedBy the session that asked for it, where one has */
export function sessionEnd(session: SessionInfo, reason: EndReason, killedBy?: number): NetconfEvent {
  return {
    content: node('netconf-session-end', [
      ...sessionParameters(session),
      killedBy === undefined ? undefined : node('killed-by', String(killedBy)),
      node('termination-reason', reason),
    ]),
  };
}

/**
 * A commit to a datastore: one event for each top-level node and each list entry that it changed, so that
 * who may not read one of them learns of the others all the same, and of that one nothing.
 */
export function configChanges({ datastore, edits, by }: ConfigChange, prefixOf: PrefixOf): NetconfEvent[] {
  const groups = new Map<string, ConfigEdit[]>();
  for (const edit of edits) {
    const key = JSON.stringify(subjectOf(edit.target));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [edit]);
    else group.push(edit);
  }
  return [...groups.values()].map((group) => ({
    about: commonPath(group.map(({ target }) => target)),
    content: node('netconf-config-change', [
      changedBy(by),
      node('datastore', datastore),
      ...group.map((edit) => editElement(edit, prefixOf)),
    ]),
  }));
}

/** What an edit is told under: the outermost list entry that it is in, else its top-level node. */
function subjectOf(target: DataPath): DataPath {
  const entry = target.findIndex(({ keys }) => keys !== undefined);
  return target.slice(0, entry === -1 ? 1 : entry + 1);
}

/** The node that holds all that the paths name. */
function commonPath([first = [], ...others]: readonly DataPath[]): DataPath {
  const same = (one: PathStep | undefined, other: PathStep): boolean =>
    JSON.stringify(one) === JSON.stringify(other);
  const end = first.findIndex((step, i) => !others.every((path) => same(path[i], step)));
  return end === -1 ? first : first.slice(0, end);
}

function changedBy(by: SessionInfo | undefined): XmlElement {
  return node('changed-by', by === undefined ? [node('server', [])] : sessionParameters(by));
}

function sessionParameters({ id, username, sourceHost }: SessionInfo): XmlElement[] {
  const parameters = [node('username', username), node('session-id', String(id))];
  return isAddress(sourceHost) ? [...parameters, node('source-host', sourceHost)] : parameters;
}

/** The leaf is an inet:ip-address, and optional: a connection that is gone already has none. */
function isAddress(host: string): boolean {
  return /^[0-9.]+$|:/.test(host);
}

function editElement({ target, operation }: ConfigEdit, prefixOf: PrefixOf): XmlElement {
  return node('edit', [targetElement(target, prefixOf), node('operation', operation)]);
}

function targetElement(target: DataPath, prefixOf: PrefixOf): XmlElement {
  const { path, pathPrefixes } = instanceIdentifier(target, prefixOf);
  return { ...node('target', path), scope: new Map(Object.entries(pathPrefixes)) };
}

function node(name: string, content: readonly (XmlElement | undefined)[] | string): XmlElement {
  return element(baseEventsNamespace, name, content);
}
