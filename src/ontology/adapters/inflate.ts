import { promisify } from 'node:util';
import { deflateSync, inflate } from 'node:zlib';
import { errorCode } from '../../base/errors.ts';
import { DescriptionError } from '../description-error.ts';

const inflateAsync = promisify(inflate);

/** A zlib stream begins with this (RFC 1950 §2.2: deflate, window of 32 KiB); JSON never does. */
const zlibMagic = 0x78;

export interface InflateLimits {
  readonly maxDescriptionBytes: number;
  /** Inflated size divided by deflated size. */
  readonly maxInflateRatio: number;
}

/**
 * A description as JSON-LD, unpacked where it is packed. Never makes more octets than allowed, whatever
 * the stream holds.
 * @throws DescriptionError `description-too-big`, `description-malformed`
 */
export async function unpack(bytes: Uint8Array, limits: InflateLimits): Promise<Uint8Array> {
  const { maxDescriptionBytes, maxInflateRatio } = limits;
  if (bytes.length > maxDescriptionBytes) throw tooBig(`more than ${maxDescriptionBytes} octets`);
  if (bytes[0] !== zlibMagic) return bytes;
  const maxOutputLength = Math.min(maxDescriptionBytes, bytes.length * maxInflateRatio);
  try {
    return new Uint8Array(await inflateAsync(bytes, { maxOutputLength }));
  } catch (error) {
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE')
      throw tooBig(`more than ${maxOutputLength} octets, unpacked`);
    throw new DescriptionError('description-malformed', 'the description is not what zlib has packed');
  }
}

/** A description as {@link unpack} takes it, as small as zlib makes it. */
export function pack(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(deflateSync(bytes, { level: 9 }));
}

function tooBig(what: string): DescriptionError {
  return new DescriptionError('description-too-big', `the description has ${what}`);
}
