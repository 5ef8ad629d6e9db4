import { dateAndTime } from '../base/clock.ts';
import { element, type XmlElement } from '../xml/element.ts';
import type { ServedModule, SessionInfo } from './backend.ts';
import type { DatastoreLock, DatastoreName } from './datastore/datastore-locks.ts';
import type { ModuleIndex } from './module-catalog.ts';
import { monitoringNamespace } from './namespaces.ts';
import type { MessageCounters, ServerCounters } from './statistics.ts';

/** One session as monitoring shows it. */
export interface MonitoredSession {
  readonly info: SessionInfo;
  readonly counters: MessageCounters;
}

/** What monitoring shows, as it stands at this moment. */
export interface MonitoredServer {
  readonly index: ModuleIndex;
  readonly sessions: readonly MonitoredSession[];
  readonly counters: ServerCounters;
  readonly locks: readonly DatastoreLock[];
  /** Milliseconds since the epoch. */
  readonly startTime: number;
}

/** The container `netconf-state` (RFC 6022 §2.1). */
export function netconfState({ index, sessions, counters, locks, startTime }: MonitoredServer): XmlElement {
  const { capabilities, schemas } = staticParts(index);
  return node('netconf-state', [
    capabilities,
    node(
      'datastores',
      datastores.map((name) => datastoreElement(name, locks)),
    ),
    schemas,
    node('sessions', sessions.map(sessionElement)),
    node('statistics', [
      node('netconf-start-time', dateAndTime(startTime)),
      node('in-bad-hellos', String(counters.inBadHellos)),
      node('in-sessions', String(counters.inSessions)),
      node('dropped-sessions', String(counters.droppedSessions)),
      ...messageCounters(counters),
    ]),
  ]);
}

/** In the order of RFC 6241 §5.1. */
const datastores: readonly DatastoreName[] = ['running', 'startup'];

function datastoreElement(name: DatastoreName, locks: readonly DatastoreLock[]): XmlElement {
  const lock = locks.find(({ datastore }) => datastore === name);
  if (lock === undefined) return node('datastore', [node('name', name)]);
  const globalLock = node('global-lock', [
    node('locked-by-session', String(lock.sessionId)),
    node('locked-time', dateAndTime(lock.since)),
  ]);
  return node('datastore', [node('name', name), node('locks', [globalLock])]);
}

/** What only a change of the modules changes. */
interface StaticParts {
  readonly capabilities: XmlElement;
  readonly schemas: XmlElement;
}

const staticPartsOf = new WeakMap<ModuleIndex, StaticParts>();

function staticParts(index: ModuleIndex): StaticParts {
  const known = staticPartsOf.get(index);
  if (known !== undefined) return known;
  const parts = {
    capabilities: node(
      'capabilities',
      index.capabilities.map((uri) => node('capability', uri)),
    ),
    schemas: node('schemas', index.modules.map(schemaElement)),
  };
  staticPartsOf.set(index, parts);
  return parts;
}

function schemaElement({ schema }: ServedModule): XmlElement {
  return node('schema', [
    node('identifier', schema.name),
    node('version', schema.revision),
    node('format', 'yang'),
    node('namespace', schema.namespace),
    node('location', 'NETCONF'),
  ]);
}

function sessionElement({ info, counters }: MonitoredSession): XmlElement {
  return node('session', [
    node('session-id', String(info.id)),
    node('transport', 'netconf-ssh'),
    node('username', info.username),
    node('source-host', info.sourceHost),
    node('login-time', dateAndTime(info.loginTime)),
    ...messageCounters(counters),
  ]);
}

function messageCounters(counters: MessageCounters): XmlElement[] {
  return [
    node('in-rpcs', String(counters.inRpcs)),
    node('in-bad-rpcs', String(counters.inBadRpcs)),
    node('out-rpc-errors', String(counters.outRpcErrors)),
    node('out-notifications', String(counters.outNotifications)),
  ];
}

function node(name: string, content: readonly XmlElement[] | string): XmlElement {
  return element(monitoringNamespace, name, content);
}
