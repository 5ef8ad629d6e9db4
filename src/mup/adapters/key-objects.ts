import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { concatBytes } from '../../base/bytes.ts';
import { errorMessage, UsageError } from '../../base/errors.ts';
import { type PrivateKey, type PublicKey, privateKey, publicKey, suiteOf } from '../signature-scheme.ts';
import { ed25519Suite, es256Suite, type SuiteCode, suiteName } from '../suites.ts';
import { suiteSchemes } from './noble-curves.ts';

/** Octets of one coordinate of a point of secp256r1. */
const coordinateBytes = 32;

/** How the keys of a suite are written as JWK (RFC 7518 §6.2, RFC 8037 §2), and what Node calls their type. */
interface KeyForm {
  readonly suite: SuiteCode;
  readonly type: string;
  /** Node's name of the curve, for types that have many. */
  readonly curve: string | undefined;
  readonly publicJwk: (key: Uint8Array) => JsonWebKey;
  readonly publicOctets: (jwk: JsonWebKey) => Uint8Array;
}

const forms: readonly KeyForm[] = [
  {
    suite: es256Suite,
    type: 'ec',
    curve: 'prime256v1',
    publicJwk: (key) => ({
      kty: 'EC',
      crv: 'P-256',
      x: base64url(key.subarray(0, coordinateBytes)),
      y: base64url(key.subarray(coordinateBytes)),
    }),
    publicOctets: ({ x, y }) => concatBytes([octets(x), octets(y)]),
  },
  {
    suite: ed25519Suite,
    type: 'ed25519',
    curve: undefined,
    publicJwk: (key) => ({ kty: 'OKP', crv: 'Ed25519', x: base64url(key) }),
    publicOctets: ({ x }) => octets(x),
  },
];

/** Node's object of a private key. @throws UsageError `bad-key` when it is none of its suite */
export function privateKeyObject(key: PrivateKey): KeyObject {
  const publicHalf = suiteSchemes[key.suite].publicKeyOf(key);
  return imported(key.suite, () =>
    createPrivateKey({ key: { ...jwkOf(publicHalf), d: base64url(key.secret) }, format: 'jwk' }),
  );
}

/** Node's object of a public key. @throws UsageError `bad-key` when it is none of its suite */
export function publicKeyObject(key: PublicKey): KeyObject {
  return imported(suiteOf(key), () => createPublicKey({ key: jwkOf(key), format: 'jwk' }));
}

/** The private key in Node's object of one, or `undefined` when it is of no suite that is known here. */
export function privateKeyOf(object: KeyObject): PrivateKey | undefined {
  const form = formOf(object);
  return form && privateKey(octets(object.export({ format: 'jwk' }).d), form.suite);
}

/** The public key in Node's object of one, or `undefined` when it is of no suite that is known here. */
export function publicKeyOf(object: KeyObject): PublicKey | undefined {
  const form = formOf(object);
  return form && publicKey(form.publicOctets(object.export({ format: 'jwk' })));
}

/** What a key is, for people: `prime256v1`, `rsa`, … */
export function keyTypeName({ asymmetricKeyDetails, asymmetricKeyType }: KeyObject): string {
  return asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? 'unknown';
}

function formOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyForm | undefined {
  const curve = asymmetricKeyDetails?.namedCurve;
  return forms.find((form) => form.type === asymmetricKeyType && form.curve === curve);
}

function jwkOf(key: PublicKey): JsonWebKey {
  const suite = suiteOf(key);
  return forms.find((form) => form.suite === suite)?.publicJwk(key) ?? {};
}

function imported(suite: SuiteCode, create: () => KeyObject): KeyObject {
  try {
    return create();
  } catch (error) {
    throw new UsageError('bad-key', `this is no key of suite ${suiteName(suite)}: ${errorMessage(error)}`);
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function octets(text: string | undefined): Uint8Array {
  return new Uint8Array(Buffer.from(text ?? '', 'base64url'));
}
