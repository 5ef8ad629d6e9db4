import { decodeUtf8Lossy } from '../../../src/base/bytes.ts';

/** What a process asked of the disk, as disk-trace.c writes it down. */
export type DiskOperation =
  | { readonly kind: 'open'; readonly fd: number; readonly flags: number; readonly path: string }
  | { readonly kind: 'close' | 'sync'; readonly fd: number }
  | { readonly kind: 'write'; readonly fd: number; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly fd: number; readonly size: number }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'unlink' | 'mkdir' | 'rmdir'; readonly path: string };

/** Reads a trace. @throws Error when it holds something else */
export function parseTrace(trace: Uint8Array): DiskOperation[] {
  const operations: DiskOperation[] = [];
  for (let from = 0; from < trace.length; ) {
    const lineEnd = trace.indexOf(0x0a, from);
    const words = decodeUtf8Lossy(trace.subarray(from, lineEnd)).split(' ');
    const operation = parse(words, trace.subarray(lineEnd + 1));
    operations.push(operation);
    from = lineEnd + 1 + (operation.kind === 'write' ? operation.bytes.length : 0);
  }
  return operations;
}

function parse(words: readonly string[], behind: Uint8Array): DiskOperation {
  const [kind, first = '', second = '', third = ''] = words;
  switch (kind) {
    case 'open':
      return { kind, fd: Number(first), flags: Number(second), path: third };
    case 'close':
    case 'sync':
      return { kind, fd: Number(first) };
    case 'write':
      return { kind, fd: Number(first), at: Number(second), bytes: behind.subarray(0, Number(third)) };
    case 'truncate':
      return { kind, fd: Number(first), size: Number(second) };
    case 'rename':
    case 'link':
      return { kind, path: first, to: second };
    case 'unlink':
    case 'mkdir':
    case 'rmdir':
      return { kind, path: first };
    default:
      throw new Error(`the trace says "${words.join(' ').slice(0, 200)}"`);
  }
}
