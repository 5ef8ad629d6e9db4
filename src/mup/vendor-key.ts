import { toHex, utf8 } from '../base/bytes.ts';
import type { FieldRole } from '../base/description.ts';
import { UsageError } from '../base/errors.ts';
import { isUint32 } from './manifest-fields.ts';
import { type PrivateKey, type PublicKey, SignatureError, type SignatureScheme } from './signature-scheme.ts';

/** The vendor's next public key, with the word of the key before for it (ADR 27). */
export interface VendorKeyStatement {
  readonly newKey: PublicKey;
  /** Grows with every roll-over; unsigned 32-bit integer. The key that a device was made with has 0. */
  readonly counter: number;
  /** Made with the key before. */
  readonly signature: Uint8Array;
}

/**
 * The text that the vendor signs. Its prefix is that of no other text which the same key signs: vendor manifests
 * begin with the code of a suite, endorsements with `MUP-UPDATE-SERVER`.
 * @throws UsageError `bad-counter`
 */
export function vendorKeyText(newKey: PublicKey, counter: number): string {
  if (!isUint32(counter) || counter === 0)
    throw new UsageError('bad-counter', `${counter} is no counter of a vendor key`, {
      hint: 'A counter is an integer from 1 to 4294967295, higher than that of the key before.',
    });
  return `MUP-VENDOR-KEY;${toHex(newKey)};${counter}`;
}

/**
 * Signs the next key with the one that devices hold.
 * @throws UsageError `bad-counter`, `bad-key`
 */
export function signVendorKey(
  newKey: PublicKey,
  counter: number,
  heldKey: PrivateKey,
  scheme: SignatureScheme,
): VendorKeyStatement {
  return { newKey, counter, signature: scheme.sign(utf8(vendorKeyText(newKey, counter)), heldKey) };
}

/** The values of a statement as they go over the wire, by what they mean. */
export function vendorKeyValues({
  newKey,
  counter,
  signature,
}: VendorKeyStatement): Partial<Record<FieldRole, string>> {
  return {
    newVendorKey: toHex(newKey),
    vendorKeyCounter: String(counter),
    vendorKeySignature: toHex(signature),
  };
}

/**
 * Whether the counter is high enough is for the device, which keeps the last one.
 * @throws SignatureError `vendor-key-invalid` unless the held key has signed the next one; UsageError `bad-counter`
 */
export function verifyVendorKey(
  { newKey, counter, signature }: VendorKeyStatement,
  heldKey: PublicKey,
  scheme: SignatureScheme,
): void {
  if (scheme.verify(utf8(vendorKeyText(newKey, counter)), signature, heldKey)) return;
  throw new SignatureError('vendor-key-invalid', 'the next vendor key is not signed with the key before', {
    where: 'signature',
    hint: 'Sign it with `mup rotate vendor` and the private key that devices hold the public half of.',
  });
}
