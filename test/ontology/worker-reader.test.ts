import { deflateSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { defaultConfig, type RegistrationConfig } from '../../src/base/config.ts';
import { deferred } from '../../src/base/deferred.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createDescriptionReader } from '../../src/ontology/adapters/worker-reader.ts';
import type { DescriptionReader } from '../../src/ontology/description-reader.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { describeDevice, example, id, operation } from './support.ts';

const uuid = deviceUuid('F97DF79-8A12-4F4F-8F69-6B8F3C2E78DD');
const sibling = deviceUuid('0b7f2f5e-3c1a-4d5e-9f00-112233445566');
const relay = example('relay');

/** A clock that tells when something is scheduled with a delay. */
class WatchedClock extends ManualClock {
  readonly #watches = new Map<number, () => void>();

  override schedule(delayMs: number, task: () => void): () => void {
    const cancel = super.schedule(delayMs, task);
    this.#watches.get(delayMs)?.();
    return cancel;
  }

  /** Resolves at the next schedule with that delay. */
  scheduled(delayMs: number): Promise<void> {
    const { promise, resolve } = deferred();
    this.#watches.set(delayMs, resolve);
    return promise;
  }
}

const readers: DescriptionReader[] = [];

function open(config: Partial<RegistrationConfig> = {}, ontologiesDir?: string) {
  const clock = new WatchedClock();
  const reader = createDescriptionReader({
    config: { ...defaultConfig.registration, ...config },
    clock,
    logger: silentLogger,
    ...(ontologiesDir === undefined ? {} : { ontologiesDir }),
  });
  readers.push(reader);
  return { clock, reader };
}

afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.close();
});

describe('reading in a thread', () => {
  test('siblings share one template, packed or not, with the UUID as %s or in full', async () => {
    const { reader } = open();
    const [first, ...others] = await Promise.all([
      reader.read(uuid, utf8(relay)),
      reader.read(sibling, utf8(relay)),
      reader.read(uuid, utf8(relay.replaceAll('%s', uuid))),
      reader.read(sibling, deflateSync(utf8(relay.replaceAll('%s', sibling)))),
    ]);
    expect(first?.digest).toBe(sha256(utf8(relay)));
    for (const other of others) expect(other).toBe(first);
    expect(await reader.read(sibling, utf8(relay))).toBe(first);
  });

  test('what is refused keeps its code and findings; a UUID of another device is, whoever sent it', async () => {
    const { reader } = open();
    await reader.read(uuid, utf8(relay.replaceAll('%s', uuid)));
    await expect(reader.read(sibling, utf8(relay.replaceAll('%s', uuid)))).rejects.toMatchObject({
      code: 'uuid-mismatch',
    });
    const document = describeDevice(operation('call', { 'myno:mqttTopic': '+' }));
    await expect(reader.read(uuid, utf8(JSON.stringify(document)))).rejects.toMatchObject({
      code: 'description-invalid',
      message: expect.stringContaining('Found "+"'),
      findings: [{ node: 'myno:op-call', path: 'myno:mqttTopic' }],
    });
  });

  test('what takes too long is ended; what waits behind it is read', async () => {
    const { reader, clock } = open({ deadlineMs: 5000 });
    await reader.read(uuid, utf8(relay));
    const started = clock.scheduled(2000);
    const slow = reader.read(uuid, utf8(JSON.stringify(describeDevice([]))));
    await started;
    clock.advance(2000);
    const next = reader.read(sibling, utf8(example('updatable-device')));
    clock.advance(3000);
    await expect(slow).rejects.toMatchObject({ code: 'description-timeout' });
    expect((await next).description.category).toBe('DEMO-BOARD');
  });

  test('what is slow while another waits comes after it, and has its whole time then', async () => {
    const { reader, clock } = open({ deadlineMs: 5000 });
    await reader.read(uuid, utf8(relay));
    const order: string[] = [];
    const started = clock.scheduled(2000);
    const slow = reader
      .read(uuid, utf8(JSON.stringify(describeDevice([]))))
      .finally(() => order.push('slow'));
    const next = reader.read(sibling, utf8(example('updatable-device'))).finally(() => order.push('next'));
    await started;
    const again = clock.scheduled(5000);
    clock.advance(2000);
    await next;
    await again;
    clock.advance(4999);
    await slow;
    expect(order).toEqual(['next', 'slow']);
  });

  test('what takes too much memory is refused; what waits behind it is read', async () => {
    const { reader } = open({
      workerHeapMib: 100,
      maxDescriptionBytes: 20_000_000,
      maxNodes: 10_000_000,
      maxInflateRatio: 1e6,
    });
    const inputs = Array.from({ length: 400_000 }, (_, i) => ({ ...id(`i${i}`), 'onem2m:hasValue': 'x' }));
    const big = reader.read(uuid, utf8(JSON.stringify(describeDevice(inputs))));
    const next = reader.read(uuid, utf8(relay));
    await expect(big).rejects.toMatchObject({ code: 'description-too-big' });
    expect((await next).description.category).toBe('RELAY');
  });

  test('an idle thread ends, and starts again when there is something to read', async () => {
    const { reader, clock } = open({ workerIdleMs: 1234 });
    await reader.read(uuid, utf8(relay));
    clock.advance(1234);
    expect(clock.pending).toBe(0);
    expect((await reader.read(uuid, utf8(example('updatable-device')))).description.category).toBe(
      'DEMO-BOARD',
    );
  });

  test('a thread that cannot start fails its description and no more', async () => {
    const { reader } = open({}, '/nowhere');
    await expect(reader.read(uuid, utf8(relay))).rejects.toMatchObject({ code: 'internal' });
    await expect(reader.read(uuid, utf8(relay))).rejects.toMatchObject({ code: 'internal' });
  });

  test('more than may wait are told so', async () => {
    const { reader } = open({ maxDevicesInAssembly: 1 });
    const first = reader.read(uuid, utf8(relay));
    const results = await Promise.allSettled([
      first,
      reader.read(uuid, utf8(`${relay} `)),
      reader.read(uuid, utf8(`${relay}  `)),
    ]);
    const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 'read'));
    expect(codes.filter((code) => code === 'reader-busy').length).toBeGreaterThanOrEqual(1);
    expect(codes).toContain('read');
  });

  test('after close nothing is read, and what waits is told so', async () => {
    const { reader } = open();
    const waiting = reader.read(uuid, utf8(relay));
    await reader.close();
    await expect(waiting).rejects.toMatchObject({ code: 'reader-closed' });
    await expect(reader.read(uuid, utf8(relay))).rejects.toMatchObject({ code: 'reader-closed' });
  });
});
