import { formatSignedKey, parseSignedKey, type SignedKeyFormat } from './signed-key-file.ts';
import type { VendorKeyStatement } from './vendor-key.ts';

const format: SignedKeyFormat = {
  what: 'a signed vendor key',
  code: 'bad-vendor-key',
  hint: 'Write it with `mup rotate vendor`.',
  keyName: 'newKey',
  numberName: 'counter',
};

/** The JSON file that `mup rotate vendor` writes and `mup rotate send` reads. */
export function formatVendorKeyFile({ newKey, counter, signature }: VendorKeyStatement): string {
  return formatSignedKey({ key: newKey, number: counter, signature }, format);
}

/**
 * Reads what {@link formatVendorKeyFile} writes; strict. The signature is not checked here.
 * @throws UsageError `bad-vendor-key`, `where` naming the member
 */
export function parseVendorKeyFile(bytes: Uint8Array): VendorKeyStatement {
  const { key, number, signature } = parseSignedKey(bytes, format);
  return { newKey: key, counter: number, signature };
}
