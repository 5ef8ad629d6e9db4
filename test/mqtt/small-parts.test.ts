import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printable } from '../../src/mqtt/adapters/wire-trace.ts';
import { PacketBound, type SkippedPacket } from '../../src/mqtt/packet-bound.ts';
import { encodePublish, publishPacketSize } from '../../src/mqtt/publish-packet.ts';
import { RequestIds } from '../../src/mqtt/request-ids.ts';
import { RetainedBudget } from '../../src/mqtt/retained-budget.ts';
import { SendQueue } from '../../src/mqtt/send-queue.ts';
import { SubscriptionBudget } from '../../src/mqtt/subscription-budget.ts';

describe('the size of a PUBLISH packet (MQTT 5 §3.3)', () => {
  test.each([
    // fixed header 2, topic 2+3, packet identifier 2, payload 4
    ['3.1.1, QoS 1', publishPacketSize('a/b', 4, { qos: 1 }, 4), 13],
    ['3.1.1, QoS 0', publishPacketSize('a/b', 4, { qos: 0 }, 4), 11],
    ['QoS 1 unless said otherwise', publishPacketSize('a/b', 4, {}, 4), 13],
    ['5: one octet for no properties', publishPacketSize('a/b', 4, {}, 5), 14],
    [
      '5 with properties',
      publishPacketSize('a/b', 4, { responseTopic: 'r', correlationData: new Uint8Array(2) }, 5),
      23,
    ],
    ['topic in octets', publishPacketSize('ü', 0, { qos: 0 }, 4), 6],
    ['two octets of length', publishPacketSize('a', 128 - 3, { qos: 0 }, 4), 131],
    ['three octets of length', publishPacketSize('a', 16_384 - 3, { qos: 0 }, 4), 16_388],
    ['four octets of length', publishPacketSize('a', 2_097_152 - 3, { qos: 0 }, 4), 2_097_157],
  ])('%s', (_name, size, expected) => {
    expect(size).toBe(expected);
  });
});

describe('a PUBLISH packet', () => {
  test('has the octets of the specification (MQTT 3.1.1 and 5 §3.3)', () => {
    const payload = Uint8Array.of(1, 2);
    expect([...encodePublish('a/b', payload, 4)]).toEqual([0x30, 7, 0, 3, 0x61, 0x2f, 0x62, 1, 2]);
    expect([...encodePublish('a/b', payload, 5)]).toEqual([0x30, 8, 0, 3, 0x61, 0x2f, 0x62, 0, 1, 2]);
  });

  test('is as large as it is said to be, and holds its topic and payload', () => {
    const topics = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 });
    const sizes = fc.oneof(fc.nat(300), fc.integer({ min: 16_200, max: 16_500 }), fc.constant(2_097_152));
    fc.assert(
      fc.property(topics, sizes, fc.constantFrom(4 as const, 5 as const), (topic, size, version) => {
        const payload = new Uint8Array(size).fill(0x2e);
        const packet = encodePublish(topic, payload, version);
        const read: SkippedPacket[] = [];
        expect(new PacketBound(1, (one) => read.push(one)).push(packet)).toEqual([]);
        expect(read).toEqual([{ bytes: packet.length, publish: { topic, qos: 0, packetId: 0 } }]);
        expect(packet.length).toBe(publishPacketSize(topic, size, { qos: 0 }, version));
        expect(Buffer.compare(packet.subarray(packet.length - size), payload)).toBe(0);
      }),
    );
  });
});

describe('request ids (mup-protocol §2)', () => {
  test('differ even where the random source repeats itself', () => {
    for (const profile of ['mup', 'myno'] as const) {
      const ids = new RequestIds((length) => new Uint8Array(length));
      const drawn = Array.from({ length: 1000 }, () => ids.next(profile));
      expect(new Set(drawn).size).toBe(1000);
    }
  });

  test('are remembered for long, not for ever', () => {
    const ids = new RequestIds((length) => new Uint8Array(length));
    const first = ids.next('mup');
    for (let i = 0; i < 16_000; i += 1) ids.next('mup');
    expect(ids.wasUsed(first)).toBe(true);
    for (let i = 0; i < 1000; i += 1) ids.next('mup');
    expect(ids.wasUsed(first)).toBe(false);
    expect(ids.wasUsed('never')).toBe(false);
  });
});

