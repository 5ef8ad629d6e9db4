import { describe, expect, test } from '@jest/globals';
import { startSha256 } from '../../src/base/adapters/node-runtime.ts';
import { UpdateReceiver } from '../../src/device/update-receiver.ts';
import { allSuites, ed25519 } from '../../src/mup/adapters/noble-curves.ts';
import type { PrivateKey, SignatureScheme } from '../../src/mup/signature-scheme.ts';
import { extendManifest, signManifest } from '../../src/mup/signing.ts';
import { BenchDevice, countingRandom, server, unsigned, uuid, vendor } from './bench-device.ts';
import { limits, stateIn } from './receiver-bench.ts';

const edVendor = ed25519.generate();
const edServer = ed25519.generate();

/** A device with these keys, and how many signatures it verified. */
function deviceWith(vendorOf: PrivateKey, serverOf: PrivateKey) {
  const counted = { verified: 0 };
  const scheme: SignatureScheme = {
    ...allSuites,
    verify(message, signature, key) {
      counted.verified += 1;
      return allSuites.verify(message, signature, key);
    },
  };
  const [vendorKey, serverKey] = [vendorOf, serverOf].map((key) => allSuites.publicKeyOf(key));
  const receiver = new UpdateReceiver({
    facts: () => ({ uuid, appId: 'APP', version: 1, slotBytes: 4096, serverKey, vendorKey, scheme }),
    random: countingRandom(),
    startSha256,
    limits,
  });
  return { receiver, counted };
}

function manifestOf(receiver: UpdateReceiver, suite: string, vendorOf = edVendor, serverOf = edServer) {
  const signed = signManifest({ ...unsigned, suite }, vendorOf, allSuites);
  return extendManifest(signed, { uuid, ...receiver.issueToken() }, serverOf, allSuites);
}

describe('the suite of a manifest, on the device (ADR 26)', () => {
  test('a device with Ed25519 keys takes a manifest of suite 2', () => {
    const { receiver } = deviceWith(edVendor, edServer);
    expect(stateIn(receiver.receiveManifest(manifestOf(receiver, '2'), 0))).toBe('10_OK');
  });

  test.each([
    ['2', vendor, server, edVendor, edServer],
    ['1', edVendor, edServer, vendor, server],
  ])(
    'a manifest of suite %s is malformed to a device with keys of the other: nothing is verified, nor the nonce spent',
    (suite, vendorOf, serverOf, vendorSigns, serverSigns) => {
      const { receiver, counted } = deviceWith(vendorOf, serverOf);
      const foreign = manifestOf(receiver, suite, vendorSigns, serverSigns);
      expect(stateIn(receiver.receiveManifest(foreign, 0))).toBe('20_MANIFEST-NOT-VALID');
      expect(counted.verified).toBe(0);
      const own = suite === '1' ? '2' : '1';
      const signed = signManifest({ ...unsigned, suite: own }, vendorOf, allSuites);
      const extended = extendManifest(signed, { uuid, nonce: foreign.nonce }, serverOf, allSuites);
      expect(stateIn(receiver.receiveManifest(extended, 0))).toBe('10_OK');
    },
  );

  test('an agent whose description does not list the suite of its vendor’s key does not start', () => {
    const vendorKey = allSuites.publicKeyOf(edVendor);
    expect(() => new BenchDevice({ vendorKey })).toThrow(
      expect.objectContaining({ code: 'suite-undescribed', where: 'mup:Suite' }),
    );
  });

  test('a manifest whose suite is changed on its way fails before its signatures', () => {
    const { receiver, counted } = deviceWith(edVendor, edServer);
    const changed = { ...manifestOf(receiver, '2'), suite: '1' };
    expect(stateIn(receiver.receiveManifest(changed, 0))).toBe('20_MANIFEST-NOT-VALID');
    expect(counted.verified).toBe(0);
  });

  test('an update server’s key of another suite than the vendor’s is never asked', () => {
    const { receiver, counted } = deviceWith(edVendor, server);
    expect(stateIn(receiver.receiveManifest(manifestOf(receiver, '2'), 0))).toBe('23_OUTER-SIGN-INVALID');
    expect(counted.verified).toBe(0);
  });
});
