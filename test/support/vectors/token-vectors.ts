/** What a device hands out before an update (mup-protocol §3, steps 1–2), and whether a bridge takes it. */
export interface TokenVector {
  readonly name: string;
  readonly profile: 'mup' | 'myno';
  readonly uuid: string;
  readonly nonce: string;
  readonly version: string;
  readonly valid: boolean;
}

const mup = {
  profile: 'mup',
  uuid: 'F97DF79-8A12-4F4F-8F69-6B8F3C2E78DD',
  nonce: '000102030405060708090a0b0c0d0e0f',
  version: '1',
} as const;
const myno = { ...mup, profile: 'myno', nonce: '123456' } as const;

const sound: Readonly<Record<string, Partial<Omit<TokenVector, 'profile'>>>> = {
  sound: {},
  'a UUID of 64 characters': { uuid: 'a'.repeat(64) },
  'a UUID of one character': { uuid: '7' },
  'version 0': { version: '0' },
  'the highest version': { version: '4294967295' },
};

const wrong: Readonly<Record<string, Partial<Omit<TokenVector, 'profile'>>>> = {
  'no UUID': { uuid: '' },
  'a UUID of 65 characters': { uuid: 'a'.repeat(65) },
  'a UUID that begins with a hyphen': { uuid: '-1' },
  'a UUID with a topic separator': { uuid: 'a/b' },
  'a UUID with a wildcard': { uuid: 'a+' },
  'no nonce': { nonce: '' },
  'no version': { version: '' },
  'a version with a leading zero': { version: '01' },
  'a version with a sign': { version: '+1' },
  'a version with a space': { version: ' 1' },
  'a version in hex': { version: '0x1' },
  'a version of 33 bits': { version: '4294967296' },
};

const named = <T extends object>(base: T, changes: Readonly<Record<string, object>>, valid: boolean) =>
  Object.entries(changes).map(([name, change]) => ({ name, ...base, ...change, valid }));

export const tokenVectors: readonly TokenVector[] = [
  ...named(mup, sound, true),
  ...named(mup, wrong, false),
  ...named(
    mup,
    {
      'a nonce of 15 octets': { nonce: mup.nonce.slice(2) },
      'a nonce of 17 octets': { nonce: `${mup.nonce}10` },
      'a nonce in upper case': { nonce: mup.nonce.toUpperCase() },
      "the prototype's nonce": { nonce: myno.nonce },
    },
    false,
  ),
  ...named(
    myno,
    { 'sound, profile myno': {}, 'nonce 0': { nonce: '0' }, '20 digits': { nonce: '18446744073709551615' } },
    true,
  ),
  ...named(
    myno,
    {
      'a nonce with a leading zero': { nonce: '0123' },
      'a nonce of 21 digits': { nonce: '1'.repeat(21) },
      'a negative nonce': { nonce: '-1' },
      'a nonce in hex': { nonce: mup.nonce.replace('0', 'a') },
    },
    false,
  ),
];
