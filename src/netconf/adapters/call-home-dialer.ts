import { connect } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { errorMessage } from '../../base/errors.ts';
import type { Dial } from '../call-home/call-home-client.ts';
import type { RunningSshServer, ServedConnection } from './ssh-server.ts';

/** How long a client may take to accept a connection. */
const connectMs = 10_000;

/**
 * Dials by TCP; on the connection the bridge is the SSH server (RFC 8071 §2). The connection is one of the
 * server's, with all its limits.
 */
export function callHomeDialer(ssh: Pick<RunningSshServer, 'adopt'>, clock: Clock): Dial {
  return ({ address, port }, events) => {
    let reason = 'the connection was closed';
    let connection: ServedConnection | undefined;
    const socket = connect({ host: address, port, noDelay: true });
    const cancel = clock.schedule(connectMs, () => {
      reason = 'no answer';
      socket.destroy();
    });
    socket.on('error', (error) => {
      reason = errorMessage(error);
    });
    socket.once('connect', () => {
      cancel();
      connection = ssh.adopt(socket, () => events.loggedIn());
      if (connection === undefined) reason = 'too many connections';
    });
    socket.once('close', () => {
      cancel();
      events.ended(reason);
    });
    return {
      hangUp() {
        if (connection === undefined) socket.destroy();
        else connection.close();
      },
    };
  };
}
