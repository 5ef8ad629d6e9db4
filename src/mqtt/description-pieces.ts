import { concatBytes, decodeUtf8, equalBytes, utf8 } from '../base/bytes.ts';
import type { RegistrationConfig } from '../base/config.ts';
import type { DeviceUuid } from '../base/ids.ts';

/** The bounds of assembly, a part of {@link RegistrationConfig}. */
export type AssemblyLimits = Pick<
  RegistrationConfig,
  'maxDescriptionBytes' | 'maxPieces' | 'maxDevicesInAssembly' | 'assemblyIdleMs'
>;

/** What a piece led to. `code` and `text` are what the device is answered (mup-protocol §1, `ERROR`). */
export type PushResult =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'complete'; readonly bytes: Uint8Array }
  | { readonly kind: 'error'; readonly code: PieceError; readonly text: string };

export type PieceError = 'bad-piece' | 'too-many-pieces' | 'description-too-big' | 'busy';

/** An assembly that was given up because no piece came for `assemblyIdleMs`. */
export interface ExpiredAssembly {
  readonly uuid: DeviceUuid;
  readonly received: number;
  /** Where the pieces say how many there are. */
  readonly count?: number;
}

/**
 * Cuts a description into the payloads `<n>/<count>;<bytes>` of profile `mup` (mup-protocol §1).
 * @param pieceBytes octets of description in one piece; the header comes on top
 */
export function encodePieces(bytes: Uint8Array, pieceBytes: number): Uint8Array[] {
  const size = Math.max(1, Math.floor(pieceBytes));
  const count = Math.max(1, Math.ceil(bytes.length / size));
  return Array.from({ length: count }, (_, i) =>
    concatBytes([utf8(`${i + 1}/${count};`), bytes.subarray(i * size, (i + 1) * size)]),
  );
}

interface Piece {
  readonly number: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

interface Part {
  readonly bytes: Uint8Array;
  /** When it came last, as a count of this device's pieces. */
  readonly arrival: number;
}

interface Assembly {
  readonly count: number;
  readonly parts: Map<number, Part>;
  size: number;
  arrivals: number;
  /** `arrival` of the last first piece: where the device's present attempt began. */
  begun: number;
  lastPiece: number;
}

/**
 * Puts descriptions together from pieces of profile `mup`, of many devices at once (mup-protocol §1).
 * Pieces are idempotent by number and come in any order. A device that starts over, with another count
 * or other bytes under a known number, replaces what is left of its earlier attempt. Bounded in pieces,
 * octets, devices and idle time.
 */
export class DescriptionAssembler {
  readonly #limits: AssemblyLimits;
  readonly #assemblies = new Map<DeviceUuid, Assembly>();

  constructor(limits: AssemblyLimits) {
    this.#limits = limits;
  }

  /** Devices in assembly. */
  get size(): number {
    return this.#assemblies.size;
  }

  /**
   * Takes one message from a device's description topic.
   * @param now monotonic time in milliseconds
   */
  push(uuid: DeviceUuid, payload: Uint8Array, now: number): PushResult {
    const piece = decodePiece(payload);
    if (piece === undefined)
      return failure('bad-piece', 'a piece is <number>/<count>;<bytes> with 1 <= number <= count');
    const refused = this.#refusal(uuid, piece, now);
    if (refused === undefined) return this.#add(uuid, piece, now);
    // What went wrong once cannot become complete any more; the device starts over.
    if (refused.code !== 'busy') this.#assemblies.delete(uuid);
    return refused;
  }

