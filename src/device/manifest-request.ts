import { fromHex } from '../base/bytes.ts';
import type { FieldRole, Operation } from '../base/description.ts';
import { UsageError } from '../base/errors.ts';
import { isDeviceUuid } from '../base/ids.ts';
import { leaves } from '../base/leaves.ts';
import { parseChainHead } from '../mup/chain-head.ts';
import type { ExtendedManifest, UnsignedManifest } from '../mup/manifest.ts';
import { checkUnsignedManifest, parseUint32 } from '../mup/manifest-fields.ts';
import { signatureBytes } from '../mup/suites.ts';
import { isNonce } from '../mup/token.ts';

const requiredRoles = [
  'suite',
  'appId',
  'linkOffset',
  'imageDigest',
  'imageSize',
  'newVersion',
  'oldVersion',
  'innerSignature',
  'deviceUuid',
  'nonce',
  'outerSignature',
] as const satisfies readonly FieldRole[];

/** What a manifest says of slices that are authenticated: an operation has both, or none of them (ADR 28). */
const sliceRoles = ['sliceSize', 'sliceHash'] as const satisfies readonly FieldRole[];

/**
 * Checks that a manifest operation takes all fields of an extended manifest (mup-protocol §3).
 * @throws UsageError `manifest-operation-incomplete`
 */
export function checkManifestOperation(operation: Operation): void {
  const roles = new Set(leaves(operation.inputs).map(({ role }) => role));
  const wanted = sliceRoles.some((role) => roles.has(role))
    ? [...requiredRoles, ...sliceRoles]
    : requiredRoles;
  const missing = wanted.filter((role) => !roles.has(role));
  if (missing.length === 0) return;
  throw new UsageError(
    'manifest-operation-incomplete',
    `the operation ${operation.name} has no input for ${missing.join(', ')}`,
    { where: operation.name, hint: 'Give each such input its mup:represents in the description.' },
  );
}

/**
 * The extended manifest in the inputs of a request, found by what each field represents, or `undefined`
 * when they do not make one. Signatures are not checked here.
 * @param maxSliceSize octets of image that the device takes in a slice; without it, any number
 */
export function manifestOf(
  operation: Operation,
  inputs: readonly string[],
  maxSliceSize = Number.POSITIVE_INFINITY,
): ExtendedManifest | undefined {
  const fields = leaves(operation.inputs);
  if (fields.length !== inputs.length) return undefined;
  const value = (role: FieldRole): string => inputs[fields.findIndex((field) => field.role === role)] ?? '';
  const unsigned = {
    suite: value('suite'),
    appId: value('appId'),
    linkOffset: parseUint32(value('linkOffset')),
    digest: value('imageDigest'),
    size: parseUint32(value('imageSize')),
    newVersion: parseUint32(value('newVersion')),
    oldVersion: parseUint32(value('oldVersion')),
  };
  const innerSignature = signature(value('innerSignature'));
  const outerSignature = signature(value('outerSignature'));
  const [uuid, nonce] = [value('deviceUuid'), value('nonce')];
  if (innerSignature === undefined || outerSignature === undefined) return undefined;
  if (!isDeviceUuid(uuid) || !isNonce(nonce, 'mup') || !isUnsigned(unsigned)) return undefined;
  const extended = { ...unsigned, innerSignature, uuid, nonce, outerSignature };
  if (!fields.some(({ role }) => role === 'sliceHash')) return extended;
  const slices = parseChainHead(value('sliceSize'), value('sliceHash'));
  return slices === undefined || slices.sliceSize > maxSliceSize ? undefined : { ...extended, slices };
}

type UnsignedFields = Parameters<typeof checkUnsignedManifest>[0];

function isUnsigned(fields: UnsignedFields): fields is UnsignedManifest {
  try {
    checkUnsignedManifest(fields);
    return true;
  } catch {
    return false;
  }
}

/** A signature in lower-case hex (mup-protocol, introduction). */
function signature(hex: string): Uint8Array | undefined {
  const bytes = hex === hex.toLowerCase() ? fromHex(hex) : undefined;
  return bytes?.length === signatureBytes ? bytes : undefined;
}
