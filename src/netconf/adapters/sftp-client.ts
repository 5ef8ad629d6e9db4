import { errorMessage, PeerError } from '../../base/errors.ts';
import type { SFTPWrapper, SshClient } from './ssh2.ts';

type Done<T> = (error: { readonly message: string } | null | undefined, value: T) => void;

/**
 * Puts one file by SFTP, over a connection that is logged in.
 * @throws PeerError `sftp-refused` with the server's words
 */
export async function putFile(client: SshClient, name: string, content: Uint8Array): Promise<void> {
  const sftp = await done<SFTPWrapper>(name, (callback) => client.sftp(callback));
  try {
    const handle = await done<Buffer>(name, (callback) => sftp.open(name, 'w', callback));
    await write(sftp, handle, name, content);
    await done<void>(name, (callback) => sftp.close(handle, (error) => callback(error, undefined)));
  } finally {
    sftp.end();
  }
}

async function write(sftp: SFTPWrapper, handle: Buffer, name: string, content: Uint8Array): Promise<void> {
  if (content.length === 0) return;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  await done<void>(name, (callback) =>
    sftp.write(handle, bytes, 0, bytes.length, 0, (error) => callback(error, undefined)),
  );
}

function done<T>(name: string, start: (callback: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const refuse = (why: string): void =>
      reject(new PeerError('sftp-refused', `the server does not take the file: ${why}`, { where: name }));
    try {
      start((error, value) =>
        error === null || error === undefined ? resolve(value) : refuse(error.message),
      );
    } catch (error) {
      refuse(errorMessage(error));
    }
  });
}
