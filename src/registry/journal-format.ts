import { concatBytes, decodeUtf8Lossy, utf8 } from '../base/bytes.ts';
import type { Digest } from '../base/ids.ts';
import type { Change } from './document-store.ts';

/**
 * The lines of the journal. Each is 32 hex digits, the first half of the SHA-256 of what stands behind them, a
 * blank, a JSON text and a line feed, which JSON texts of ours have nowhere else. The first line is the header,
 * every other is a transaction as a whole.
 */

/** The digest function, injected. */
export type Sha256 = (bytes: Uint8Array) => Digest;

/** What the header's `format` says. */
const format = 'mup-bridge registry';

const digestLength = 32;

/** One character a byte. */
const latin1 = new TextDecoder('latin1');

/** A change as it stands in the journal: without a third member its document is taken away. */
export type StoredChange =
  | readonly [collection: string, key: string]
  | readonly [collection: string, key: string, document: unknown];

/** The first line. */
export interface JournalHeader {
  readonly kind: 'header';
  /** Of the documents and of the journal itself. */
  readonly version: number;
}

/** A transaction; one without changes says that what stands before it is on disk. */
export interface JournalRecord {
  readonly kind: 'record';
  /** The offset of its line: a line that is missing is noticed by the next one. */
  readonly at: number;
  /** Offset up to which everything was on disk when the line was written. */
  readonly synced: number;
  readonly changes: readonly StoredChange[];
}

/** The JSON text of a change. */
export function changeText(change: Change): string {
  const { collection, key } = change;
  return JSON.stringify(change.kind === 'put' ? [collection, key, change.document] : [collection, key]);
}

export function headerLine(version: number, sha256: Sha256): Uint8Array {
  return line(JSON.stringify({ format, version }), sha256);
}

/** @param changes their {@link changeText} */
export function recordLine(
  {
    at,
    synced,
    changes,
  }: { readonly at: number; readonly synced: number; readonly changes: readonly string[] },
  sha256: Sha256,
): Uint8Array {
  return line(`{"at":${at},"synced":${synced},"changes":[${changes.join(',')}]}`, sha256);
}

/** @returns what a line says, its line feed left out; `undefined` unless it is whole as it was written */
export function readLine(bytes: Uint8Array, sha256: Sha256): JournalHeader | JournalRecord | undefined {
  const text = wholeText(bytes, sha256);
  return text === undefined ? undefined : parsed(text);
}

/**
 * What a line says, with documents or without: a start reads each line, and needs the documents of those that
 * are in force.
 * @returns as {@link readLine}; documents may be `undefined`
 */
export function readPlaces(bytes: Uint8Array, sha256: Sha256): JournalHeader | JournalRecord | undefined {
  const text = wholeText(bytes, sha256);
  return text === undefined ? undefined : (singlePut(text) ?? parsed(text));
}

/** The JSON text of a line, if its digest is right. Nobody but us makes such a digest by chance. */
function wholeText(bytes: Uint8Array, sha256: Sha256): string | undefined {
  const payload = bytes.subarray(digestLength + 1);
  if (latin1.decode(bytes.subarray(0, digestLength)) !== sha256(payload).slice(0, digestLength))
    return undefined;
  return decodeUtf8Lossy(payload);
}

/** How a transaction begins whose first change is a put with a name that JSON writes as it is. */
const firstPut = /^\{"at":(\d+),"synced":(\d+),"changes":\[\["([\w-]+)","([\w.:-]+)",/;

/** What stands between a document and a change behind it, and perhaps somewhere in a document. */
const nextChange = '],["';

/** A transaction that surely is one put, without its document. */
function singlePut(text: string): JournalRecord | undefined {
  const [begin, at, synced, collection, key] = firstPut.exec(text) ?? [];
  if (begin === undefined || collection === undefined || key === undefined) return undefined;
  if (text.includes(nextChange, begin.length)) return undefined;
  return { kind: 'record', at: Number(at), synced: Number(synced), changes: [[collection, key, undefined]] };
}

function parsed(text: string): JournalHeader | JournalRecord | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  if ('format' in value) {
    if (value.format !== format || !('version' in value) || typeof value.version !== 'number')
      return undefined;
    return { kind: 'header', version: value.version };
  }
  const { at, synced, changes } = value as JournalRecord;
  return { kind: 'record', at, synced, changes };
}

/** Records that stand whole at the end of bytes which are none: the line feed before them is lost. */
export function recordsBehind(bytes: Uint8Array, sha256: Sha256): JournalRecord[] {
  // Places in the text are places in the bytes.
  const starts = latin1.decode(bytes).matchAll(/[0-9a-f]{32} \{"at":/g);
  return [...starts]
    .map(({ index }) => readLine(bytes.subarray(index), sha256))
    .filter((line) => line?.kind === 'record');
}

function line(payload: string, sha256: Sha256): Uint8Array {
  const bytes = utf8(payload);
  return concatBytes([utf8(`${sha256(bytes).slice(0, digestLength)} `), bytes, lineFeed]);
}

const lineFeed = Uint8Array.of(0x0a);

/** A line and where it begins. */
export interface PlacedLine {
  readonly at: number;
  /** Without its line feed; valid until the next part is pushed. */
  readonly bytes: Uint8Array;
}

/** Cuts bytes that come in parts into lines. */
export class LineSplitter {
  readonly #begun: Uint8Array[] = [];
  #at = 0;
  #read = 0;

  /** Bytes behind the last line feed. */
  get rest(): number {
    return this.#read - this.#at;
  }

  /** @returns the lines that end in this part */
  push(part: Uint8Array): PlacedLine[] {
    const lines: PlacedLine[] = [];
    let from = 0;
    for (let to = part.indexOf(0x0a); to >= 0; to = part.indexOf(0x0a, from)) {
      const last = part.subarray(from, to);
      const bytes = this.#begun.length === 0 ? last : concatBytes([...this.#begun.splice(0), last]);
      lines.push({ at: this.#at, bytes });
      from = to + 1;
      this.#at = this.#read + from;
    }
    if (from < part.length) this.#begun.push(part.slice(from));
    this.#read += part.length;
    return lines;
  }
}
