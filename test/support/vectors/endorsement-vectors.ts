import { edEndorsementRows } from './ed25519-vectors.ts';
import { damaged, nextServer, otherS, server, signText, stranger, type VectorKey, vendor } from './keys.ts';

/** An answer to a description, and what a device makes of the key in it (mup-protocol §1). */
export interface EndorsementVector {
  readonly name: string;
  /** The key that the device keeps, raw x‖y, hex; empty: none. */
  readonly keptKey: string;
  /** Its epoch; 0 for none, and for a key without endorsement. */
  readonly keptEpoch: number;
  /** Empty: the device has none. */
  readonly vendorKey: string;
  /** Whether the maker allows a device without a vendor key to trust the first key. */
  readonly trustFirstKey: boolean;
  /** What comes on `mup/description/<uuid>/status`. */
  readonly message: string;
  /** `malformed`: it is none of the messages of §1, and changes nothing, as `refuse` and `same` do not. */
  readonly decision: 'take' | 'same' | 'refuse' | 'malformed';
  /** The epoch kept afterwards. */
  readonly epochAfter: number;
}

interface Signed {
  readonly key?: VectorKey;
  readonly epoch?: string;
  readonly by?: VectorKey;
  readonly text?: string;
}

const textOf = (key: VectorKey, epoch: string): string => `MUP-UPDATE-SERVER;${key.publicKey};${epoch}`;

function answer({ key = server, epoch = '1', by = vendor, text = textOf(key, epoch) }: Signed = {}): string {
  return `OK;${key.publicKey};${epoch};${signText(text, by)}`;
}

const fresh = { keptKey: '', keptEpoch: 0, vendorKey: vendor.publicKey, trustFirstKey: false };
const keeps = { ...fresh, keptKey: server.publicKey, keptEpoch: 3 };
const without = { ...fresh, vendorKey: '' };

const row = (
  name: string,
  device: typeof fresh,
  message: string,
  decision: EndorsementVector['decision'],
  epochAfter = device.keptEpoch,
): EndorsementVector => ({ name, ...device, message, decision, epochAfter });

const sound = answer();
const unendorsed = `OK;${server.publicKey};0;`;
const parts = sound.split(';');
const signature = parts[3] ?? '';
const reassembled = (changes: Readonly<Record<number, string>>): string =>
  parts.map((part, i) => changes[i] ?? part).join(';');

export const endorsementVectors: readonly EndorsementVector[] = [
  row('the first key', fresh, sound, 'take', 1),
  row('an endorsement with the higher s', fresh, reassembled({ 3: otherS(signature) }), 'take', 1),
  row('epoch 0', fresh, answer({ epoch: '0' }), 'take', 0),
  row('the highest epoch', fresh, answer({ epoch: '4294967295' }), 'take', 4_294_967_295),
  row('rotation: another key, a higher epoch', keeps, answer({ key: nextServer, epoch: '4' }), 'take', 4),
  row('another key, the same epoch', keeps, answer({ key: nextServer, epoch: '3' }), 'take', 3),
  row('the kept key, endorsed anew', keeps, answer({ epoch: '4' }), 'take', 4),
  row('the kept key, as it is kept', keeps, answer({ epoch: '3' }), 'same'),
  row('the kept key, without endorsement', keeps, unendorsed, 'same'),
  row(
    'rollback: a lower epoch, endorsed when it was current',
    keeps,
    answer({ key: nextServer, epoch: '2' }),
    'refuse',
  ),
  row('rollback: the kept key with a lower epoch', keeps, answer({ epoch: '2' }), 'refuse'),
  row('no endorsement', fresh, unendorsed, 'refuse'),
  row(
    'no endorsement, and a vendor key, where the first key would be trusted',
    { ...fresh, trustFirstKey: true },
    unendorsed,
    'refuse',
  ),
  row('another key without endorsement', keeps, `OK;${nextServer.publicKey};4;`, 'refuse'),
  row("a stranger's endorsement", fresh, answer({ by: stranger }), 'refuse'),
  row('endorsed by the update server itself', fresh, answer({ by: server }), 'refuse'),
  row(
    "a stranger's key under the endorsement of another",
    fresh,
    reassembled({ 1: stranger.publicKey }),
    'refuse',
  ),
  row('an epoch under the endorsement of another', fresh, reassembled({ 2: '2' }), 'refuse'),
  row('a damaged endorsement', fresh, reassembled({ 3: damaged(signature) }), 'refuse'),
  row(
    'the endorsement is over other words',
    fresh,
    answer({ text: `MUP-VENDOR;${server.publicKey};1` }),
    'refuse',
  ),
  row('the endorsement is over the key alone', fresh, answer({ text: server.publicKey }), 'refuse'),
  row('no vendor key', without, sound, 'refuse'),
  row(
    'no vendor key, the first key may be trusted; its epoch, which nobody signed, counts for nothing',
    { ...without, trustFirstKey: true },
    answer({ epoch: '9' }),
    'take',
    0,
  ),
  row(
    'no vendor key, and another key was trusted first',
    { ...without, keptKey: server.publicKey, trustFirstKey: true },
    answer({ key: stranger, by: stranger, epoch: '9' }),
    'refuse',
  ),
  row(
    'no vendor key, the key that was trusted first',
    { ...without, keptKey: server.publicKey, trustFirstKey: true },
    unendorsed,
    'same',
  ),
  ...edEndorsementRows.map(([name, vendorKey, message, decision]) =>
    row(name, { ...fresh, vendorKey }, message, decision, decision === 'take' ? 1 : 0),
  ),
  row('a key of 63 octets', fresh, reassembled({ 1: server.publicKey.slice(2) }), 'malformed'),
  row('a key of 65 octets', fresh, reassembled({ 1: `04${server.publicKey}` }), 'malformed'),
  row('a key that is not hex', fresh, reassembled({ 1: `${server.publicKey.slice(0, -1)}g` }), 'malformed'),
  row('a key in upper case', fresh, reassembled({ 1: server.publicKey.toUpperCase() }), 'malformed'),
  row('an endorsement in upper case', fresh, reassembled({ 3: signature.toUpperCase() }), 'malformed'),
  row('an epoch with a leading zero', fresh, reassembled({ 2: '01' }), 'malformed'),
  row('an epoch of 33 bits', fresh, reassembled({ 2: '4294967296' }), 'malformed'),
  row('no epoch', fresh, reassembled({ 2: '' }), 'malformed'),
  row('an endorsement of 63 octets', fresh, reassembled({ 3: signature.slice(2) }), 'malformed'),
  row('one field too few', fresh, parts.slice(0, 3).join(';'), 'malformed'),
  row('one field too many', fresh, `${sound};`, 'malformed'),
  row('another word', fresh, reassembled({ 0: 'YES' }), 'malformed'),
  row('an empty message', fresh, '', 'malformed'),
];
