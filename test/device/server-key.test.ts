import { describe, expect, test } from '@jest/globals';
import { decideServerKey, type KeyTrust } from '../../src/device/server-key.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { type Endorsement, endorse } from '../../src/mup/endorsement.ts';
import type { PrivateKey, SignatureScheme } from '../../src/mup/signature-scheme.ts';
import { server, serverKey, stranger, strangerKey, vendor, vendorKey } from './bench-device.ts';

const trust: KeyTrust = { kept: undefined, vendorKey, trustFirstKey: false, scheme: es256 };

function offer(key: PrivateKey, epoch: number, by?: PrivateKey): Endorsement {
  const publicKey = es256.publicKeyOf(key);
  return {
    serverKey: publicKey,
    epoch,
    signature: by === undefined ? undefined : endorse(publicKey, epoch, by, es256),
  };
}

describe('a device with a vendor key (mup-protocol §1)', () => {
  test("takes a key with the vendor's endorsement", () => {
    expect(decideServerKey(offer(server, 4, vendor), trust)).toEqual({
      kind: 'take',
      key: { key: serverKey, epoch: 4 },
    });
  });

  test.each([
    ['no endorsement', offer(server, 4)],
    ["a stranger's endorsement", offer(server, 4, stranger)],
    ['an endorsement for another epoch', { ...offer(server, 4, vendor), epoch: 5 }],
    ['an endorsement of another key', { ...offer(server, 4, vendor), serverKey: strangerKey }],
    ['a truncated endorsement', { ...offer(server, 4), signature: new Uint8Array(63) }],
  ])('takes none with %s, also where the first key may be trusted', (_, offered) => {
    expect(decideServerKey(offered, trust).kind).toBe('refuse');
    expect(decideServerKey(offered, { ...trust, trustFirstKey: true }).kind).toBe('refuse');
  });

  test.each([
    [3, 'refuse'],
    [4, 'take'],
    [5, 'take'],
  ])('that keeps epoch 4 and is offered another key of epoch %i: %s', (epoch, kind) => {
    const kept = { key: serverKey, epoch: 4 };
    expect(decideServerKey(offer(stranger, epoch, vendor), { ...trust, kept }).kind).toBe(kind);
  });

  test('takes the higher epoch of the key that it keeps', () => {
    const kept = { key: serverKey, epoch: 4 };
    expect(decideServerKey(offer(server, 6, vendor), { ...trust, kept })).toMatchObject({
      kind: 'take',
      key: { epoch: 6 },
    });
  });

  test('does not verify what changes nothing', () => {
    const scheme: SignatureScheme = {
      ...es256,
      verify: () => {
        throw new Error('not to be called');
      },
    };
    const kept = { key: serverKey, epoch: 4 };
    expect(decideServerKey(offer(server, 4, vendor), { ...trust, kept, scheme }).kind).toBe('same');
    expect(decideServerKey(offer(server, 9), { ...trust, kept, scheme }).kind).toBe('same');
  });
});

describe('a device without a vendor key (mup-protocol §1)', () => {
  const alone: KeyTrust = { ...trust, vendorKey: undefined };

  test('takes no key unless its maker allows that', () => {
    expect(decideServerKey(offer(server, 1), alone).kind).toBe('refuse');
    expect(decideServerKey(offer(server, 1, vendor), alone).kind).toBe('refuse');
  });

  test('trusts the first key once, and its unsigned epoch not at all', () => {
    const allowed = { ...alone, trustFirstKey: true };
    const first = decideServerKey(offer(server, 0xffff_ffff), allowed);
    expect(first).toEqual({ kind: 'take', key: { key: serverKey, epoch: 0 } });
    const kept = { key: serverKey, epoch: 0 };
    expect(decideServerKey(offer(stranger, 0xffff_ffff), { ...allowed, kept }).kind).toBe('refuse');
    expect(decideServerKey(offer(server, 1), { ...allowed, kept }).kind).toBe('same');
  });
});
