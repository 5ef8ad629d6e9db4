import type { Socket } from 'node:net';
import { errorMessage } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { SftpDecoder } from '../sftp/sftp-packets.ts';
import type { SftpSession } from '../sftp/sftp-session.ts';
import { type ChannelWriter, channelWriter } from './channel-pressure.ts';
import type { KeyExchanges } from './key-exchanges.ts';
import type { ServerChannel } from './ssh2.ts';

/** Text for the person at the client that was not taken; what is beyond is dropped. */
const maxComplaintBytes = 16 * 1024;

/** Shows a line on the client's standard error: OpenSSH's `sftp` hides the text of a status. */
export function complainTo(channel: ServerChannel): (text: string) => void {
  const { stderr } = channel;
  // A channel that is closed with words on their way takes no more, and says so here.
  stderr.on('error', () => {});
  return (text) => {
    if (stderr.writableLength < maxComplaintBytes) stderr.write(`${text}\n`);
  };
}

export interface SftpTransport {
  readonly channel: ServerChannel;
  readonly socket: Socket;
  readonly exchanges: KeyExchanges;
}

/** One SFTP session over one SSH channel: one request at a time, read only as fast as answers are taken. */
export class SftpChannel {
  readonly #channel: ServerChannel;
  readonly #session: SftpSession;
  readonly #logger: Logger;
  readonly #decoder = new SftpDecoder();
  readonly #writer: ChannelWriter;
  /** The requests that came last, while they are answered. */
  #serving: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  #gone = false;

  constructor({ channel, socket, exchanges }: SftpTransport, session: SftpSession, logger: Logger) {
    this.#channel = channel;
    this.#session = session;
    this.#logger = logger;
    this.#writer = channelWriter(channel, socket, exchanges, () => this.#wake());
    channel.on('error', () => this.gone());
    channel.on('close', () => this.gone());
    // It comes with the last octets, which may be a file that is still to be taken.
    channel.on('end', () => void this.#serving.then(() => this.end()));
    channel.on('data', (bytes: Uint8Array) => {
      channel.pause();
      this.#serving = this.#serve(bytes).then(
        () => {
          channel.resume();
        },
        (error: unknown) => this.#fail(error),
      );
    });
  }

  /** Answers nothing more; what was written is still sent. */
  end(): void {
    if (this.#gone) return;
    const channel = this.#channel;
    this.#writer.flush();
    channel.write(new Uint8Array(), () => {
      channel.exit(0);
      channel.end();
    });
    this.gone();
  }

  /** The channel or its connection is closed. */
  gone(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#writer.close();
    this.#session.close();
    this.#wake();
  }

  async #serve(bytes: Uint8Array): Promise<void> {
    for (const packet of this.#decoder.push(bytes)) {
      if (this.#gone) return;
      const answer = await this.#session.answer(packet);
      if (!this.#gone && !this.#writer.write(answer)) await this.#drained();
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #fail(error: unknown): void {
    this.#logger.warn('an SFTP session was cut off', { reason: errorMessage(error) });
    this.#channel.close();
    this.gone();
  }
}
