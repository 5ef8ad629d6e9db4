import { equalBytes, fromHex } from '../base/bytes.ts';
import type { FieldRole, Operation } from '../base/description.ts';
import { leaves } from '../base/leaves.ts';
import { parseUint32 } from '../mup/manifest-fields.ts';
import { type PublicKey, publicKeyFromHex, type SignatureScheme, suiteOf } from '../mup/signature-scheme.ts';
import type { DeviceStateName } from '../mup/states.ts';
import { signatureBytes } from '../mup/suites.ts';
import { type VendorKeyStatement, verifyVendorKey } from '../mup/vendor-key.ts';

/** What a device knows when its vendor's next key comes. */
export interface VendorKeyFacts {
  readonly vendorKey: PublicKey | undefined;
  /** Counter of the kept key; 0 for the one that the device was made with. */
  readonly counter: number;
  /** Codes of the suites that the device understands: with a key of another one it would never be updated again. */
  readonly suites: readonly string[];
  readonly scheme: SignatureScheme;
}

/**
 * The statement in the inputs of a request, found by what each field represents, or `undefined` when they do not
 * make one. Its signature is not checked here.
 */
export function vendorKeyOf(operation: Operation, inputs: readonly string[]): VendorKeyStatement | undefined {
  const fields = leaves(operation.inputs);
  if (fields.length !== inputs.length) return undefined;
  const value = (role: FieldRole): string => inputs[fields.findIndex((field) => field.role === role)] ?? '';
  const [key, hex] = [value('newVendorKey'), value('vendorKeySignature')];
  // Hex is in lower case (mup-protocol, introduction): one statement has one text.
  if (key !== key.toLowerCase() || hex !== hex.toLowerCase()) return undefined;
  const newKey = publicKeyFromHex(key);
  const counter = parseUint32(value('vendorKeyCounter'));
  const signature = fromHex(hex);
  if (newKey === undefined || counter === undefined || counter === 0) return undefined;
  return signature?.length === signatureBytes ? { newKey, counter, signature } : undefined;
}

/**
 * Whether to take the vendor's next key (ADR 27), cheapest check first: it is well formed and of a suite that the device
 * understands (30); it is the kept one already (11); its counter is higher than the kept one (31); the kept key has signed it (24).
 */
export function decideVendorKey(
  statement: VendorKeyStatement | undefined,
  { vendorKey, counter, suites, scheme }: VendorKeyFacts,
): DeviceStateName {
  if (statement === undefined || !suites.includes(suiteOf(statement.newKey))) return '30_KEY-NOT-VALID';
  // Nothing is there to check it with, and to trust the first would be to trust anybody.
  if (vendorKey === undefined) return '24_INNER-SIGN-INVALID';
  if (statement.counter === counter && equalBytes(statement.newKey, vendorKey)) return '11_NOOP';
  if (statement.counter <= counter) return '31_COUNTER-NOT-HIGHER';
  try {
    verifyVendorKey(statement, vendorKey, scheme);
    return '10_OK';
  } catch {
    return '24_INNER-SIGN-INVALID';
  }
}
