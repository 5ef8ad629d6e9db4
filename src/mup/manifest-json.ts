import { decodeUtf8, fromHex, toHex } from '../base/bytes.ts';
import { defaultConfig } from '../base/config.ts';
import { errorMessage, PeerError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { VendorManifest } from './manifest.ts';
import { badField, checkUnsignedManifest, clipped, unsignedFields } from './manifest-fields.ts';
import { signatureBytes } from './suites.ts';

const keys: readonly string[] = [...unsignedFields, 'innerSignature'];

/**
 * Reads a vendor manifest from its JSON file. Strict: exactly the keys that {@link formatVendorManifest}
 * writes, each of its type and range; hex of the inner signature in lower case. The signature is not
 * checked here.
 * @param maxBytes octets that the file may have (`images.maxManifestBytes`)
 * @throws PeerError `bad-manifest`, `where` naming the key
 */
export function parseVendorManifest(
  bytes: Uint8Array,
  maxBytes: number = defaultConfig.images.maxManifestBytes,
): VendorManifest {
  const fields = parseObject(bytes, maxBytes);
  checkKeys(fields);
  const { suite, appId, linkOffset, digest, size, newVersion, oldVersion } = fields;
  const unsigned = { suite, appId, linkOffset, digest, size, newVersion, oldVersion };
  checkUnsignedManifest(unsigned);
  return { ...unsigned, innerSignature: parseSignature(fields['innerSignature']) };
}

/** The JSON text of a vendor manifest, for people and for {@link parseVendorManifest}. */
export function formatVendorManifest(manifest: VendorManifest): string {
  const { suite, appId, linkOffset, digest, size, newVersion, oldVersion, innerSignature } = manifest;
  const fields = { suite, appId, linkOffset, digest, size, newVersion, oldVersion };
  return `${JSON.stringify({ ...fields, innerSignature: toHex(innerSignature) }, null, 2)}\n`;
}

function parseObject(bytes: Uint8Array, maxBytes: number): Readonly<Record<string, unknown>> {
  if (bytes.length > maxBytes)
    throw new PeerError('bad-manifest', `a manifest of ${bytes.length} octets is too big`, {
      hint: `At most ${maxBytes} octets are read (images.maxManifestBytes).`,
    });
  const value = parseJson(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PeerError('bad-manifest', 'the manifest is not a JSON object', {
      hint: `Expected an object with the keys ${keys.join(', ')}.`,
    });
  return value as Readonly<Record<string, unknown>>;
}

function parseJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new PeerError('bad-manifest', 'the manifest is not UTF-8 text');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PeerError('bad-manifest', `the manifest is not JSON: ${clipped(errorMessage(error))}`, {
      hint: 'Write it with `mup sign`.',
    });
  }
}

function checkKeys(fields: Readonly<Record<string, unknown>>): void {
  const unknown = Object.keys(fields).find((key) => !keys.includes(key));
  if (unknown === undefined) return;
  const meant = nearest(unknown, keys);
  throw new PeerError('bad-manifest', `${clipped(JSON.stringify(unknown))} is no key of a manifest`, {
    where: clipped(unknown),
    hint: `${meant === undefined ? '' : `Did you mean "${meant}"? `}The keys are ${keys.join(', ')}.`,
  });
}

function parseSignature(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' && value === value.toLowerCase() ? fromHex(value) : undefined;
  if (bytes?.length === signatureBytes) return bytes;
  throw badField('innerSignature', value, `${signatureBytes} octets as lower-case hex`);
}