  /** Gives up assemblies that have been idle for too long. */
  expire(now: number): ExpiredAssembly[] {
    const expired: ExpiredAssembly[] = [];
    // Assemblies are kept in the order of their last piece.
    for (const [uuid, { count, parts, lastPiece }] of this.#assemblies) {
      if (now - lastPiece < this.#limits.assemblyIdleMs) break;
      this.#assemblies.delete(uuid);
      expired.push({ uuid, received: parts.size, count });
    }
    return expired;
  }

  /** Drops what a device sent so far, as when it was removed. */
  forget(uuid: DeviceUuid): void {
    this.#assemblies.delete(uuid);
  }

  #refusal(uuid: DeviceUuid, piece: Piece, now: number): Extract<PushResult, { kind: 'error' }> | undefined {
    const { maxPieces, maxDescriptionBytes, maxDevicesInAssembly } = this.#limits;
    if (piece.count > maxPieces)
      return failure('too-many-pieces', `${piece.count} pieces are more than ${maxPieces}`);
    if (piece.bytes.length > maxDescriptionBytes) return tooBig(maxDescriptionBytes);
    if (piece.count === 1 || this.#assemblies.has(uuid)) return undefined;
    if (this.#assemblies.size >= maxDevicesInAssembly) this.expire(now);
    if (this.#assemblies.size >= maxDevicesInAssembly)
      return failure('busy', 'too many devices are registering at the same time; try again later');
    return undefined;
  }

  #add(uuid: DeviceUuid, piece: Piece, now: number): PushResult {
    const known = this.#assemblies.get(uuid);
    const assembly = known?.count === piece.count ? known : newAssembly(piece.count);
    this.#assemblies.delete(uuid);
    store(assembly, piece);
    assembly.lastPiece = now;
    if (assembly.size > this.#limits.maxDescriptionBytes) return tooBig(this.#limits.maxDescriptionBytes);
    if (assembly.parts.size === assembly.count) return { kind: 'complete', bytes: joined(assembly) };
    this.#assemblies.set(uuid, assembly);
    return { kind: 'incomplete' };
  }
}

function newAssembly(count: number): Assembly {
  return { count, parts: new Map(), size: 0, arrivals: 0, begun: 0, lastPiece: 0 };
}

function store(assembly: Assembly, piece: Piece): void {
  const arrival = assembly.arrivals;
  assembly.arrivals += 1;
  if (piece.number === 1) assembly.begun = arrival;
  const earlier = assembly.parts.get(piece.number);
  if (earlier !== undefined && !equalBytes(earlier.bytes, piece.bytes)) {
    // Two versions of one piece in one attempt: its first piece was missed, so this is the new beginning.
    if (earlier.arrival >= assembly.begun) assembly.begun = arrival;
    dropEarlierAttempt(assembly);
  }
  const replaced = assembly.parts.get(piece.number)?.bytes.length ?? 0;
  // A copy: the payload is a view of a network buffer that may be much larger.
  assembly.parts.set(piece.number, { bytes: piece.bytes.slice(), arrival });
  assembly.size += piece.bytes.length - replaced;
}

/** Keeps only what came since the last first piece: the rest is of a description that is sent no more. */
function dropEarlierAttempt(assembly: Assembly): void {
  for (const [number, part] of assembly.parts) {
    if (part.arrival >= assembly.begun) continue;
    assembly.parts.delete(number);
    assembly.size -= part.bytes.length;
  }
}

function joined(assembly: Assembly): Uint8Array {
  const numbers = Array.from({ length: assembly.count }, (_, i) => i + 1);
  return concatBytes(numbers.map((number) => assembly.parts.get(number)?.bytes ?? new Uint8Array()));
}

/** Two numbers of at most seven digits, a slash and a semicolon. */
const maxHeaderBytes = 16;

function decodePiece(payload: Uint8Array): Piece | undefined {
  const end = payload.subarray(0, maxHeaderBytes).indexOf(0x3b);
  const header = end < 0 ? undefined : decodeUtf8(payload.subarray(0, end));
  const match = header === undefined ? null : /^([1-9]\d{0,6})\/([1-9]\d{0,6})$/.exec(header);
  if (match === null) return undefined;
  const [number, count] = [Number(match[1]), Number(match[2])];
  return number > count ? undefined : { number, count, bytes: payload.subarray(end + 1) };
}

function failure(code: PieceError, text: string): Extract<PushResult, { kind: 'error' }> {
  return { kind: 'error', code, text };
}

function tooBig(limit: number): Extract<PushResult, { kind: 'error' }> {
  return failure('description-too-big', `the description is larger than ${limit} octets`);
}
