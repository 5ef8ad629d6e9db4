import { afterEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { decodeUtf8, utf8 } from '../../src/base/bytes.ts';
import type { Digest } from '../../src/base/ids.ts';
import { DescriptionAssembler } from '../../src/mqtt/description-pieces.ts';
import { allSuites, ed25519, es256 } from '../../src/mup/adapters/noble-curves.ts';
import {
  parseSignedDescription,
  type SignedDescription,
  verifySignedDescription,
} from '../../src/mup/signed-description.ts';
import { BenchDevice, topics, uuid } from './bench-device.ts';

const deps = { scheme: allSuites, sha256 };
const limits = { maxDescriptionBytes: 10_000, maxPieces: 100, maxDevicesInAssembly: 1, assemblyIdleMs: 1000 };

let device: BenchDevice;
afterEach(() => device.agent.close());

/** What the device sent last of its description; its signature holds. */
function sent(): SignedDescription {
  const assembler = new DescriptionAssembler(limits);
  const pieces = device.broker.published.filter(({ topic }) => topic === topics.description);
  const whole = pieces.map(({ payload }) => assembler.push(uuid, payload, 0));
  const last = whole.findLast((result) => result.kind === 'complete');
  if (last?.kind !== 'complete') throw new Error('no description was sent');
  const signed = parseSignedDescription(last.bytes);
  verifySignedDescription(uuid, signed, deps);
  return signed;
}

describe.each([
  ['ES256', es256.generate()],
  ['Ed25519', ed25519.generate()],
])('a device with a key of its own, of the suite %s (ADR 29)', (_, signKey) => {
  const start = async (options: ConstructorParameters<typeof BenchDevice>[0] = {}): Promise<void> => {
    device = await new BenchDevice({ signKey, ...options }).start();
  };
  /** The same device after its power was cut. */
  const again = async (options: ConstructorParameters<typeof BenchDevice>[0] = {}): Promise<void> => {
    const { store } = device;
    await device.agent.close();
    device = await new BenchDevice({ signKey, ...options }, { store }).start();
  };

  test('signs its description', async () => {
    await start();
    const { octets, counter, key } = sent();
    expect(decodeUtf8(octets)).toBe('{"the description of": "%s"}');
    expect([counter, key]).toEqual([1, allSuites.publicKeyOf(signKey)]);
  });

  test('counts its descriptions, over restarts: another one has a higher counter, the same one the same', async () => {
    await start();
    await again();
    expect(sent().counter).toBe(1);
    const descriptionBytes = utf8('{"another description of": "%s"}');
    await again({ descriptionBytes });
    expect(sent().counter).toBe(2);
    await again({ descriptionBytes });
    expect(sent().counter).toBe(2);
  });

  test('signs a digest that it announces, with the counter of the description', async () => {
    const announceDigest = 'ab'.repeat(32) as Digest;
    await start({ announceDigest });
    expect(decodeUtf8(sent().octets)).toBe(`sha256:${announceDigest}`);
    await device.answerRegistration('ERROR;unknown-digest;');
    expect(decodeUtf8(sent().octets)).toBe('{"the description of": "%s"}');
    expect(sent().counter).toBe(1);
  });

  test('sends nothing with a counter that it could not keep, and tries again', async () => {
    device = new BenchDevice({ signKey });
    await device.agent.start();
    device.store.recordFault = new Error('ENOSPC');
    await device.settled();
    expect(device.broker.texts(topics.description)).toEqual([]);
    device.store.recordFault = undefined;
    device.clock.advance(20_000);
    await device.settled();
    expect(sent().counter).toBe(1);
  });
});
