import { concatBytes, decodeUtf8, equalBytes } from '../base/bytes.ts';
import { type DeviceUuid, isDeviceUuid } from '../base/ids.ts';
import type { AssemblyLimits, ExpiredAssembly, PieceError } from './description-pieces.ts';

/** What a piece led to. Without `uuid` nobody knows whose piece it was. */
export type MynoPushResult =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'complete'; readonly uuid: DeviceUuid; readonly bytes: Uint8Array }
  | {
      readonly kind: 'error';
      readonly uuid: DeviceUuid | undefined;
      readonly code: PieceError;
      readonly text: string;
    };

/** A message on a bootstrap topic. */
export interface MynoPiece {
  readonly payload: Uint8Array;
  /** The DUP flag of MQTT: it may have been delivered before. */
  readonly dup: boolean;
}

interface Assembly {
  readonly parts: Uint8Array[];
  size: number;
  lastPiece: number;
  /** Why it will not become a description. Its octets are gone then. */
  fault: { readonly code: PieceError; readonly text: string } | undefined;
}

/** What ends a description. */
const end = new TextEncoder().encode('END');

/**
 * Octets from which on two equal pieces of one description are no chance: a device of the prototype, cut off
 * on its way, begins again with the same first piece and says nothing of it.
 */
const telling = 64;

/** Longest UUID. */
const maxUuidLength = 64;

/**
 * Puts descriptions together from the pieces of profile `myno`, of many devices at once (mup-protocol §1):
 * `<uuid>;<bytes>` in order, cut anywhere, then `<uuid>;END`. A piece equal to the one before it and flagged
 * DUP is dropped. One equal to the first, and long enough that this is no chance, begins the description
 * again. Bounded in pieces, octets, devices and idle time.
 */
export class MynoAssembler {
  readonly #limits: AssemblyLimits;
  readonly #assemblies = new Map<DeviceUuid, Assembly>();

  constructor(limits: AssemblyLimits) {
    this.#limits = limits;
  }

  /** Devices in assembly. */
  get size(): number {
    return this.#assemblies.size;
  }

  /** @param now monotonic time in milliseconds */
  push({ payload, dup }: MynoPiece, now: number): MynoPushResult {
    const separator = payload.subarray(0, maxUuidLength + 1).indexOf(0x3b);
    const uuid = separator < 0 ? undefined : decodeUtf8(payload.subarray(0, separator));
    if (uuid === undefined || !isDeviceUuid(uuid))
      return { kind: 'error', uuid: undefined, code: 'bad-piece', text: 'a piece is <uuid>;<bytes>' };
    const bytes = payload.subarray(separator + 1);
    if (equalBytes(bytes, end)) return this.#end(uuid, dup);
    return this.#add(uuid, bytes, dup, now);
  }

  /** Gives up assemblies that have been idle for too long. */
  expire(now: number): ExpiredAssembly[] {
    const expired: ExpiredAssembly[] = [];
    // Assemblies are kept in the order of their last piece.
    for (const [uuid, { parts, lastPiece }] of this.#assemblies) {
      if (now - lastPiece < this.#limits.assemblyIdleMs) break;
      this.#assemblies.delete(uuid);
      expired.push({ uuid, received: parts.length });
    }
    return expired;
  }

  #end(uuid: DeviceUuid, dup: boolean): MynoPushResult {
    const assembly = this.#assemblies.get(uuid);
    this.#assemblies.delete(uuid);
    if (assembly === undefined)
      return dup
        ? { kind: 'incomplete' }
        : { kind: 'error', uuid, code: 'bad-piece', text: 'an END came without pieces' };
    if (assembly.fault !== undefined) return { kind: 'error', uuid, ...assembly.fault };
    return { kind: 'complete', uuid, bytes: concatBytes(assembly.parts) };
  }

  #add(uuid: DeviceUuid, bytes: Uint8Array, dup: boolean, now: number): MynoPushResult {
    const known = this.#assemblies.get(uuid);
    if (known === undefined && this.#isFull(now))
      return { kind: 'error', uuid, code: 'busy', text: 'too many devices are registering at the same time' };
    const assembly = known ?? { parts: [], size: 0, lastPiece: now, fault: undefined };
    assembly.lastPiece = now;
    this.#assemblies.delete(uuid);
    this.#assemblies.set(uuid, assembly);
    if (assembly.fault === undefined) this.#store(assembly, bytes, dup);
    return { kind: 'incomplete' };
  }

  #isFull(now: number): boolean {
    const { maxDevicesInAssembly } = this.#limits;
    if (this.#assemblies.size >= maxDevicesInAssembly) this.expire(now);
    return this.#assemblies.size >= maxDevicesInAssembly;
  }

  #store(assembly: Assembly, bytes: Uint8Array, dup: boolean): void {
    const { maxPieces, maxDescriptionBytes } = this.#limits;
    const { parts } = assembly;
    const [first] = parts;
    const last = parts.at(-1);
    if (dup && last !== undefined && equalBytes(bytes, last)) return;
    if (first !== undefined && bytes.length >= telling && equalBytes(bytes, first)) {
      parts.length = 0;
      assembly.size = 0;
    }
    if (parts.length >= maxPieces)
      fail(assembly, 'too-many-pieces', `there are more than ${maxPieces} pieces`);
    else if (assembly.size + bytes.length > maxDescriptionBytes)
      fail(assembly, 'description-too-big', `the description is larger than ${maxDescriptionBytes} octets`);
    else {
      // A copy: the payload is a view of a network buffer that may be much larger.
      parts.push(bytes.slice());
      assembly.size += bytes.length;
    }
  }
}

/** The device is told at its END: what it sends until then would only be taken for a new description. */
function fail(assembly: Assembly, code: PieceError, text: string): void {
  assembly.fault = { code, text };
  assembly.parts.length = 0;
}

/** The UUID that a message for `delete` or `retrieve` consists of. */
export function uuidMessage(payload: Uint8Array): DeviceUuid | undefined {
  const text = payload.length > maxUuidLength ? undefined : decodeUtf8(payload);
  return text !== undefined && isDeviceUuid(text) ? text : undefined;
}
