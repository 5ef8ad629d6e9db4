import type { Clock } from '../../base/clock.ts';
import { errorMessage, InternalError, MupError, PeerError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { printable } from '../../base/printable.ts';
import { SshReader } from '../ssh-data.ts';
import { type FileDrop, isFileName } from './file-drop.ts';
import {
  attributesPacket,
  type Entry,
  handlePacket,
  namePacket,
  openFlag,
  request,
  type Status,
  status,
  statusPacket,
  versionPacket,
} from './sftp-packets.ts';
import { Upload, type UploadBudget } from './upload.ts';

export interface SftpSessionOptions {
  readonly username: string;
  readonly sourceHost: string;
  readonly drop: FileDrop;
  readonly budget: UploadBudget;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shown to the person at the client where the client hides the text of a status, as OpenSSH does. */
  readonly complain: (text: string) => void;
}

/** Files and directories that one channel may have open. */
const maxHandles = 16;
const entriesPerPacket = 100;
/** Files put over this channel whose size a client may ask for, as paramiko does to check them. */
const maxRemembered = 64;

type Handle =
  | { readonly kind: 'upload'; readonly upload: Upload }
  | { readonly kind: 'directory'; rest: readonly Entry[] };

/** Why a request is refused, as the STATUS packet says it. */
class Refusal extends PeerError {
  readonly status: Status;

  constructor(code: Status, text: string) {
    super('sftp-refused', text);
    this.status = code;
  }
}

/**
 * The server's side of one SFTP channel: one flat directory into which files can be put. There is no
 * file system behind it, so there is nothing to escape to.
 */
export class SftpSession {
  readonly #options: SftpSessionOptions;
  readonly #handles = new Map<string, Handle>();
  readonly #put = new Map<string, Entry>();
  #lastHandle = 0;
  #initialized = false;

  constructor(options: SftpSessionOptions) {
    this.#options = options;
  }

  /**
   * Answers one packet. To be called again only after the answer.
   * @throws PeerError `bad-sftp`; the channel cannot go on
   */
  async answer(packet: Uint8Array): Promise<Uint8Array> {
    const reader = new SshReader(packet);
    const type = reader.byte();
    if (!this.#initialized) return this.#initialize(type);
    const id = reader.uint32();
    if (type === undefined || id === undefined) throw new PeerError('bad-sftp', 'an SFTP packet is cut off');
    try {
      return await this.#dispatch(type, id, reader);
    } catch (error) {
      return this.#refuse(id, error);
    }
  }

  /** Drops what is open. Uploads that were not closed by the client are lost. */
  close(): void {
    for (const handle of this.#handles.values()) if (handle.kind === 'upload') handle.upload.release();
    this.#handles.clear();
  }

  #initialize(type: number | undefined): Uint8Array {
    if (type !== request.init) throw new PeerError('bad-sftp', 'the first SFTP packet is not INIT');
    this.#initialized = true;
    return versionPacket();
  }

  #refuse(id: number, error: unknown): Uint8Array {
    if (error instanceof Refusal) return statusPacket(id, error.status, error.message);
    if (error instanceof MupError && !(error instanceof InternalError))
      return statusPacket(id, status.failure, printable(error.message));
    this.#options.logger.error('an SFTP request failed', { reason: errorMessage(error) });
    return statusPacket(id, status.failure, 'an internal error; the log of the bridge says more');
  }

  async #dispatch(type: number, id: number, reader: SshReader): Promise<Uint8Array> {
    switch (type) {
      case request.open:
        return this.#open(id, path(reader), need(reader.uint32()));
      case request.write:
        return this.#write(id, reader);
      case request.close:
        return this.#close(id, text(reader));
      case request.opendir:
        return this.#openDirectory(id, path(reader));
      case request.readdir:
        return this.#readDirectory(id, text(reader));
      case request.stat:
      case request.lstat:
        return attributesPacket(id, await this.#entry(path(reader)));
      case request.fstat:
        return this.#statHandle(id, text(reader));
      case request.setstat:
      case request.fsetstat:
        return statusPacket(id, status.ok, 'ignored');
      case request.realpath:
        return namePacket(id, [{ ...root, name: `/${path(reader).join('/')}` }]);
      case request.read:
        throw new Refusal(status.permissionDenied, 'files can be put here, not fetched');
      default:
        throw new Refusal(status.unsupported, 'files can be put here and listed, nothing else');
    }
  }

  #open(id: number, segments: readonly string[], flags: number): Uint8Array {
    if ((flags & openFlag.write) === 0 || (flags & openFlag.read) !== 0)
      throw new Refusal(status.permissionDenied, 'files can be put here, not fetched');
    if ((flags & openFlag.append) !== 0)
      throw new Refusal(status.unsupported, 'files can be put here as a whole, not appended to');
    const [name = '', ...deeper] = segments;
    if (deeper.length > 0) throw new Refusal(status.noSuchFile, 'there are no folders here');
    const maxBytes = isFileName(name) ? this.#options.drop.maxBytes(name) : 0;
    if (maxBytes <= 0)
      throw this.#complaint(
        name,
        'no file of this name is taken here, only an image NAME.bin and its manifest NAME.json',
      );
    return this.#remember(id, { kind: 'upload', upload: new Upload(name, maxBytes, this.#options.budget) });
  }

  #write(id: number, reader: SshReader): Uint8Array {
    const { upload } = this.#upload(text(reader));
    const offset = need(reader.uint64());
    const bytes = need(reader.bytes());
    upload.write(offset, bytes);
    return statusPacket(id, status.ok, '');
  }

  async #close(id: number, key: string): Promise<Uint8Array> {
    const handle = this.#handle(key);
    this.#handles.delete(key);
    if (handle.kind === 'upload') await this.#finish(handle.upload);
    return statusPacket(id, status.ok, '');
  }

  async #finish(upload: Upload): Promise<void> {
    const { drop, username, sourceHost, clock, logger } = this.#options;
    const { name, size } = upload;
    try {
      if (upload.failure !== undefined) throw upload.failure;
      await drop.put(username, name, upload.content(), sourceHost);
      this.#put.set(name, { kind: 'file', name, size, modified: clock.now() });
      if (this.#put.size > maxRemembered) this.#put.delete(this.#put.keys().next().value ?? name);
      logger.info('file received by SFTP', { name, size });
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      logger.warn('file refused', { name, size, code: error.code, reason: error.message });
      throw this.#complaint(name, error.message);
    } finally {
      upload.release();
    }
  }

  async #openDirectory(id: number, segments: readonly string[]): Promise<Uint8Array> {
    if (segments.length > 0) throw new Refusal(status.noSuchFile, 'there are no folders here');
    return this.#remember(id, { kind: 'directory', rest: await this.#entries() });
  }

  #readDirectory(id: number, key: string): Uint8Array {
    const handle = this.#handle(key);
    if (handle.kind !== 'directory') throw new Refusal(status.failure, 'this handle is not of a directory');
    if (handle.rest.length === 0) throw new Refusal(status.endOfFile, 'end of directory');
    const entries = handle.rest.slice(0, entriesPerPacket);
    handle.rest = handle.rest.slice(entriesPerPacket);
    return namePacket(id, entries);
  }

  #statHandle(id: number, key: string): Uint8Array {
    const handle = this.#handle(key);
    if (handle.kind === 'directory') return attributesPacket(id, root);
    const modified = this.#options.clock.now();
    return attributesPacket(id, { kind: 'file', size: handle.upload.size, modified });
  }

  async #entry(segments: readonly string[]): Promise<Entry> {
    if (segments.length === 0) return root;
    const name = segments.join('/');
    const found = (await this.#entries()).find((entry) => entry.name === name) ?? this.#put.get(name);
    if (found === undefined) throw new Refusal(status.noSuchFile, 'there is no file of this name');
    return found;
  }

  async #entries(): Promise<Entry[]> {
    const files = await this.#options.drop.list(this.#options.username);
    return files.map(({ name, size, modified }) => ({ kind: 'file', name: printable(name), size, modified }));
  }

  #remember(id: number, handle: Handle): Uint8Array {
    if (this.#handles.size >= maxHandles)
      throw new Refusal(status.failure, `at most ${maxHandles} files can be open at a time`);
    this.#lastHandle += 1;
    const key = String(this.#lastHandle);
    this.#handles.set(key, handle);
    return handlePacket(id, key);
  }

  #handle(key: string): Handle {
    const handle = this.#handles.get(key);
    if (handle === undefined) throw new Refusal(status.failure, 'there is no such handle');
    return handle;
  }

  #upload(key: string): { readonly upload: Upload } {
    const handle = this.#handle(key);
    if (handle.kind !== 'upload') throw new Refusal(status.failure, 'this handle is not of a file');
    return handle;
  }

  #complaint(name: string, why: string): Refusal {
    const complaint = printable(`${name.slice(0, 128)}: ${why}`);
    this.#options.complain(complaint);
    return new Refusal(status.failure, complaint);
  }
}

const root: Entry = { kind: 'directory', name: '/', size: 0, modified: 0 };

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Refusal(status.badMessage, 'the request is cut off');
  return value;
}

function text(reader: SshReader): string {
  return need(reader.text());
}

/** The segments of a path, `.` and `..` resolved; the root has none. */
function path(reader: SshReader): string[] {
  const segments: string[] = [];
  for (const segment of text(reader).slice(0, 4096).split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments;
}
