import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Inputs that once broke a target, a file each: `corpus/<target>/<SHA-256>`. They are tried first, for ever. */
const corpusDir = join(import.meta.dirname, 'corpus');

/** The inputs that are kept for a target, by file name. */
export function corpusOf(target: string): ReadonlyMap<string, Uint8Array> {
  const directory = join(corpusDir, target);
  const files = existsSync(directory) ? readdirSync(directory).sort() : [];
  return new Map(files.map((file) => [file, new Uint8Array(readFileSync(join(directory, file)))]));
}

/** Names of the targets that the corpus has inputs of. */
export function corpusTargets(): string[] {
  return existsSync(corpusDir) ? readdirSync(corpusDir).sort() : [];
}

/** Keeps an input that broke a target. @returns its file */
export function keep(target: string, input: Uint8Array): string {
  const directory = join(corpusDir, target);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, createHash('sha256').update(input).digest('hex'));
  writeFileSync(file, input);
  return file;
}
