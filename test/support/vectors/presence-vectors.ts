import { damaged, otherS, server, signText, stranger, type VectorKey } from './keys.ts';

/** What somebody says on the status topic of a device with a key of its own (ADR 29). */
export interface PresenceVector {
  readonly name: string;
  readonly uuid: string;
  /** The device's own key, hex. */
  readonly deviceKey: string;
  readonly message: string;
  /** Whether the bridge believes it. What is no presence at all it does not believe either. */
  readonly believed: boolean;
}

const uuid = 'F97DF79-8A12-4F4F-8F69-6B8F3C2E78DD';
/** The device's own key. */
const own = server;
const keyId = '0123456789abcdef';

const signed = (said: string, by: VectorKey = own, of = uuid, over = `MUP-PRESENCE;${of};${said}`): string =>
  `${said};${signText(over, by)}`;
const signature = signed('online;7').slice('online;7;'.length);

const row = (name: string, message: string, believed: boolean): PresenceVector => ({
  ...{ name, uuid, deviceKey: own.publicKey, message, believed },
});

export const presenceVectors: readonly PresenceVector[] = [
  row('a version', signed('online;7'), true),
  row('a version and a key', signed(`online;7;${keyId}`), true),
  row('the highest version', signed('online;4294967295'), true),
  row('the higher s', `online;7;${otherS(signature)}`, true),
  row('gone, as the will says it', 'offline', true),
  row('no signature', 'online;7', false),
  row('no signature, and a key', `online;7;${keyId}`, false),
  row('another version under the signature', `online;8;${signature}`, false),
  row('a key put before the signature', `online;7;${keyId};${signature}`, false),
  row('a damaged signature', `online;7;${damaged(signature)}`, false),
  row("a stranger's signature", signed('online;7', stranger), false),
  row('the signature of another device', signed('online;7', own, 'dev-2'), false),
  row('the signature is over the version alone', signed('online;7', own, uuid, '7'), false),
  row('a signature in upper case', `online;7;${signature.toUpperCase()}`, false),
  row('a signature of 63 octets', `online;7;${signature.slice(2)}`, false),
  row('a version with a leading zero', signed('online;07'), false),
  row('a version of 33 bits', signed('online;4294967296'), false),
  row('gone, and a signature', signed('offline'), false),
  row('an empty message', '', false),
];
