import type { Socket } from 'node:net';
import type { Logger } from '../../base/logger.ts';
import type { FileDrop } from '../sftp/file-drop.ts';
import { SftpSession } from '../sftp/sftp-session.ts';
import type { UploadBudget } from '../sftp/upload.ts';
import type { KeyExchanges } from './key-exchanges.ts';
import { NetconfChannel } from './netconf-channel.ts';
import { complainTo, SftpChannel } from './sftp-channel.ts';
import type { SshServerOptions } from './ssh-server.ts';
import type { ServerChannel } from './ssh2.ts';

/** A channel on which a subsystem is served. */
export type ServedChannel = NetconfChannel | SftpChannel;

/** What the subsystems of one connection are served with. */
export interface ServedWith {
  readonly options: SshServerOptions;
  readonly uploads: UploadBudget;
  readonly exchanges: KeyExchanges;
  readonly socket: Socket;
  /** Who has logged in. */
  readonly username: string;
  readonly sourceHost: string;
  readonly logger: Logger;
}

/**
 * How a subsystem is served (RFC 6242 §3; SFTP): `undefined` where it is not.
 * @param served the channels of the connection that are served already
 */
export function openerOf(
  subsystem: string,
  what: ServedWith,
  served: readonly ServedChannel[],
): ((channel: ServerChannel) => ServedChannel) | undefined {
  if (subsystem === 'netconf') return (channel) => openNetconf(channel, what);
  const { fileDrop, config } = what.options;
  if (subsystem !== 'sftp' || fileDrop === undefined) return undefined;
  const sftpChannels = served.filter((one) => one instanceof SftpChannel);
  return sftpChannels.length < config.maxSftpChannels
    ? (channel) => openSftp(channel, what, fileDrop)
    : undefined;
}

function openNetconf(channel: ServerChannel, what: ServedWith): NetconfChannel {
  const { options, socket, exchanges, username, sourceHost } = what;
  const { server, clock, config } = options;
  return new NetconfChannel({
    channel,
    socket,
    exchanges,
    clock,
    lingerMs: config.sendTimeoutMs,
    endOfInputMs: config.helloTimeoutMs,
    openSession: (port) => server.openSession({ username, sourceHost, port }),
  });
}

function openSftp(channel: ServerChannel, what: ServedWith, drop: FileDrop): SftpChannel {
  const { options, socket, exchanges, uploads: budget, username, sourceHost } = what;
  const { clock } = options;
  const logger = what.logger.child({ username });
  const complain = complainTo(channel);
  const session = new SftpSession({ username, sourceHost, drop, budget, clock, logger, complain });
  return new SftpChannel({ channel, socket, exchanges }, session, logger);
}
