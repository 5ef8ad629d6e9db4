import { PeerError } from './errors.ts';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/**
 * A device's id. Real devices use ids that RFC 4122 refuses (a first group of 7 digits,
 * `SIMULATOR8-1A45-…`), so this is a bounded token without any character that MQTT topics, XML, YANG or
 * a terminal give a meaning to. Compared exactly, case included.
 */
export type DeviceUuid = Branded<string, 'DeviceUuid'>;

/** SHA-256 as 64 lower-case hex digits. */
export type Digest = Branded<string, 'Digest'>;

/** The first 16 octets of the SHA-256 of a slice's payload, as 32 lower-case hex digits. */
export type SliceHash = Branded<string, 'SliceHash'>;

/** The id of an update job. */
export type JobId = Branded<string, 'JobId'>;

/** What a {@link DeviceUuid} may look like, in the dialect that JavaScript and XSD patterns share. */
export const deviceUuidPattern = '[A-Za-z0-9][A-Za-z0-9\\-]{0,63}';

const deviceUuidExpression = new RegExp(`^(?:${deviceUuidPattern})$`);
const digestExpression = /^[0-9a-f]{64}$/;

/** Whether a text is a device id. */
export function isDeviceUuid(text: string): text is DeviceUuid {
  return deviceUuidExpression.test(text);
}

/** @throws PeerError `bad-uuid` */
export function deviceUuid(text: string): DeviceUuid {
  if (isDeviceUuid(text)) return text;
  throw new PeerError('bad-uuid', `${JSON.stringify(text.slice(0, 80))} is not a device UUID`, {
    hint: 'A device UUID is 1 to 64 letters, digits and hyphens and starts with a letter or digit.',
  });
}

/** Whether a text is a SHA-256 digest in lower-case hex. */
export function isDigest(text: string): text is Digest {
  return digestExpression.test(text);
}

/** @throws PeerError `bad-digest` */
export function digest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new PeerError('bad-digest', `${JSON.stringify(text.slice(0, 80))} is not a SHA-256 digest`, {
    hint: 'A digest is 64 lower-case hex digits.',
  });
}

/** Marks a text as the id of a job; ids are ours, so there is nothing to check. */
export function jobId(text: string): JobId {
  return text as JobId;
}
