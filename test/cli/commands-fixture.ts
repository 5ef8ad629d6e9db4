import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect } from '@jest/globals';
import { type CliResult, runMup, temporaryDirectory } from '../support/cli.ts';

const base = temporaryDirectory();
/** Where the commands run. */
export let cwd = '';

/** Goes to a directory of its own, as each test does at its beginning. */
export function goElsewhere(): void {
  cwd = mkdtempSync(join(base(), 'case-'));
}

beforeEach(goElsewhere);

/** Runs a command line in this process. */
export function mup(...argv: string[]): Promise<CliResult> {
  return runMup(argv, { cwd });
}

/** Runs what has to succeed with `--json`. */
export async function json(...argv: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await mup(...argv, '--json');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.trimEnd()).not.toContain('\n');
  return JSON.parse(stdout);
}

/** Permissions of a file, octal. */
export function mode(path: string): string {
  return (statSync(join(cwd, path)).mode & 0o777).toString(8);
}

/** What is signed and added. */
export const image = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

/** Writes the image, a vendor's keys and a manifest. */
export async function signed(...more: string[]): Promise<void> {
  writeFileSync(join(cwd, 'fw.bin'), image);
  await json('keygen', 'vendor', '--out', 'vendor.pem');
  await json('sign', 'fw.bin', '--key', 'vendor.pem', '--app-id', 'lamp', '--new-version', '2', ...more);
}
