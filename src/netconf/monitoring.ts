import { dateAndTime } from '../base/clock.ts';
import { element, type XmlElement } from '../xml/element.ts';
import type { ServedModule, SessionInfo } from './backend.ts';
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
  /** Milliseconds since the epoch. */
  readonly startTime: number;
}

/** The container `netconf-state` (RFC 6022 §2.1). */
export function netconfState({ index, sessions, counters, startTime }: MonitoredServer): XmlElement {
  return node('netconf-state', [
    ...staticParts(index),
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

const staticPartsOf = new WeakMap<ModuleIndex, readonly XmlElement[]>();

/** What only a change of the modules changes. */
function staticParts(index: ModuleIndex): readonly XmlElement[] {
  const known = staticPartsOf.get(index);
  if (known !== undefined) return known;
  const parts = [
    node(
      'capabilities',
      index.capabilities.map((uri) => node('capability', uri)),
    ),
    node('datastores', [node('datastore', [node('name', 'running')])]),
    node('schemas', index.modules.map(schemaElement)),
  ];
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
