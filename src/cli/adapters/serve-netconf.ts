import { sha256, systemClock, systemRandom } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import type { Logger } from '../../base/logger.ts';
import { configChange, loginFacts } from '../../bridge/audit-requests.ts';
import type { AuditTrail } from '../../bridge/audit-trail.ts';
import { AuditedDrop } from '../../bridge/audited-drop.ts';
import { AccessControl } from '../../netconf/access/access-control.ts';
import { callHomeDialer } from '../../netconf/adapters/call-home-dialer.ts';
import { passwordCrypto } from '../../netconf/adapters/passwords.ts';
import { type RunningSshServer, startSshServer } from '../../netconf/adapters/ssh-server.ts';
import type { RequestAudit } from '../../netconf/audit.ts';
import type { Backend } from '../../netconf/backend.ts';
import { CallHome } from '../../netconf/call-home/call-home.ts';
import { targetFromText } from '../../netconf/call-home/call-home-config.ts';
import type { Datastores } from '../../netconf/datastore/datastores.ts';
import type { EventStreams } from '../../netconf/events/event-streams.ts';
import type { HostKey } from '../../netconf/host-keys.ts';
import { NetconfServer } from '../../netconf/server.ts';
import type { FileDrop } from '../../netconf/sftp/file-drop.ts';
import { GuardedDrop } from '../../netconf/sftp/guarded-drop.ts';
import { createAuthenticator } from '../../netconf/users/config-authenticator.ts';
import { removedUsers, usersOf } from '../../netconf/users/user-config.ts';
import type { Cleanup } from './cleanup.ts';

/** What is served over NETCONF. */
export interface NetconfParts {
  readonly config: Config;
  readonly backend: Backend;
  readonly datastores: Datastores;
  readonly events: EventStreams;
  readonly hostKeys: readonly HostKey[];
  readonly uploads: FileDrop;
  /** Gets logins, files and changes of the configuration. */
  readonly audit: AuditTrail;
  readonly requestAudit: RequestAudit;
  readonly logger: Logger;
}

/** Starts the NETCONF server and its SSH transport. Users are those of the running configuration. */
export async function serveNetconf(parts: NetconfParts, cleanup: Cleanup): Promise<RunningSshServer> {
  const { config, backend, datastores, events, hostKeys, uploads, audit, requestAudit, logger } = parts;
  const access = new AccessControl({ config: datastores, backend });
  const server = new NetconfServer({
    backend,
    datastores,
    access,
    audit: requestAudit,
    state: [access.state],
    events,
    config: config.netconf,
    clock: systemClock,
    logger: logger.child({ component: 'netconf' }),
    ...(config.log.wireTrace.includes('netconf') ? { trace: logger.child({ wire: 'netconf' }) } : {}),
  });
  const ssh = await startSshServer({
    server,
    hostKeys,
    authenticator: createAuthenticator(datastores, passwordCrypto),
    fileDrop: new AuditedDrop(new GuardedDrop(uploads, access, logger), audit, sha256),
    onLogin: (attempt) => void audit.record(loginFacts(attempt, usersOf(datastores.running()))),
    config: config.netconf,
    clock: systemClock,
    logger: logger.child({ component: 'ssh' }),
  });
  cleanup.add(() => ssh.close());
  const callHome = callClients(parts, ssh);
  cleanup.add(() => callHome.close());
  cleanup.add(endRemovedUsers(parts, ssh));
  cleanup.add(recordChanges(parts));
  return ssh;
}

/** Calls the clients that wait for it (RFC 8071). */
function callClients({ config, datastores, logger }: NetconfParts, ssh: RunningSshServer): CallHome {
  const fixed = config.netconf.callHome.map(targetFromText).filter((target) => target !== undefined);
  return new CallHome(datastores, fixed, {
    dial: callHomeDialer(ssh, systemClock),
    clock: systemClock,
    random: systemRandom,
    logger: logger.child({ component: 'call-home' }),
  });
}

/** Every commit is in the audit log: which nodes, and who did it. */
function recordChanges({ backend, datastores, audit }: NetconfParts): () => void {
  return datastores.onCommitted((change) => {
    const prefixes = new Map(
      backend.modules().map(({ schema }) => [schema.namespace, schema.prefix] as const),
    );
    void audit.record(configChange(change, (namespace) => prefixes.get(namespace)));
  });
}

/** A user who is removed is out: the sessions that are open end, too. */
function endRemovedUsers({ datastores, audit, logger }: NetconfParts, ssh: RunningSshServer): () => void {
  return datastores.onChanged((after, before) => {
    for (const username of removedUsers(after, before)) {
      logger.info('user removed', { username });
      // Whoever has removed himself is told so first, and that waits for the audit log.
      systemClock.schedule(0, () => {
        void audit.settled().then(() => systemClock.schedule(0, () => ssh.disconnect(username)));
      });
    }
  });
}
