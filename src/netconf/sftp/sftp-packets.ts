import { concatBytes, uint32FromBytes, uint32ToBytes } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';
import { ByteAccumulator } from '../byte-accumulator.ts';
import { sshString, sshUint64 } from '../ssh-data.ts';

/**
 * Packets of the SSH File Transfer Protocol, version 3 (draft-ietf-secsh-filexfer-02), which is what
 * OpenSSH and every library speak.
 */

/** Requests that we answer (§3); all others are answered `unsupported`. */
export const request = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  realpath: 16,
  stat: 17,
} as const;

/** §3: responses. */
const response = { version: 2, status: 101, handle: 102, name: 104, attributes: 105 } as const;

/** §7: status codes. */
export const status = {
  ok: 0,
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;
export type Status = (typeof status)[keyof typeof status];

/** §6.3: what a file is opened for. */
export const openFlag = { read: 1, write: 2, append: 4 } as const;

/** §5, as far as we say it. */
export interface Attributes {
  readonly kind: 'file' | 'directory';
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** One entry of a NAME packet. */
export interface Entry extends Attributes {
  readonly name: string;
}

/** The most that OpenSSH sends or takes in a packet. */
const maxPacketBytes = 256 * 1024;

/** Cuts a stream into packets: each is a type octet and what follows it. */
export class SftpDecoder {
  readonly #part = new ByteAccumulator();
  /** Octets of the packet that is coming; undefined while its length is. */
  #packetBytes: number | undefined;

  /** @throws PeerError `bad-sftp`; the channel cannot go on */
  push(bytes: Uint8Array): Uint8Array[] {
    const packets: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + (this.#packetBytes ?? 4) - this.#part.length);
      this.#part.append(piece);
      at += piece.length;
      if (this.#part.length < (this.#packetBytes ?? 4)) break;
      if (this.#packetBytes === undefined) this.#packetBytes = checkLength(this.#part.take());
      else {
        packets.push(this.#part.take());
        this.#packetBytes = undefined;
      }
    }
    return packets;
  }
}

function checkLength(header: Uint8Array): number {
  const length = uint32FromBytes(header) ?? 0;
  if (length >= 1 && length <= maxPacketBytes) return length;
  throw new PeerError('bad-sftp', `an SFTP packet has 1 to ${maxPacketBytes} octets, not ${length}`);
}

function packet(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return sshString(concatBytes([Uint8Array.of(type), ...parts]));
}

/** The answer to INIT (§4): version 3, no extensions. */
export function versionPacket(): Uint8Array {
  return packet(response.version, uint32ToBytes(3));
}

/** §7. */
export function statusPacket(id: number, code: Status, text: string): Uint8Array {
  return packet(response.status, uint32ToBytes(id), uint32ToBytes(code), sshString(text), sshString('en'));
}

/** §7. */
export function handlePacket(id: number, handle: string): Uint8Array {
  return packet(response.handle, uint32ToBytes(id), sshString(handle));
}

/** §7. */
export function attributesPacket(id: number, attributes: Attributes): Uint8Array {
  return packet(response.attributes, uint32ToBytes(id), encodeAttributes(attributes));
}

/** §7. */
export function namePacket(id: number, entries: readonly Entry[]): Uint8Array {
  return packet(
    response.name,
    uint32ToBytes(id),
    uint32ToBytes(entries.length),
    ...entries.flatMap((entry) => [
      sshString(entry.name),
      sshString(longName(entry)),
      encodeAttributes(entry),
    ]),
  );
}

/** §5: size, permissions with the file's kind, times. */
function encodeAttributes({ kind, size, modified }: Attributes): Uint8Array {
  const seconds = uint32ToBytes(Math.max(0, Math.floor(modified / 1000)));
  const mode = kind === 'directory' ? 0o040755 : 0o100644;
  return concatBytes([
    uint32ToBytes(0x1 | 0x4 | 0x8),
    sshUint64(size),
    uint32ToBytes(mode),
    seconds,
    seconds,
  ]);
}

/** §7: a line that a client shows as it is, in the manner of `ls -l`. */
function longName({ kind, name, size, modified }: Entry): string {
  const mode = kind === 'directory' ? 'drwxr-xr-x' : '-rw-r--r--';
  const when = new Date(modified).toISOString().slice(0, 16).replace('T', ' ');
  return `${mode} 1 mup mup ${String(size).padStart(10)} ${when} ${name}`;
}
