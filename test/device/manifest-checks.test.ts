import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkManifest, type ManifestFacts } from '../../src/device/manifest-checks.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { ExtendedManifest, UnsignedManifest } from '../../src/mup/manifest.ts';
import type { PrivateKey } from '../../src/mup/signature-scheme.ts';
import {
  extended,
  server,
  serverKey,
  stranger,
  strangerKey,
  uuid,
  vendor,
  vendorKey,
} from './bench-device.ts';

const nonce = '0123456789abcdef0123456789abcdef';

interface Case {
  facts: ManifestFacts;
  manifest: Partial<UnsignedManifest>;
  token: { uuid: string; nonce: string; version: number };
  vendorOf: PrivateKey;
  serverOf: PrivateKey;
}

function sound(): Case {
  return {
    facts: {
      nonce,
      uuid,
      appId: 'APP',
      version: 1,
      slotBytes: 4096,
      slotFree: true,
      serverKey,
      vendorKey,
      scheme: es256,
    },
    manifest: {},
    token: { uuid, nonce, version: 1 },
    vendorOf: vendor,
    serverOf: server,
  };
}

function check({ facts, manifest, token, vendorOf, serverOf }: Case): string | undefined {
  return checkManifest(extended(token, { manifest, vendorOf, serverOf }), facts);
}

/** Faults in the order in which mup-protocol §3 lists the checks that find them. */
const faults: readonly { name: string; state: string; inject: (sound: Case) => void }[] = [
  {
    name: 'another nonce than the outstanding one',
    state: '22_INVALID-NONCE',
    inject: (c) => {
      c.token.nonce = 'f'.repeat(32);
    },
  },
  {
    name: "another device's UUID",
    state: '29_WRONG-UUID',
    inject: (c) => {
      c.token.uuid = 'another';
    },
  },
  {
    name: 'another App ID',
    state: '21_WRONG-APP-ID',
    inject: (c) => {
      c.manifest = { ...c.manifest, appId: 'OTHER' };
    },
  },
  {
    name: 'the version that runs',
    state: '25_INVALID-VERSIONNR',
    inject: (c) => {
      c.manifest = { ...c.manifest, newVersion: 1 };
    },
  },
  {
    name: 'another precursor',
    state: '25_INVALID-VERSIONNR',
    inject: (c) => {
      c.manifest = { ...c.manifest, oldVersion: 9 };
    },
  },
  {
    name: 'an image one octet larger than the slot',
    state: '27_IMAGE-TOO-BIG',
    inject: (c) => {
      c.manifest = { ...c.manifest, size: 4097 };
    },
  },
  {
    name: 'a slot in use',
    state: '26_SAVESLOT-IN-USE',
    inject: (c) => {
      c.facts = { ...c.facts, slotFree: false };
    },
  },
  {
    name: "a stranger's outer signature",
    state: '23_OUTER-SIGN-INVALID',
    inject: (c) => {
      c.serverOf = stranger;
    },
  },
  {
    name: "a stranger's inner signature",
    state: '24_INNER-SIGN-INVALID',
    inject: (c) => {
      c.vendorOf = stranger;
    },
  },
];

describe('the checks of a manifest (mup-protocol §3)', () => {
  test('a sound manifest passes', () => {
    expect(check(sound())).toBeUndefined();
  });

  test('version 0 as old version is not compared', () => {
    expect(check({ ...sound(), manifest: { oldVersion: 0 } })).toBeUndefined();
  });

  test('an image that just fits passes', () => {
    expect(check({ ...sound(), manifest: { size: 4096 } })).toBeUndefined();
  });

  test.each(faults)('$name: $state', ({ inject, state }) => {
    const injected = sound();
    inject(injected);
    expect(check(injected)).toBe(state);
  });

  const pairs = faults.flatMap((earlier, i) => faults.slice(i + 1).map((later) => ({ earlier, later })));

  test.each(pairs)('$earlier.name is found before $later.name', ({ earlier, later }) => {
    const injected = sound();
    later.inject(injected);
    earlier.inject(injected);
    expect(check(injected)).toBe(earlier.state);
  });

  test('without an outstanding token every nonce is wrong', () => {
    const injected = sound();
    expect(check({ ...injected, facts: { ...injected.facts, nonce: undefined } })).toBe('22_INVALID-NONCE');
  });

  test('what cannot be verified is refused: no key of an update server, none of a vendor', () => {
    const { facts, ...rest } = sound();
    expect(check({ ...rest, facts: { ...facts, serverKey: undefined } })).toBe('23_OUTER-SIGN-INVALID');
    expect(check({ ...rest, facts: { ...facts, vendorKey: undefined } })).toBe('24_INNER-SIGN-INVALID');
  });

  test('keys are not interchangeable', () => {
    const { facts, ...rest } = sound();
    expect(check({ ...rest, facts: { ...facts, serverKey: vendorKey } })).toBe('23_OUTER-SIGN-INVALID');
    expect(check({ ...rest, facts: { ...facts, vendorKey: strangerKey } })).toBe('24_INNER-SIGN-INVALID');
  });

  test('no signature is checked before all that is cheap has passed', () => {
    for (const { state, inject } of faults) {
      const injected = sound();
      inject(injected);
      let verified = 0;
      const verify: typeof es256.verify = (...args) => {
        verified += 1;
        return es256.verify(...args);
      };
      injected.facts = { ...injected.facts, scheme: { ...es256, verify } };
      expect(check(injected)).toBe(state);
      expect(verified).toBe(state.startsWith('23') ? 1 : state.startsWith('24') ? 2 : 0);
    }
  });
});

describe('what the signatures cover (mup-protocol §5, mix-and-match)', () => {
  const { token, facts } = sound();
  const signed = extended(token);

  test('the inner part of one manifest with the signatures of another fails', () => {
    const other = extended(token, { manifest: { newVersion: 3, size: 999 } });
    const mixed: ExtendedManifest = { ...other, outerSignature: signed.outerSignature };
    expect(checkManifest(mixed, facts)).toBe('23_OUTER-SIGN-INVALID');
    const innerMixed = { ...signed, innerSignature: other.innerSignature };
    expect(checkManifest(innerMixed, facts)).toBe('23_OUTER-SIGN-INVALID');
  });

  test('any change of a field after it was signed is found', () => {
    const changes: fc.Arbitrary<Partial<ExtendedManifest>> = fc.oneof(
      fc.record({ linkOffset: fc.integer({ min: 1, max: 0xffff_ffff }) }),
      fc.record({ size: fc.integer({ min: 1, max: 999 }) }),
      fc.record({ newVersion: fc.integer({ min: 3, max: 0xffff_ffff }) }),
      fc.constant({ oldVersion: 0 }),
      fc.record({ outerSignature: fc.uint8Array({ minLength: 64, maxLength: 64 }) }),
      fc.record({ outerSignature: fc.uint8Array({ maxLength: 80 }) }),
      fc.record({ innerSignature: fc.uint8Array({ minLength: 64, maxLength: 64 }) }),
    );
    fc.assert(
      fc.property(changes, (change) => {
        expect(checkManifest({ ...signed, ...change }, facts)).toBe('23_OUTER-SIGN-INVALID');
      }),
      { numRuns: 40 },
    );
  });
});
