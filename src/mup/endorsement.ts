import { fromHex, toHex, utf8 } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';
import { printable } from '../base/printable.ts';
import { isUint32, parseUint32 } from './manifest-fields.ts';
import {
  type PrivateKey,
  type PublicKey,
  publicKeyFromHex,
  SignatureError,
  type SignatureScheme,
  suiteOf,
} from './signature-scheme.ts';
import { signatureBytes, suiteName } from './suites.ts';

/** The update server's key as it goes to a device, with the vendor's word for it (mup-protocol §1). */
export interface Endorsement {
  readonly serverKey: PublicKey;
  /** Grows with every key the vendor endorses; unsigned 32-bit integer. */
  readonly epoch: number;
  /** Vendor's signature; `undefined`: for devices that trust the first key they see. */
  readonly signature: Uint8Array | undefined;
}

/**
 * The text that the vendor signs (mup-protocol §1).
 * @throws UsageError `bad-epoch`
 */
export function endorsementText(serverKey: PublicKey, epoch: number): string {
  if (!isUint32(epoch))
    throw new UsageError('bad-epoch', `${epoch} is no epoch`, {
      hint: 'An epoch is an unsigned 32-bit integer, higher than that of the key before.',
    });
  return `MUP-UPDATE-SERVER;${toHex(serverKey)};${epoch}`;
}

/**
 * The vendor's signature over an update server's key. Both keys are of one suite, since both sign one manifest.
 * @throws UsageError `bad-epoch`, `bad-key`, `wrong-suite`
 */
export function endorse(
  serverKey: PublicKey,
  epoch: number,
  vendorKey: PrivateKey,
  scheme: SignatureScheme,
): Uint8Array {
  const text = endorsementText(serverKey, epoch);
  if (suiteOf(serverKey) !== vendorKey.suite)
    throw new UsageError('wrong-suite', suitesDiffer(serverKey, vendorKey.suite), {
      hint: 'Endorse a key with a vendor key of the same suite.',
    });
  return scheme.sign(utf8(text), vendorKey);
}

/**
 * Whether the epoch is still high enough is for the device, which keeps the last one.
 * @throws SignatureError `endorsement-missing`, `endorsement-invalid`, `wrong-suite` before any cryptography
 */
export function verifyEndorsement(
  endorsement: Endorsement,
  vendorKey: PublicKey,
  scheme: SignatureScheme,
): void {
  const { serverKey, epoch, signature } = endorsement;
  if (signature === undefined)
    throw new SignatureError('endorsement-missing', 'the update server’s key carries no endorsement', {
      hint: 'Have the vendor endorse it with `mup endorse`.',
    });
  if (suiteOf(serverKey) !== suiteOf(vendorKey))
    throw new SignatureError('wrong-suite', suitesDiffer(serverKey, suiteOf(vendorKey)), {
      hint: 'Announce a key of the suite of the vendor key that the device holds.',
    });
  if (scheme.verify(utf8(endorsementText(serverKey, epoch)), signature, vendorKey)) return;
  throw new SignatureError(
    'endorsement-invalid',
    'the endorsement is not the vendor’s over this key and epoch',
    {
      hint: 'Endorse the key that the update server uses now with the private key of this vendor.',
    },
  );
}

function suitesDiffer(serverKey: PublicKey, vendorSuite: string): string {
  return `the update server’s key is of suite ${suiteName(suiteOf(serverKey))}, the vendor’s of suite ${suiteName(vendorSuite)}`;
}

/** The answer to a description that was registered: `OK;<key>;<epoch>;<endorsement>` (mup-protocol §1). */
export function formatRegistrationAnswer({ serverKey, epoch, signature }: Endorsement): string {
  return `OK;${toHex(serverKey)};${epoch};${signature === undefined ? '' : toHex(signature)}`;
}

/** The answer to a description that was refused. Control characters in the text are made visible. */
export function formatRegistrationError(code: string, text: string): string {
  return `ERROR;${code};${printable(text)}`;
}

/** What a bridge answers to a description. */
export type RegistrationAnswer =
  | { readonly kind: 'registered'; readonly endorsement: Endorsement }
  | { readonly kind: 'refused'; readonly code: string; readonly text: string }
  | { readonly kind: 'malformed' };

/** Reads the answer to a description; never throws. Whether the key is to be trusted is another matter. */
export function parseRegistrationAnswer(text: string): RegistrationAnswer {
  const [word, first = '', second = '', ...rest] = text.split(';');
  if (word === 'ERROR' && /^[a-z0-9-]{1,64}$/.test(first))
    return { kind: 'refused', code: first, text: [second, ...rest].join(';') };
  const hex = [first, ...rest];
  // Hex is in lower case (mup-protocol, introduction): one key has one text.
  if (word !== 'OK' || hex.length !== 2 || hex.some((one) => one !== one.toLowerCase()))
    return { kind: 'malformed' };
  const serverKey = publicKeyFromHex(first);
  const epoch = parseUint32(second);
  const signature = fromHex(rest[0] ?? '');
  const sized = signature?.length === 0 || signature?.length === signatureBytes;
  if (serverKey === undefined || epoch === undefined || !sized) return { kind: 'malformed' };
  const endorsement = { serverKey, epoch, signature: signature.length === 0 ? undefined : signature };
  return { kind: 'registered', endorsement };
}
