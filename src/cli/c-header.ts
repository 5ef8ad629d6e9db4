import type { Digest } from '../base/ids.ts';

const octetsPerLine = 16;

/** What a C header of a packed description is made of. */
export interface CHeaderParts {
  /** Name of the description's file, without its ending. */
  readonly name: string;
  readonly digest: Digest;
  readonly packed: Uint8Array;
  readonly unpackedBytes: number;
}

/** A C header with the octets of a description, for firmware to send as they are. */
export function cHeader({ name, digest, packed, unpackedBytes }: CHeaderParts): string {
  const symbol = cIdentifier(name);
  const guard = `${symbol.toUpperCase()}_DESCRIPTION_H`;
  return [
    `/* Made by: mup describe pack. JSON-LD of ${unpackedBytes} octets, packed with zlib; %s is the UUID. */`,
    `#ifndef ${guard}`,
    `#define ${guard}`,
    '',
    '/* A device may announce this first, and send the description only when it is asked for. */',
    `#define ${symbol.toUpperCase()}_DESCRIPTION_DIGEST "sha256:${digest}"`,
    `#define ${symbol.toUpperCase()}_DESCRIPTION_SIZE ${packed.length}`,
    '',
    `static const unsigned char ${symbol}_description[${packed.length}] = {`,
    ...octetLines(packed),
    '};',
    '',
    '#endif',
    '',
  ].join('\n');
}

function octetLines(octets: Uint8Array): string[] {
  return Array.from({ length: Math.ceil(octets.length / octetsPerLine) }, (_, i) => {
    const line = octets.subarray(i * octetsPerLine, (i + 1) * octetsPerLine);
    return `  ${Array.from(line, (octet) => `0x${octet.toString(16).padStart(2, '0')},`).join(' ')}`;
  });
}

/** A name in C; it may not begin with a digit, and one that begins with `_` belongs to the compiler. */
function cIdentifier(name: string): string {
  const safe = name
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
  return /^[a-z]/.test(safe) ? safe : `device${safe === '' ? '' : `_${safe}`}`;
}
