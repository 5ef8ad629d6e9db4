import {
  damaged,
  edVendor,
  nextServer,
  otherS,
  server,
  signText,
  stranger,
  type VectorKey,
  vendor,
} from './keys.ts';

/** The vendor's next key as it comes to a device (ADR 27), and a key of the update server right after it. */
export interface RotationVector {
  readonly name: string;
  /** The key that the device holds; empty: none. */
  readonly vendorKey: string;
  /** Its counter; 0 for the key that the device was made with. */
  readonly counter: number;
  /** The key of the update server that the device keeps, and its epoch. */
  readonly keptKey: string;
  readonly keptEpoch: number;
  /** The payload on the topic of the vendor key operation. */
  readonly message: string;
  /** The answer's state. */
  readonly state: string;
  readonly vendorKeyAfter: string;
  readonly counterAfter: number;
  /** What comes on `mup/description/<uuid>/status` afterwards; empty: nothing. */
  readonly answer: string;
  /** Of that key, as in `endorsements.json`; empty where there is none. */
  readonly decision: string;
}

const next = stranger;
const textOf = (key: VectorKey, counter: string): string => `MUP-VENDOR-KEY;${key.publicKey};${counter}`;

interface Signed {
  readonly to?: VectorKey;
  readonly counter?: string;
  readonly by?: VectorKey;
  readonly text?: string;
}

function statement({
  to = next,
  counter = '1',
  by = vendor,
  text = textOf(to, counter),
}: Signed = {}): string {
  return `4f2a;ROTATE-VENDOR-KEY;${to.publicKey};${counter};${signText(text, by)}`;
}

function endorsed(key: VectorKey, epoch: number, by: VectorKey): string {
  const text = `MUP-UPDATE-SERVER;${key.publicKey};${epoch}`;
  return `OK;${key.publicKey};${epoch};${signText(text, by)}`;
}

const device = { vendorKey: vendor.publicKey, counter: 0, keptKey: server.publicKey, keptEpoch: 7 };
const rotated = { ...device, counter: 4 };

interface After {
  readonly key?: VectorKey;
  readonly counterAfter?: number;
  readonly answer?: string;
  readonly decision?: string;
}

const row = (
  name: string,
  before: typeof device,
  message: string,
  state: string,
  { key, counterAfter = before.counter, answer = '', decision = '' }: After = {},
): RotationVector => ({
  name,
  ...before,
  message,
  state,
  vendorKeyAfter: key?.publicKey ?? before.vendorKey,
  counterAfter,
  answer,
  decision,
});

const taken = { key: next, counterAfter: 1 };
const sound = statement();
const parts = sound.split(';');
const reassembled = (changes: Readonly<Record<number, string>>): string =>
  parts.map((part, i) => changes[i] ?? part).join(';');
const [signature = ''] = parts.slice(-1);
const notSigned = '24_INNER-SIGN-INVALID';
const malformed = '30_KEY-NOT-VALID';
const tooLow = '31_COUNTER-NOT-HIGHER';

export const rotationVectors: readonly RotationVector[] = [
  row('the next key', device, sound, '10_OK', taken),
  row('a signature with the higher s', device, reassembled({ 4: otherS(signature) }), '10_OK', taken),
  row('counters may leave some out', device, statement({ counter: '4294967295' }), '10_OK', {
    key: next,
    counterAfter: 4_294_967_295,
  }),
  row('the next key is of Ed25519', device, statement({ to: edVendor }), '10_OK', {
    key: edVendor,
    counterAfter: 1,
  }),
  row('the new key endorses another update server: taken', device, sound, '10_OK', {
    ...taken,
    answer: endorsed(nextServer, 8, next),
    decision: 'take',
  }),
  row('whatever epoch the key before had endorsed', device, sound, '10_OK', {
    ...taken,
    answer: endorsed(nextServer, 1, next),
    decision: 'take',
  }),
  row('the key before endorses one more: refused', device, sound, '10_OK', {
    ...taken,
    answer: endorsed(nextServer, 8, vendor),
    decision: 'refuse',
  }),
  row(
    'what was refused changes nothing: the key that is held endorses',
    device,
    reassembled({ 3: '2' }),
    notSigned,
    {
      answer: endorsed(nextServer, 8, vendor),
      decision: 'take',
    },
  ),
  row(
    'the kept key with the kept counter again',
    rotated,
    statement({ to: vendor, counter: '4' }),
    '11_NOOP',
  ),
  row('replay: a lower counter', rotated, statement({ counter: '3' }), tooLow),
  row('another key with the kept counter', rotated, statement({ counter: '4' }), tooLow),
  row('the kept key with a lower counter', rotated, statement({ to: vendor, counter: '3' }), tooLow),
  row("a stranger's signature", device, statement({ by: stranger }), notSigned),
  row('signed by the update server', device, statement({ by: server }), notSigned),
  row('a key under the signature of another', device, reassembled({ 2: nextServer.publicKey }), notSigned),
  row('a damaged signature', device, reassembled({ 4: damaged(signature) }), notSigned),
  row(
    'an endorsement of an update server',
    device,
    statement({ text: `MUP-UPDATE-SERVER;${next.publicKey};1` }),
    notSigned,
  ),
  row('the signature is over the key alone', device, statement({ text: next.publicKey }), notSigned),
  row('no vendor key', { ...device, vendorKey: '' }, sound, notSigned),
  row('counter 0', device, statement({ counter: '0' }), malformed),
  row('a counter with a leading zero', device, reassembled({ 3: '01' }), malformed),
  row('a counter of 33 bits', device, reassembled({ 3: '4294967296' }), malformed),
  row('no counter', device, reassembled({ 3: '' }), malformed),
  row('a key of 63 octets', device, reassembled({ 2: next.publicKey.slice(2) }), malformed),
  row('a key in upper case', device, reassembled({ 2: next.publicKey.toUpperCase() }), malformed),
  row('a signature of 63 octets', device, reassembled({ 4: signature.slice(2) }), malformed),
  row('a signature in upper case', device, reassembled({ 4: signature.toUpperCase() }), malformed),
  row('one field too few', device, parts.slice(0, 4).join(';'), malformed),
  row('one field too many', device, `${sound};`, malformed),
];
