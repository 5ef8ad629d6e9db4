import { constants, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DiskOperation } from './disk-trace.ts';

/** What of the changes that were not synced a power cut leaves on the disk. */
export type Fate =
  /** Nothing. */
  | 'none'
  /** All of it. */
  | 'all'
  /** All of it, but of the very last write only its beginning. */
  | 'torn'
  /** Any of the sectors that were written, and of each directory's changes those before any moment. */
  | 'some';

/** A change of a file. */
type Content = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number };

/** A change of a directory: entries that come, or go where there is no node, at once. */
type Entries = readonly (readonly [name: string, node: DiskNode | undefined])[];

/** A file or a directory: its changes, and how many of them are on disk for sure. */
interface History<Kind extends string, Change> {
  readonly kind: Kind;
  readonly changes: Change[];
  synced: number;
}

type DiskFile = History<'file', Content>;
type DiskDirectory = History<'directory', Entries>;
type DiskNode = DiskFile | DiskDirectory;

/**
 * A disk as POSIX promises it and no better: what is written to a file is there for sure when the file was
 * synced, what happens to its name when its directory was. It is fed with what a process asked of it, and tells
 * what may be on it when the power fails.
 */
export class DiskModel {
  readonly #root = directory();
  readonly #open = new Map<number, DiskNode>();
  #last: Content | undefined;

  /** A disk that holds what a directory does, all of it for sure. */
  static of(path: string): DiskModel {
    const model = new DiskModel();
    load(model.#root, path);
    return model;
  }

  apply(operation: DiskOperation): void {
    switch (operation.kind) {
      case 'open':
        this.#opens(operation);
        return;
      case 'close':
        this.#open.delete(operation.fd);
        return;
      case 'write':
      case 'truncate':
        this.#change(operation.fd, operation);
        return;
      case 'sync': {
        const node = this.#opened(operation.fd);
        node.synced = node.changes.length;
        return;
      }
      case 'rename':
        this.#rename(operation.path, operation.to);
        return;
      case 'link':
        this.#enter(operation.to, this.#known(operation.path));
        return;
      case 'mkdir':
        this.#enter(operation.path, directory());
        return;
      case 'unlink':
      case 'rmdir':
        this.#enter(operation.path, undefined);
    }
  }

  /**
   * Writes into an empty directory what may be on the disk after a power cut now.
   * @param random numbers from 0 to below 1
   */
  crash(fate: Fate, random: () => number, path: string): void {
    this.#leave(this.#root, fate, random, path);
  }

  #leave(node: DiskNode, fate: Fate, random: () => number, path: string): void {
    if (node.kind === 'file') {
      writeFileSync(path, contentOf(this.#kept(node, fate, random)), { mode: 0o600 });
      return;
    }
    const unsynced = node.changes.length - node.synced;
    const kept = fate === 'none' ? 0 : fate === 'some' ? Math.floor(random() * (unsynced + 1)) : unsynced;
    mkdirSync(path, { recursive: true });
    for (const [name, child] of listed(node, node.synced + kept))
      this.#leave(child, fate, random, join(path, name));
  }

  #kept({ changes, synced }: DiskFile, fate: Fate, random: () => number): Content[] {
    return changes.flatMap((change, i) => {
      if (i < synced) return change;
      if (fate === 'none') return [];
      if (fate === 'some') return sectors(change).filter(() => random() < 0.5);
      if (fate === 'all' || change !== this.#last || !('bytes' in change)) return change;
      return { ...change, bytes: change.bytes.subarray(0, Math.floor(random() * change.bytes.length)) };
    });
  }

  #opens({ fd, flags, path }: Extract<DiskOperation, { readonly kind: 'open' }>): void {
    const node: DiskNode = path === '.' ? this.#root : (this.#find(path) ?? file());
    if (path !== '.' && this.#find(path) === undefined) this.#enter(path, node);
    this.#open.set(fd, node);
    if ((flags & constants.O_TRUNC) !== 0) this.#change(fd, { size: 0 });
  }

  #change(fd: number, change: Content): void {
    const node = this.#opened(fd);
    if (node.kind !== 'file') throw new Error('a directory is written to');
    node.changes.push(change);
    this.#last = change;
  }

  #rename(from: string, to: string): void {
    if (dirname(from) !== dirname(to)) throw new Error('the model renames within a directory only');
    this.#parent(to).changes.push([
      [basename(from), undefined],
      [basename(to), this.#known(from)],
    ]);
  }

  #enter(path: string, node: DiskNode | undefined): void {
    this.#parent(path).changes.push([[basename(path), node]]);
  }

  #opened(fd: number): DiskNode {
    const node = this.#open.get(fd);
    if (node === undefined) throw new Error(`file descriptor ${fd} is not open`);
    return node;
  }

  #known(path: string): DiskNode {
    const node = this.#find(path);
    if (node === undefined) throw new Error(`there is no ${path}`);
    return node;
  }

  #find(path: string): DiskNode | undefined {
    const parent = this.#parent(path);
    return listed(parent, parent.changes.length).get(basename(path));
  }

  #parent(path: string): DiskDirectory {
    const parent = dirname(path) === '.' ? this.#root : this.#known(dirname(path));
    if (parent.kind !== 'directory') throw new Error(`${path} is in no directory`);
    return parent;
  }
}

function file(): DiskFile {
  return { kind: 'file', changes: [], synced: 0 };
}

function directory(): DiskDirectory {
  return { kind: 'directory', changes: [], synced: 0 };
}

/** Bytes that a disk writes whole or not at all. */
const sectorBytes = 512;

/** The sectors of a write; another change is one by itself. */
function sectors(change: Content): Content[] {
  if (!('bytes' in change)) return [change];
  const { at, bytes } = change;
  const found: Content[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + sectorBytes - ((at + from) % sectorBytes));
    found.push({ at: at + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return found;
}

/** The entries of a directory after some of its changes. */
function listed({ changes }: DiskDirectory, count: number): Map<string, DiskNode> {
  const found = new Map<string, DiskNode>();
  for (const [name, node] of changes.slice(0, count).flat())
    if (node === undefined) found.delete(name);
    else found.set(name, node);
  return found;
}

/** A file's bytes after changes; what none of them has written is zero. */
function contentOf(changes: readonly Content[]): Uint8Array {
  let content = new Uint8Array(0);
  for (const change of changes) {
    if ('size' in change) {
      const cut = new Uint8Array(change.size);
      cut.set(content.subarray(0, change.size));
      content = cut;
      continue;
    }
    const end = change.at + change.bytes.length;
    if (end > content.length) {
      const grown = new Uint8Array(end);
      grown.set(content);
      content = grown;
    }
    content.set(change.bytes, change.at);
  }
  return content;
}

function load(into: DiskDirectory, path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    const node = entry.isDirectory() ? directory() : file();
    if (node.kind === 'directory') load(node, inside);
    else node.changes.push({ at: 0, bytes: readFileSync(inside) });
    node.synced = node.changes.length;
    into.changes.push([[entry.name, node]]);
  }
  into.synced = into.changes.length;
}
