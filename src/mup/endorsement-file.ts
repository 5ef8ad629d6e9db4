import type { Endorsement } from './endorsement.ts';
import { formatSignedKey, parseSignedKey, type SignedKeyFormat } from './signed-key-file.ts';

const format: SignedKeyFormat = {
  what: 'an endorsement',
  code: 'bad-endorsement',
  hint: 'Write it with `mup endorse`.',
  keyName: 'serverKey',
  numberName: 'epoch',
};

/** An endorsement that a vendor signed. */
export interface SignedEndorsement extends Endorsement {
  readonly signature: Uint8Array;
}

/** The JSON file that `mup endorse` writes and the bridge reads: key and signature in lower-case hex. */
export function formatEndorsementFile({ serverKey, epoch, signature }: SignedEndorsement): string {
  return formatSignedKey({ key: serverKey, number: epoch, signature }, format);
}

/**
 * Reads what {@link formatEndorsementFile} writes; strict. The signature is not checked here.
 * @throws UsageError `bad-endorsement`, `where` naming the key
 */
export function parseEndorsementFile(bytes: Uint8Array): SignedEndorsement {
  const { key, number, signature } = parseSignedKey(bytes, format);
  return { serverKey: key, epoch: number, signature };
}
