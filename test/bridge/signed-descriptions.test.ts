import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toHex } from '../../src/base/bytes.ts';
import { type AcceptancePolicy, defaultConfig } from '../../src/base/config.ts';
import { type DeviceUuid, deviceUuid } from '../../src/base/ids.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { PrivateKey } from '../../src/mup/signature-scheme.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { childElement, childElements, element } from '../../src/xml/element.ts';
import { server, stranger, vendor, vendorKey } from '../device/bench-device.ts';
import { description, operation } from '../support/example-description.ts';
import { signedText } from '../support/signed-text.ts';
import { descriptionVectors } from '../support/vectors/description-vectors.ts';
import { descriptionVerdict } from '../support/vectors/description-verdict.ts';
import { BenchBridge, leaves, newWorld, until } from './bench-bridge.ts';
import { settingsTree } from './bridge-settings.ts';

const one = deviceUuid('dev-1');
const text = 'a lamp %s';
const more = 'a lamp %s with an off switch';
/** Any key that the vendor has nothing to do with. */
const own: PrivateKey = server;
const refusal = (code: string) => expect.stringMatching(`^ERROR;${code};`);
const registered = expect.stringMatching('^OK;');
const pending = refusal('pending');

let bench: BenchBridge;

async function start(world = newWorld()): Promise<void> {
  const registration = { ...defaultConfig.registration, vendorKeys: [toHex(vendorKey).toUpperCase()] };
  bench = await BenchBridge.start(world, { registration });
  bench.world.reader.knows(text, description({ operations: [operation('on')] }));
  bench.world.reader.knows(more, description({ operations: [operation('on'), operation('off')] }));
}

function policy(acceptance: AcceptancePolicy): void {
  bench.world.running.commit(settingsTree({ all: { acceptance } }));
}

function signed(by: PrivateKey, counter = 1, said = text, of = one): string {
  return signedText(of, said, by, counter);
}

/** @returns the bridge's answer */
async function say(said: string, uuid: DeviceUuid = one): Promise<string> {
  const before = bench.answers(uuid).length;
  bench.describe(uuid, said, 1000);
  await until(() => bench.answers(uuid).length > before, 'an answer');
  await bench.settled();
  return bench.answers(uuid).at(-1) ?? '';
}

async function shown(): Promise<Record<string, string>> {
  const [devices] = await bench.get(element(bridgeNamespace, 'devices'));
  const [device] = devices === undefined ? [] : childElements(devices);
  return { ...leaves(device), ...leaves(device && childElement(device, bridgeNamespace, 'signer')) };
}

const rpcs = (): string[] =>
  bench.backend
    .modules()
    .flatMap(({ schema }) => (schema.name === 'mqtt-lamp' ? [...schema.rpcs.keys()] : []));
const refusals = (): readonly unknown[] => bench.world.events.named('description-refused');
const audited = (): unknown[] =>
  bench.world.audit.map(({ operation: what, outcome, code }) => [what, outcome, code]);

beforeEach(() => start());
afterEach(() => bench.close());

describe('the acceptance policy signed (ADR 29)', () => {
  beforeEach(() => policy('signed'));

  test('what a trusted vendor has signed is served', async () => {
    expect(await say(signed(vendor))).toEqual(registered);
    expect(await shown()).toMatchObject({
      acceptance: 'accepted',
      by: 'vendor',
      key: toHex(vendorKey),
      counter: '1',
    });
  });

  test('a device with a key of its own waits until a user has accepted the key', async () => {
    expect(await say(signed(own))).toEqual(pending);
    expect(await shown()).toMatchObject({
      acceptance: 'pending',
      by: 'device',
      key: toHex(es256.publicKeyOf(own)),
    });
    await bench.call('mup-bridge', 'accept-device', { device: one });
    expect(await say(signed(own))).toEqual(registered);
  });

  test.each<[string, string, string]>([
    ['unsigned', text, 'signature-required'],
    ['with an octet changed', signed(vendor).replace('lamp', 'lump'), 'bad-signature'],
    ['signed for another device', signed(vendor, 1, text, deviceUuid('dev-2')), 'bad-signature'],
    ['with a header that is none', 'MUP-SIGNED;1;2;3;{}', 'bad-signature'],
  ])(
    'a description %s is refused, with one log line and one line of the audit log',
    async (_, said, code) => {
      expect(await say(said)).toEqual(refusal(code));
      expect(await say(said)).toEqual(refusal(code));
      expect(bench.registry.get(one)).toBeUndefined();
      expect(bench.world.logger.messages('warn')).toEqual(['description refused']);
      expect(audited()).toEqual([['describe-device', 'refused', code]]);
      // Nobody knows such a device, and anybody could make up any number of them.
      expect(refusals()).toEqual([]);
    },
  );

  test('nothing reads a description before its signature was checked', async () => {
    await say(signed(vendor).replace('lamp', 'lump'));
    expect(bench.world.reader.asked).toEqual([]);
  });

  test('a device that is registered without a signature stays, and changes by its vendor’s alone', async () => {
    policy('open');
    await say(text);
    policy('signed');
    expect(await say(more)).toEqual(refusal('signature-required'));
    expect(await say(signed(own, 1, more))).toEqual(refusal('signature-required'));
    expect(rpcs()).toEqual(['on']);
    expect(refusals()).toHaveLength(1);
    expect(await say(signed(vendor, 1, more))).toEqual(registered);
    expect(rpcs()).toEqual(['on', 'off']);
  });
});

