import type { Clock } from '../base/clock.ts';
import type { NetconfConfig } from '../base/config.ts';
import type { Logger } from '../base/logger.ts';
import type { AccessPolicy } from './access/user-access.ts';
import type { RequestAudit } from './audit.ts';
import type { Backend, SessionInfo } from './backend.ts';
import type { Datastores } from './datastore/datastores.ts';
import { configChanges, sessionEnd, sessionStart } from './events/base-events.ts';
import type { EventStreams } from './events/event-streams.ts';
import { ModuleWatch } from './events/module-events.ts';
import { streamsState } from './events/subscription-state.ts';
import { LoopTurn } from './loop-turn.ts';
import { ModuleCatalog } from './module-catalog.ts';
import { netconfState } from './monitoring.ts';
import { monitoringNamespace, notificationStateNamespace, yangLibraryNamespace } from './namespaces.ts';
import type { OwnState } from './operation.ts';
import { type EndReason, NetconfSession, type SessionHost } from './session.ts';
import type { SessionHandle, SessionPort } from './session-port.ts';
import { newServerCounters } from './statistics.ts';
import { UserBudget } from './user-budget.ts';
import { modulesState, yangLibrary } from './yang-library.ts';

export interface NetconfServerDependencies {
  readonly backend: Backend;
  readonly datastores: Datastores;
  readonly access: AccessPolicy;
  /** Keeps account of what clients do. */
  readonly audit?: RequestAudit;
  /** State of its parts that the server does not know. */
  readonly state?: readonly OwnState[];
  /** What clients subscribe to; the server's own events go there too (RFC 6470). */
  readonly events: EventStreams;
  readonly config: NetconfConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the wire is traced, at level `trace`, when it is. */
  readonly trace?: Logger;
}

/** A channel on which a user, who has logged in, begins a session. */
export interface SessionRequest {
  readonly username: string;
  readonly sourceHost: string;
  readonly port: SessionPort;
}

/** The sessions of one NETCONF server, and what they share. Knows no transport. */
export class NetconfServer {
  readonly #dependencies: NetconfServerDependencies;
  readonly #sessions = new Map<number, NetconfSession>();
  /** Of the users that have sessions, or had some that still have something to send. */
  readonly #budgets = new Map<string, UserBudget>();
  readonly #counters = newServerCounters();
  readonly #host: SessionHost;
  readonly #startTime: number;
  readonly #moduleWatch: ModuleWatch;
  /** Ends the events of commits. */
  readonly #stopTelling: () => void;
  #lastId = 0;
  #closed = false;

  constructor(dependencies: NetconfServerDependencies) {
    const { backend, datastores, access, state = [], events, config, clock, logger, trace } = dependencies;
    const catalog = new ModuleCatalog(backend);
    this.#dependencies = dependencies;
    this.#startTime = clock.now();
    this.#moduleWatch = new ModuleWatch({ backend, catalog, events, clock });
    const prefixOf = (namespace: string) => catalog.current().implementedBy(namespace)?.prefix;
    this.#stopTelling = datastores.onCommitted((change) => {
      for (const event of configChanges(change, prefixOf)) events.emit(event);
    });
    this.#host = {
      backend,
      datastores,
      access,
      audit: dependencies.audit,
      events,
      config,
      clock,
      logger,
      trace,
      counters: this.#counters,
      ownState: [this.#monitoring(catalog), ...libraryState(catalog), streamsOf(events), ...state],
      index: () => catalog.current(),
      turn: new LoopTurn(clock),
      budgetOf: (username) => this.#budgetOf(username),
      kill: (id, by) => this.#kill(id, by),
      ended: (session, reason, killedBy) => this.#ended(session, reason, killedBy),
    };
  }

  /**
   * Begins a session, sending the hello at once. Over a limit, or after `close`, the port is ended and a
   * handle that does nothing returned.
   */
  openSession({ username, sourceHost, port }: SessionRequest): SessionHandle {
    const { clock, events, logger } = this.#dependencies;
    const refusal = this.#refusal(username);
    if (refusal !== undefined) {
      logger.warn('a NETCONF session was refused', { username, sourceHost, reason: refusal });
      port.end();
      return refusedSession;
    }
    this.#lastId += 1;
    const info = { id: this.#lastId, username, sourceHost, loginTime: clock.now() };
    const session = new NetconfSession(this.#host, info, port);
    this.#sessions.set(info.id, session);
    this.#counters.inSessions += 1;
    events.emit(sessionStart(info));
    logger.info('a NETCONF session began', { session: info.id, username, sourceHost });
    return session;
  }

  /** The sessions that are open now, oldest first. */
  sessions(): readonly SessionInfo[] {
    return [...this.#sessions.values()].map(({ info }) => info);
  }

  /** Ends all sessions and takes no new ones. */
  close(): void {
    this.#closed = true;
    this.#moduleWatch.close();
    this.#stopTelling();
    for (const session of [...this.#sessions.values()]) session.end('other');
  }

  #refusal(username: string): string | undefined {
    const { maxSessions, maxSessionsPerUser } = this.#dependencies.config;
    if (this.#closed) return 'the server is closing';
    if (this.#sessions.size >= maxSessions) return `${maxSessions} sessions are open`;
    const own = this.sessions().filter((session) => session.username === username).length;
    return own >= maxSessionsPerUser ? `the user has ${maxSessionsPerUser} sessions open` : undefined;
  }

  #budgetOf(username: string): UserBudget {
    const budget = this.#budgets.get(username) ?? new UserBudget(this.#dependencies.config.maxUserBytes);
    this.#budgets.set(username, budget);
    return budget;
  }

  #kill(id: number, by: number): boolean {
    const session = this.#sessions.get(id);
    session?.end('killed', by);
    return session !== undefined;
  }

  #ended(session: NetconfSession, reason: EndReason, killedBy: number | undefined): void {
    this.#sessions.delete(session.id);
    this.#dependencies.datastores.releaseLocks(session.id);
    const { username: user } = session.info;
    if (this.#budgetOf(user).empty && !this.sessions().some(({ username }) => username === user))
      this.#budgets.delete(user);
    if (reason === 'bad-hello') this.#counters.inBadHellos += 1;
    else if (reason !== 'closed' && reason !== 'killed') this.#counters.droppedSessions += 1;
    this.#dependencies.events.emit(sessionEnd(session.info, reason, killedBy));
    const { username, sourceHost } = session.info;
    this.#dependencies.logger.info('a NETCONF session ended', {
      session: session.id,
      username,
      sourceHost,
      reason,
    });
  }

  #monitoring(catalog: ModuleCatalog): OwnState {
    return {
      namespace: monitoringNamespace,
      name: 'netconf-state',
      build: () =>
        netconfState({
          index: catalog.current(),
          sessions: [...this.#sessions.values()],
          counters: this.#counters,
          locks: this.#dependencies.datastores.locks(),
          startTime: this.#startTime,
        }),
    };
  }
}

function streamsOf(events: EventStreams): OwnState {
  return {
    namespace: notificationStateNamespace,
    name: 'netconf',
    build: () => streamsState(events.streams()),
  };
}

function libraryState(catalog: ModuleCatalog): OwnState[] {
  const namespace = yangLibraryNamespace;
  return [
    { namespace, name: 'yang-library', build: () => yangLibrary(catalog.current()) },
    { namespace, name: 'modules-state', build: () => modulesState(catalog.current()) },
  ];
}

const refusedSession: SessionHandle = {
  id: 0,
  paused: false,
  receive() {},
  drained() {},
  closed() {},
};
