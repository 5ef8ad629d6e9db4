import { clipped as clippedAt } from '../base/clipped.ts';
import { PeerError } from '../base/errors.ts';
import { isDigest } from '../base/ids.ts';
import type { UnsignedManifest } from './manifest.ts';
import { isSuiteCode, suiteNames } from './suites.ts';

/** Largest version, size and link offset: unsigned 32-bit integers. */
export const maxUint32 = 0xffff_ffff;

/** What an App ID may look like (mup-protocol §3), in the dialect that JavaScript and XSD patterns share. */
export const appIdPattern = '[A-Za-z0-9._\\-]{1,32}';

const appIdExpression = new RegExp(`^(?:${appIdPattern})$`);
const decimalExpression = /^(?:0|[1-9][0-9]{0,9})$/;

/** Whether a value is an unsigned 32-bit integer. */
export function isUint32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maxUint32;
}

/**
 * The unsigned 32-bit integer that a text on the wire stands for, or `undefined`: decimal, without sign,
 * space or leading zeros (mup-protocol §3), so that one value has one text and one signature.
 */
export function parseUint32(text: string): number | undefined {
  if (!decimalExpression.test(text)) return undefined;
  const value = Number(text);
  return isUint32(value) ? value : undefined;
}

/** A rule that one field of a manifest keeps: the check, and what it asks for in words. */
interface FieldRule {
  readonly holds: (value: unknown) => boolean;
  readonly expected: string;
}

const uint32Rule: FieldRule = { holds: isUint32, expected: `an integer from 0 to ${maxUint32}` };

/** Rules of the fields that the vendor signs, in the order of the signed text (mup-protocol §3). */
const fieldRules: Readonly<Record<keyof UnsignedManifest, FieldRule>> = {
  suite: {
    holds: isSuiteCode,
    expected: `the code of a suite that is known here, as a text: ${suiteNames()}`,
  },
  appId: {
    holds: (value) => typeof value === 'string' && appIdExpression.test(value),
    expected: '1 to 32 letters, digits, dots, underscores and hyphens',
  },
  linkOffset: uint32Rule,
  digest: {
    holds: (value) => typeof value === 'string' && isDigest(value),
    expected: 'a SHA-256 digest: 64 lower-case hex digits',
  },
  size: {
    holds: (value) => isUint32(value) && value > 0,
    expected: `an integer from 1 to ${maxUint32}`,
  },
  newVersion: uint32Rule,
  oldVersion: uint32Rule,
};

/** Names of the fields that the vendor signs. */
export const unsignedFields = Object.keys(fieldRules) as readonly (keyof UnsignedManifest)[];

/**
 * Checks type and range of every field that the vendor signs. No field can then hold the `;` that parts
 * the signed text, so that two manifests never share one text.
 * @throws PeerError `bad-manifest`, `where` naming the field
 */
export function checkUnsignedManifest(
  fields: Readonly<Record<keyof UnsignedManifest, unknown>>,
): asserts fields is UnsignedManifest {
  for (const name of unsignedFields) {
    const { holds, expected } = fieldRules[name];
    if (!holds(fields[name])) throw badField(name, fields[name], expected);
  }
}

/** The error for a field whose value is not what it has to be. */
export function badField(name: string, value: unknown, expected: string): PeerError {
  const found = value === undefined ? 'missing' : clipped(JSON.stringify(value));
  return new PeerError('bad-manifest', `manifest field ${name} is ${found}`, {
    where: name,
    hint: `Expected ${expected}.`,
  });
}

/** A value from a peer, short enough for an error's message. */
export function clipped(text: string): string {
  return clippedAt(text, 80);
}
