import { isDeviceUuid } from '../base/ids.ts';
import type { LoginAttempt, PerformedRequest, RequestAudit } from '../netconf/audit.ts';
import { instanceIdentifier } from '../netconf/data-path.ts';
import type { ConfigChange } from '../netconf/datastore/config-change.ts';
import { baseNamespace, bridgeNamespace, nmdaNamespace } from '../netconf/namespaces.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { childElements, textOf, type XmlElement } from '../xml/element.ts';
import { uuidInputName } from '../yang/identifiers.ts';
import type { AuditFacts } from './audit-entry.ts';
import { jobSubject } from './audit-jobs.ts';
import type { AuditSink } from './audit-trail.ts';
import { fieldWithRole } from './update-fields.ts';
import type { UpdateJobs } from './update-jobs.ts';

export interface AuditedRequestsDependencies {
  readonly audit: AuditSink;
  readonly registry: Pick<DeviceRegistry, 'kind'>;
  readonly jobs: Pick<UpdateJobs, 'get'>;
}

/** What an operation was about. */
type Subject = Pick<AuditFacts, 'device' | 'job' | 'image' | 'manifest' | 'target'>;

/** Operations of NETCONF that change something, by namespace. */
const changing: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [baseNamespace, new Set(['edit-config', 'copy-config', 'delete-config', 'kill-session'])],
  [nmdaNamespace, new Set(['edit-data'])],
]);

/**
 * Which requests of NETCONF clients the audit log has: those that change the bridge or the firmware of a
 * device, and all that access control has denied. What else a device does when it is called is not the
 * bridge's to know, and is left out.
 */
export class AuditedRequests implements RequestAudit {
  readonly #deps: AuditedRequestsDependencies;

  constructor(deps: AuditedRequestsDependencies) {
    this.#deps = deps;
  }

  performed(request: PerformedRequest): Promise<void> | undefined {
    const { session, operation, error } = request;
    const denied = error?.tag === 'access-denied';
    const subject = this.#subject(request) ?? (denied ? subjectOfDenied(operation) : undefined);
    if (subject === undefined) return undefined;
    return this.#deps.audit.record({
      user: session.username,
      from: session.sourceHost,
      operation: operation.name,
      ...outcomeOf(request),
      ...subject,
    });
  }

  #subject({ operation, reply }: PerformedRequest): Subject | undefined {
    const { namespace, name } = operation;
    if (namespace === bridgeNamespace) return this.#bridgeSubject(operation, reply);
    if (changing.has(namespace))
      return changing.get(namespace)?.has(name) === true ? { target: targetOf(operation) } : undefined;
    return this.#updateSubject(operation);
  }

  #bridgeSubject(operation: XmlElement, reply: readonly XmlElement[]): Subject {
    const id = textIn(reply, 'job') ?? textIn(childElements(operation), 'job');
    const record = id === undefined ? undefined : this.#deps.jobs.get(id);
    return {
      device: textIn(childElements(operation), 'device'),
      image: textIn(childElements(operation), 'digest'),
      // A key of the update server.
      target: textIn(reply, 'key') ?? textIn(childElements(operation), 'key'),
      job: id,
      ...(record === undefined ? {} : jobSubject(record)),
    };
  }

  /** The steps of an update that a client takes by itself; names of RPCs and leaves are the description's. */
  #updateSubject(operation: XmlElement): Subject | undefined {
    const device = textIn(childElements(operation), uuidInputName);
    const described =
      device !== undefined && isDeviceUuid(device) ? this.#deps.registry.kind(device) : undefined;
    const called = described?.operations.find(({ name }) => name === operation.name);
    if (called === undefined || called.role === 'generic') return undefined;
    const digestLeaf = fieldWithRole(called.inputs, 'imageDigest')?.name;
    return { device, image: digestLeaf === undefined ? undefined : textWithin(operation, digestLeaf) };
  }
}

/** What was given up may be done all the same: it is not counted among the refusals, which are bounded. */
function outcomeOf({ error, unanswered }: PerformedRequest): Pick<AuditFacts, 'outcome' | 'code'> {
  if (unanswered) return { outcome: 'failed', code: 'session-ended' };
  if (error === undefined) return { outcome: 'ok', code: undefined };
  return { outcome: 'refused', code: error.fields.appTag ?? error.tag };
}

/**
 * A commit to a datastore: which nodes it changed, never to what.
 * @param prefixOf the prefix of a module, by its namespace
 */
export function configChange(
  { datastore, edits, by }: ConfigChange,
  prefixOf: (namespace: string) => string | undefined,
): AuditFacts {
  return {
    user: by?.username ?? 'mup-bridge',
    from: by?.sourceHost ?? 'the bridge itself',
    operation: 'config-change',
    outcome: 'ok',
    target: datastore,
    changes: edits.map(
      ({ operation, target }) => `${operation} ${instanceIdentifier(target, prefixOf).path || '/'}`,
    ),
  };
}

/**
 * A login, or one that failed. A name that is not a user's is not written: people type passwords there.
 * @param users those who may log in, by name
 */
export function loginFacts(
  { username, sourceHost, method, allowed }: LoginAttempt,
  users: ReadonlyMap<string, unknown>,
): AuditFacts {
  return {
    user: users.has(username) ? username : 'unknown',
    from: sourceHost,
    operation: 'login',
    target: method,
    ...(allowed ? { outcome: 'ok' } : { outcome: 'refused', code: 'login-refused' }),
  };
}

function subjectOfDenied(operation: XmlElement): Subject {
  return { device: textIn(childElements(operation), uuidInputName) };
}

/** The datastore that an operation writes, or the session that it kills. */
function targetOf(operation: XmlElement): string | undefined {
  const parameters = childElements(operation);
  const target = parameters.find(({ name }) => name === 'target');
  if (target !== undefined) return childElements(target)[0]?.name;
  return textIn(parameters, 'session-id') ?? textIn(parameters, 'datastore');
}

function textIn(elements: readonly XmlElement[], name: string): string | undefined {
  const found = elements.find((one) => one.name === name);
  return found === undefined ? undefined : textOf(found).trim();
}

/** In sub-structures too. */
function textWithin(parent: XmlElement, name: string): string | undefined {
  for (const child of childElements(parent)) {
    const text = child.name === name ? textOf(child).trim() : textWithin(child, name);
    if (text !== undefined) return text;
  }
  return undefined;
}
