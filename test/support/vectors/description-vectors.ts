import { createHash } from 'node:crypto';
import { damaged, otherS, server, signText, stranger, type VectorKey, vendor } from './keys.ts';

/** What a device sends of its description, and what a bridge says of its signature (ADR 29). */
export interface DescriptionVector {
  readonly name: string;
  readonly uuid: string;
  /** The one key that the bridge trusts as a vendor's, hex; empty: none. */
  readonly vendorKey: string;
  /** Who signed for the device before: `device`, `vendor`, or empty for nobody. */
  readonly signedBy: string;
  /** With which key, hex, and which counter. */
  readonly signerKey: string;
  readonly signerCounter: number;
  /** Whether a user, or the policy, has accepted the device with what was signed before. */
  readonly accepted: boolean;
  /** The octets of the description as they were put together from the pieces, hex. */
  readonly message: string;
  /** `taken`, where the description is read next; else the code of the answer. */
  readonly verdict: string;
  /** Whose the signature of a taken one is: `device`, `vendor`, or empty for nobody's. */
  readonly speaker: string;
}

const uuid = 'F97DF79-8A12-4F4F-8F69-6B8F3C2E78DD';
const octets = '{"@id":"a description of %s"}';
/** The device's own key. */
const own = server;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hex = (text: string): string => Buffer.from(text).toString('hex');

interface Signed {
  readonly by?: VectorKey;
  readonly of?: string;
  readonly counter?: string;
  readonly text?: string;
}

function header({ by = vendor, of = uuid, counter = '5', text }: Signed = {}): string {
  const signed = text ?? `MUP-DESCRIPTION;${of};${counter};${by.publicKey};${sha256(octets)}`;
  return `MUP-SIGNED;${counter};${by.publicKey};${signText(signed, by)};`;
}

const nobody = {
  uuid,
  vendorKey: vendor.publicKey,
  signedBy: '',
  signerKey: '',
  signerCounter: 0,
  accepted: true,
};
const vendors = { ...nobody, signedBy: 'vendor', signerKey: vendor.publicKey, signerCounter: 5 };
const devices = { ...nobody, signedBy: 'device', signerKey: own.publicKey, signerCounter: 5 };
const pending = { ...devices, accepted: false };

const row = (
  name: string,
  device: typeof nobody,
  message: string,
  verdict: string,
  speaker = '',
): DescriptionVector => ({ name, ...device, message: hex(message), verdict, speaker });

const parts = header().split(';');
const reassembled = (changes: Readonly<Record<number, string>>): string =>
  parts.map((part, i) => changes[i] ?? part).join(';') + octets;

export const descriptionVectors: readonly DescriptionVector[] = [
  row('unsigned', nobody, octets, 'taken'),
  row('empty', nobody, '', 'taken'),
  row('signed by the vendor', nobody, header() + octets, 'taken', 'vendor'),
  row('signed by the device', nobody, header({ by: own }) + octets, 'taken', 'device'),
  row('the higher s', nobody, reassembled({ 3: otherS(parts[3] ?? '') }), 'taken', 'vendor'),
  row('the highest counter', nobody, header({ counter: '4294967295' }) + octets, 'taken', 'vendor'),
  row(
    'a vendor that the bridge does not trust is as good as a device',
    { ...nobody, vendorKey: '' },
    header() + octets,
    'taken',
    'device',
  ),
  row('the same once more, of the vendor', vendors, header() + octets, 'taken', 'vendor'),
  row('the same once more, of the device', devices, header({ by: own }) + octets, 'taken', 'device'),
  row('a newer one of the device', devices, header({ by: own, counter: '6' }) + octets, 'taken', 'device'),
  row(
    'the vendor, before anybody has accepted the device',
    pending,
    header({ counter: '1' }) + octets,
    'taken',
    'vendor',
  ),
  row('an octet changed', nobody, `${header()}${octets.replace('of', 'if')}`, 'bad-signature'),
  row('an octet more', nobody, `${header()}${octets} `, 'bad-signature'),
  row('another UUID', nobody, header({ of: 'dev-2' }) + octets, 'bad-signature'),
  row('another key under the signature', nobody, reassembled({ 2: stranger.publicKey }), 'bad-signature'),
  row('another counter under the signature', nobody, reassembled({ 1: '6' }), 'bad-signature'),
  row('a damaged signature', nobody, reassembled({ 3: damaged(parts[3] ?? '') }), 'bad-signature'),
  row(
    'a signature over other words',
    nobody,
    header({ text: `MUP-UPDATE-SERVER;${own.publicKey};5` }) + octets,
    'bad-signature',
  ),
  row(
    'a signature over the digest alone',
    nobody,
    header({ text: sha256(octets) }) + octets,
    'bad-signature',
  ),
  row('a counter with a leading zero', nobody, reassembled({ 1: '05' }), 'bad-signature'),
  row('a counter of 33 bits', nobody, reassembled({ 1: '4294967296' }), 'bad-signature'),
  row('no counter', nobody, reassembled({ 1: '' }), 'bad-signature'),
  row('a key of 63 octets', nobody, reassembled({ 2: vendor.publicKey.slice(2) }), 'bad-signature'),
  row('a key in upper case', nobody, reassembled({ 2: vendor.publicKey.toUpperCase() }), 'bad-signature'),
  row('a signature of 63 octets', nobody, reassembled({ 3: parts[3]?.slice(2) ?? '' }), 'bad-signature'),
  row('the header alone, without its end', nobody, header().slice(0, -1), 'bad-signature'),
  row('unsigned, after the vendor had signed', vendors, octets, 'signature-required'),
  row('unsigned, after the device had signed', devices, octets, 'signature-required'),
  row("a stranger's, after the vendor had signed", vendors, header({ by: stranger }) + octets, 'wrong-key'),
  row("a stranger's, after the device had signed", devices, header({ by: stranger }) + octets, 'wrong-key'),
  row(
    "a stranger's, before anybody has accepted the device",
    pending,
    header({ by: stranger }) + octets,
    'wrong-key',
  ),
  row("the vendor's, of a device with a key of its own", devices, header() + octets, 'wrong-key'),
  row(
    'a key of a vendor who is trusted no more',
    { ...vendors, vendorKey: '' },
    header() + octets,
    'wrong-key',
  ),
  row('an older one of the vendor', vendors, header({ counter: '4' }) + octets, 'old-description'),
  row('an older one of the device', devices, header({ by: own, counter: '4' }) + octets, 'old-description'),
];
