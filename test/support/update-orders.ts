import { systemClock } from '../../src/base/adapters/node-runtime.ts';
import type { Clock } from '../../src/base/clock.ts';
import { deviceUuid, digest as imageDigest } from '../../src/base/ids.ts';
import { type JobEntry, orderedJob, updateFirmware } from '../../src/cli/job-entry.ts';
import { followJob } from '../../src/cli/job-follow.ts';
import type { NetconfClient } from '../../src/netconf/client.ts';
import { login } from './netconf-login.ts';
import { type BridgeProcess, operator } from './system.ts';

/** A NETCONF session of the operator of the tests. */
export function operatorSession({ port }: BridgeProcess): Promise<NetconfClient> {
  return login(port, operator.username, operator.password);
}

/** Orders an update. @returns the id of its job */
export async function orderUpdate(session: NetconfClient, uuid: string, digest: string): Promise<string> {
  return orderedJob(await session.rpc(updateFirmware(deviceUuid(uuid), imageDigest(digest))));
}

/** A test looks at a job more often than a person does. */
const hurrying: Clock = {
  ...systemClock,
  schedule: (delayMs, task) => systemClock.schedule(delayMs / 5, task),
};

/** The job as it ended. */
export function ended(session: NetconfClient, job: string): Promise<JobEntry> {
  const { signal } = new AbortController();
  return followJob(job, { session, clock: hurrying, signal, onChange: () => {} });
}
