import { connectNetconf } from '../../src/netconf/adapters/ssh-client.ts';
import type { NetconfClient } from '../../src/netconf/client.ts';

/**
 * Logs in to a bridge of this machine.
 * @param hostKey fingerprint that its host key has to have; any will do unless given
 */
export async function login(
  port: number,
  username: string,
  password: string,
  hostKey?: string,
): Promise<NetconfClient> {
  return connectNetconf({
    ...{ host: '127.0.0.1', port, username, password },
    ...(hostKey === undefined ? { acceptHostKey: () => true } : { hostKeyFingerprint: hostKey }),
  });
}
