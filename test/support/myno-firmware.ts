import { createHash, createPublicKey, type Hash, type KeyObject, verify } from 'node:crypto';

export interface MynoKeys {
  /** Raw x‖y, as they are compiled into the firmware. */
  readonly vendor: Uint8Array;
  readonly updateServer: Uint8Array;
}

/** What the device answers, after the request id; `slow` where it takes a second or more. */
export interface MynoAnswer {
  readonly text: string;
  readonly slow?: true;
}

/** What it promises to take: of a manifest that it accepted. */
export interface MynoManifest {
  /** Lower-case hex. */
  readonly hash: string;
  readonly size: number;
  readonly version: number;
}

/** Places of the fields of a manifest. */
const places = { appId: 0, linkOffset: 1, hash: 2, size: 3, version: 4, oldVersion: 5 } as const;
const innerSignature = 6;
const nonce = 7;
const outerSignature = 8;

/** Never changes, and neither does the version. */
const onlyNonce = '123456';
const onlyVersion = 1;

/** The update procedures of the prototype's firmware (mup-protocol §3, “The prototype's device”). */
export class MynoFirmware {
  /** Versions whose images it took for the signed ones, in order. */
  readonly installed: number[] = [];
  readonly #keys: { readonly vendor: KeyObject; readonly updateServer: KeyObject };
  #fields: string[] = [];
  #manifest: MynoManifest | undefined;
  /** Not made new when a manifest is accepted: only a FIN does that. */
  #hash: Hash = createHash('sha256');
  #bytes = 0;
  #next = 0;

  constructor(keys: MynoKeys) {
    this.#keys = { vendor: keyOf(keys.vendor), updateServer: keyOf(keys.updateServer) };
  }

  /** The manifest that it accepted last, until a FIN. */
  get manifest(): MynoManifest | undefined {
    return this.#manifest;
  }

  /** Whether it hashed something of an image that no FIN has ended. */
  get isDirty(): boolean {
    return this.#bytes > 0;
  }

  /** A request without its id: the method, `;` and what follows. */
  request(text: string): MynoAnswer {
    if (text === 'GET-DEVICE-TOKEN') return { text: `${onlyNonce},${onlyVersion};OK` };
    if (text === 'PUB-UPDATE-IMAGE;FIN') return this.#finish();
    const [, place, value] = /^PUB-UPDATE-MANIFEST;([0-9]),(.*)$/s.exec(text) ?? [];
    if (place === undefined || value === undefined) return { text: 'ERROR' };
    return place === '9' ? this.#startUpdate(value) : this.#field(Number(place), value);
  }

  /** @returns the acknowledgement; undefined where there is none */
  slice(n: number, bytes: Uint8Array): string | undefined {
    if (this.#manifest === undefined) return undefined;
    if (this.repeats(n)) return `${n},OK`;
    if (n !== this.#next) return undefined;
    this.#next += 1;
    this.#bytes += bytes.length;
    this.#hash.update(bytes);
    return `${n},OK`;
  }

  /** Whether it took a slice with that number before. */
  repeats(n: number): boolean {
    return n < this.#next;
  }

  /** The buffer of the hash ends where that of the size begins, that of the inner signature at the nonce's. */
  #field(place: number, value: string): MynoAnswer {
    if (place === 0) this.#fields = [];
    this.#fields[place] = value;
    if (place === places.hash) this.#fields[places.size] = '';
    if (place === innerSignature) this.#fields[nonce] = '';
    return { text: 'OK' };
  }

  /** A manifest that does not hold is answered like any part of it. */
  #startUpdate(value: string): MynoAnswer {
    const fields = Array.from({ length: 9 }, (_, place) => this.#fields[place] ?? '');
    const [hash = '', size = '', version = ''] = fields.slice(places.hash);
    const inner = fields.slice(0, innerSignature).join(';');
    const outer = [inner, fields[innerSignature], fields[nonce]].join(';');
    const holds =
      value === 'START-UPDATE' &&
      fields[nonce] === onlyNonce &&
      Number(version) > onlyVersion &&
      signed(inner, fields[innerSignature], this.#keys.vendor) &&
      signed(outer, fields[outerSignature], this.#keys.updateServer);
    if (!holds) return { text: 'OK' };
    this.#manifest = { hash, size: Number(size), version: Number(version) };
    this.#next = 0;
    return { text: 'MANIFEST-SUCCESS', slow: true };
  }

  #finish(): MynoAnswer {
    const manifest = this.#manifest;
    const digest = this.#hash.digest('hex');
    const holds = manifest !== undefined && manifest.size === this.#bytes && manifest.hash === digest;
    this.#hash = createHash('sha256');
    this.#bytes = 0;
    this.#next = 0;
    this.#manifest = undefined;
    if (!holds) return { text: 'ERROR' };
    this.installed.push(manifest.version);
    return { text: 'FIRMWARE-SUCCESS', slow: true };
  }
}

function keyOf(raw: Uint8Array): KeyObject {
  const part = (from: number): string => Buffer.from(raw.subarray(from, from + 32)).toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: part(0), y: part(32) } });
}

function signed(text: string, signature = '', key: KeyObject): boolean {
  const bytes = Buffer.from(signature, 'hex');
  return (
    bytes.length === 64 && verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, bytes)
  );
}