describe('a device is never taken over silently (mup-protocol §5)', () => {
  describe.each<AcceptancePolicy>(['open', 'approve', 'signed'])('under the policy %s', (acceptance) => {
    beforeEach(() => policy(acceptance));

    const admit = async (said: string): Promise<void> => {
      await say(said);
      await bench.call('mup-bridge', 'accept-device', { device: one });
      bench.world.audit.length = 0;
    };

    test.each<[string, string, PrivateKey]>([
      ['its own key', 'device', own],
      ['its vendor’s key', 'vendor', vendor],
    ])('one that signed with %s is described by nobody else', async (_, by, key) => {
      await admit(signed(key));
      expect(await say(more)).toEqual(refusal('signature-required'));
      expect(await say(signed(stranger, 9, more))).toEqual(refusal('wrong-key'));
      expect(await say(signed(key, 9, more).replace('off', 'oof'))).toEqual(refusal('bad-signature'));
      expect(rpcs()).toEqual(['on']);
      expect(await shown()).toMatchObject({ by, counter: '1' });
      // One event, however often and for whatever reason; each reason once in the audit log.
      expect(refusals()).toHaveLength(1);
      expect(audited().map((line) => (line as string[])[2])).toEqual([
        'signature-required',
        'wrong-key',
        'bad-signature',
      ]);
      expect(await say(signed(key, 2, more))).toEqual(registered);
      expect(rpcs()).toEqual(['on', 'off']);
      expect(bench.world.events.named('device-changed')).toHaveLength(1);
      expect(audited().at(-1)).toEqual(['describe-device', 'ok', undefined]);
    });

    test('an older description of its own is refused, over a restart too', async () => {
      await admit(signed(own, 4));
      expect(await say(signed(own, 5, more))).toEqual(registered);
      await bench.close();
      await start(bench.world);
      policy(acceptance);
      expect(await say(signed(own, 4))).toEqual(refusal('old-description'));
      expect(await say(signed(own, 5, text))).toEqual(refusal('old-description'));
      expect(await say(signed(own, 5, more))).toEqual(registered);
      expect(rpcs()).toEqual(['on', 'off']);
    });

    test('a higher counter counts also where the description says the same', async () => {
      await admit(signed(own, 1));
      expect(await say(signed(own, 7))).toEqual(registered);
      await bench.close();
      await start(bench.world);
      expect(await say(signed(own, 6, more))).toEqual(refusal('old-description'));
    });

    test('the vendor does not speak for a device that has a key of its own', async () => {
      await admit(signed(own));
      expect(await say(signed(vendor, 9, more))).toEqual(refusal('wrong-key'));
    });
  });

  test.each<AcceptancePolicy>(['open', 'approve'])(
    'under %s one without signature may be described anew by anybody; event, log and audit log tell it',
    async (acceptance) => {
      await say(text);
      policy(acceptance);
      expect(await say(more)).toEqual(registered);
      expect(bench.world.events.named('device-changed')).toHaveLength(1);
      expect(bench.world.logger.messages('info')).toContain('device changed');
      expect(audited()).toEqual([['describe-device', 'ok', undefined]]);
    },
  );

  test('a key that comes after the registration binds nobody: it may be a thief’s', async () => {
    await say(text);
    expect(await say(signed(stranger, 4_294_967_295))).toEqual(registered);
    expect(await shown()).not.toHaveProperty('key');
    expect(await say(text)).toEqual(registered);
  });

  test('remove-device forgets the key of a device, and how often it has signed', async () => {
    await say(signed(own, 5));
    await bench.call('mup-bridge', 'remove-device', { device: one });
    expect(await say(signed(own, 4, more))).toEqual(registered);
    await bench.call('mup-bridge', 'remove-device', { device: one });
    expect(await say(signed(stranger))).toEqual(registered);
  });

  describe('after remove-device of a device that its vendor had signed for', () => {
    beforeEach(async () => {
      await say(signed(vendor, 4));
      await say(signed(vendor, 5, more));
      await bench.call('mup-bridge', 'remove-device', { device: one });
    });

    test.each<AcceptancePolicy>(['open', 'signed'])(
      'what the vendor had signed before that is not good again, under %s and over a restart',
      async (acceptance) => {
        await bench.close();
        await start(bench.world);
        policy(acceptance);
        expect(await say(signed(vendor, 4))).toEqual(refusal('old-description'));
        expect(await say(signed(vendor, 5, text))).toEqual(refusal('old-description'));
        expect(bench.registry.get(one)).toBeUndefined();
        expect(await say(signed(vendor, 5, more))).toEqual(registered);
        expect(await say(signed(vendor, 4))).toEqual(refusal('old-description'));
      },
    );

    test('nor when somebody else has registered the device meanwhile', async () => {
      expect(await say(text)).toEqual(registered);
      expect(await say(signed(vendor, 4))).toEqual(refusal('old-description'));
      expect(await say(signed(vendor, 6))).toEqual(registered);
    });

    test('the device may come with a key of its own', async () => {
      expect(await say(signed(own))).toEqual(registered);
    });
  });
});

describe('a device that is pending', () => {
  beforeEach(() => policy('approve'));

  test('is not described by another key, so that the key that a user sees is the one that is accepted', async () => {
    await say(signed(own));
    expect(await say(signed(stranger, 9))).toEqual(refusal('wrong-key'));
    expect(await shown()).toMatchObject({ key: toHex(es256.publicKeyOf(own)) });
    expect(refusals()).toEqual([]);
  });

  test('is its vendor’s as soon as the vendor’s signature comes, whoever came first and with what counter', async () => {
    await say(signed(stranger, 4_294_967_295));
    expect(await say(signed(vendor))).toEqual(pending);
    expect(await shown()).toMatchObject({ by: 'vendor', counter: '1' });
  });
});

test.each(descriptionVectors)(
  'vector of fixtures/mup/descriptions.json: $name',
  ({ verdict, speaker, ...vector }) => {
    expect(descriptionVerdict(vector)).toEqual({ verdict, speaker });
  },
);
