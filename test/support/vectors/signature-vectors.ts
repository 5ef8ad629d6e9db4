import { edSignatureVectors } from './ed25519-vectors.ts';
import { damaged, order, otherS, scalarHex, server, signText, vendor } from './keys.ts';

/** Whether the signature is the key's over the text, in the suite of the key. */
export interface SignatureVector {
  readonly name: string;
  /** Raw, hex: 64 octets are a key of ES256, 32 of Ed25519. */
  readonly publicKey: string;
  /** ASCII. */
  readonly text: string;
  /** Raw, hex. */
  readonly signature: string;
  readonly valid: boolean;
}

const text = '1;APP;0;text to be signed';
const signature = signText(text, vendor);
const [r, s] = [signature.slice(0, 64), signature.slice(64)];

const sound = { publicKey: vendor.publicKey, text, signature, valid: true };

/** RFC 6979, A.2.5: the key there, SHA-256; both messages. */
const rfcKey =
  '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299';

export const signatureVectors: readonly SignatureVector[] = [
  { name: 'sound', ...sound },
  { name: 'sound, with the higher s: devices do not normalise', ...sound, signature: otherS(signature) },
  { name: 'sound, over an empty text', ...sound, text: '', signature: signText('', vendor) },
  {
    name: 'RFC 6979 A.2.5, SHA-256, message sample',
    publicKey: rfcKey,
    text: 'sample',
    signature:
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    valid: true,
  },
  {
    name: 'RFC 6979 A.2.5, SHA-256, message test',
    publicKey: rfcKey,
    text: 'test',
    signature:
      'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
    valid: true,
  },
  ...Object.entries({
    'another text': { text: `${text}.` },
    "another's key": { publicKey: server.publicKey },
    'one bit of s changed': { signature: damaged(signature) },
    'r and s exchanged': { signature: s + r },
    'r is 0': { signature: scalarHex(0n) + s },
    's is 0': { signature: r + scalarHex(0n) },
    'r and s are 0': { signature: '0'.repeat(128) },
    "r is the group's order": { signature: scalarHex(order) + s },
    "s is the group's order": { signature: r + scalarHex(order) },
    'r and s are all ones': { signature: 'f'.repeat(128) },
    'one octet short': { signature: signature.slice(0, -2) },
    'one octet long': { signature: `${signature}00` },
    'no signature': { signature: '' },
    'the key is no point of the curve': { publicKey: damaged(vendor.publicKey) },
    'the key is 0, 0': { publicKey: '0'.repeat(128) },
    'the key is one octet short': { publicKey: vendor.publicKey.slice(0, -2) },
    'the key has the 0x04 of SEC 1 in front': { publicKey: `04${vendor.publicKey}` },
  }).map(([name, change]) => ({ name, ...sound, ...change, valid: false })),
  ...edSignatureVectors,
];