describe('the budget of retained messages', () => {
  test('counts each topic once, in messages and octets, and empty ones not at all', () => {
    const budget = new RetainedBudget({ maxMessages: 2, maxBytes: 20 });
    expect(budget.admit('a', 9)).toBe(true);
    expect(budget.admit('a', 9)).toBe(true);
    expect(budget.admit('b', 9)).toBe(true);
    expect(budget.admit('c', 1)).toBe(false);
    expect(budget.admit('b', 10)).toBe(false);
    expect(budget.admit('a', 0)).toBe(true);
    expect(budget.admit('a', 0)).toBe(true);
    expect(budget.admit('c', 9)).toBe(true);
  });

  test('is never overdrawn', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(12)));
    fc.assert(
      fc.property(steps, (messages) => {
        const budget = new RetainedBudget({ maxMessages: 3, maxBytes: 25 });
        const kept = new Map<string, number>();
        for (const [topic, bytes] of messages) {
          if (!budget.admit(topic, bytes)) continue;
          if (bytes === 0) kept.delete(topic);
          else kept.set(topic, bytes + 1);
          expect(kept.size).toBeLessThanOrEqual(3);
          expect([...kept.values()].reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(25);
        }
      }),
    );
  });
});

describe('the queue before the network', () => {
  test('keeps the order, and waits for room', () => {
    let room = 1;
    const sent: number[] = [];
    const queue = new SendQueue(() => room > 0);
    for (const i of [1, 2, 3])
      queue.push(
        () => {
          room -= 1;
          sent.push(i);
        },
        () => {},
      );
    expect(sent).toEqual([1]);
    room = 5;
    queue.pump();
    expect(sent).toEqual([1, 2, 3]);
  });

  test('rejects what waits, and what comes later, when the connection ends', () => {
    const queue = new SendQueue(() => false);
    const rejected: string[] = [];
    const push = (): void =>
      queue.push(
        () => rejected.push('sent'),
        (error) => rejected.push(error.message),
      );
    push();
    queue.close(new Error('gone'));
    push();
    expect(rejected).toEqual(['gone', 'gone']);
  });
});

describe('the wire trace', () => {
  test('shows octets so that they cannot steer a terminal', () => {
    expect(printable(Uint8Array.of(0x41, 0x1b, 0x5b, 0x0a, 0x5c, 0x7f, 0xff))).toBe(
      'A\\x1b[\\x0a\\x5c\\x7f\\xff',
    );
  });
});

describe('the budget of subscriptions', () => {
  test('each client has its share, all together theirs, and what is released is free again', () => {
    const budget = new SubscriptionBudget({ maxLevelsPerClient: 4, maxLevels: 6 });
    const [a, b] = [{}, {}];
    expect(budget.admit(a, 'x/y')).toBe(true);
    expect(budget.admit(a, 'x/y')).toBe(true);
    expect(budget.admit(a, 'x/y/z')).toBe(false);
    expect(budget.admit(a, '+/#')).toBe(true);
    expect(budget.admit(b, 'x/y/z')).toBe(false);
    expect(budget.admit(b, 'x/y')).toBe(true);
    budget.release(a, 'x/y');
    budget.release(a, 'x/y');
    expect(budget.admit(b, 'z')).toBe(true);
    budget.releaseAll(a);
    budget.releaseAll(a);
    expect(budget.admit(b, 'w')).toBe(true);
    expect(budget.admit(b, 'v')).toBe(false);
  });

  test('a long filter counts for more than its levels', () => {
    const budget = new SubscriptionBudget({ maxLevelsPerClient: 10, maxLevels: 10 });
    expect(budget.admit({}, 'x'.repeat(64 * 10))).toBe(false);
    expect(budget.admit({}, 'x'.repeat(64 * 9))).toBe(true);
  });
});
