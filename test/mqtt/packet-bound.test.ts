import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, utf8 } from '../../src/base/bytes.ts';
import { PacketBound, type SkippedPacket } from '../../src/mqtt/packet-bound.ts';

/** A packet of MQTT: fixed header with its variable byte integer, then the body. */
function packet(first: number, body: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return concatBytes([Uint8Array.of(first, ...length), body]);
}

function publish(topic: string, payloadBytes: number, packetId: number): Uint8Array {
  const name = utf8(topic);
  const head = [name.length >> 8, name.length & 0xff, ...name, packetId >> 8, packetId & 0xff];
  return packet(0x32, concatBytes([Uint8Array.from(head), new Uint8Array(payloadBytes).fill(7)]));
}

function run(bytes: Uint8Array, maxBytes: number, cuts: readonly number[]) {
  const skipped: SkippedPacket[] = [];
  const bound = new PacketBound(maxBytes, (each) => skipped.push(each));
  const passed: Uint8Array[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length].filter((each) => each <= bytes.length).sort((x, y) => x - y)) {
    passed.push(...bound.push(bytes.subarray(from, cut)));
    from = cut;
  }
  return { passed: concatBytes(passed), skipped };
}

describe('the bound of packets in an MQTT stream', () => {
  test('packets over it are taken out, all others pass unchanged, however the stream is cut', () => {
    const stream = fc.array(
      fc.record({ size: fc.integer({ min: 0, max: 400 }), type: fc.constantFrom(0x32, 0x40, 0xd0) }),
      {
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(stream, fc.array(fc.nat(2500), { maxLength: 20 }), (wanted, cuts) => {
        const packets = wanted.map(({ size, type }, i) =>
          type === 0x32 ? publish(`t/${i}`, size, i + 1) : packet(type, new Uint8Array(size)),
        );
        const { passed, skipped } = run(concatBytes(packets), 200, cuts);
        expect(passed).toEqual(concatBytes(packets.filter(({ length }) => length <= 200)));
        expect(skipped).toEqual(
          packets.flatMap((each, i) => {
            if (each.length <= 200) return [];
            const head =
              wanted[i]?.type === 0x32 ? { publish: { topic: `t/${i}`, qos: 1, packetId: i + 1 } } : {};
            return [{ bytes: each.length, ...head }];
          }),
        );
      }),
    );
  });

  test('one octet at a time is enough', () => {
    const bytes = concatBytes([publish('a', 300, 9), publish('b', 3, 10)]);
    const every = Array.from({ length: bytes.length }, (_, i) => i);
    const { passed, skipped } = run(bytes, 200, every);
    expect(passed).toEqual(publish('b', 3, 10));
    expect(skipped).toEqual([
      { bytes: publish('a', 300, 9).length, publish: { topic: 'a', qos: 1, packetId: 9 } },
    ]);
  });

  test('a chunk without a packet over the bound is handed on as it is', () => {
    const chunk = concatBytes([publish('a', 10, 1), publish('b', 20, 2)]);
    expect(new PacketBound(200, () => {}).push(chunk)).toEqual([chunk]);
  });

  test('a packet of 256 MiB that is announced is never held', () => {
    const bound = new PacketBound(1000, () => {});
    expect(bound.push(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f))).toEqual([]);
    const chunk = new Uint8Array(65_536);
    for (let i = 0; i < 100; i += 1) expect(bound.push(chunk)).toEqual([]);
  });

  test('a PUBLISH whose topic is longer than its packet is skipped all the same', () => {
    const { passed, skipped } = run(packet(0x32, new Uint8Array(300).fill(0xff)), 200, []);
    expect(passed).toHaveLength(0);
    expect(skipped).toEqual([{ bytes: 303 }]);
  });

  test('a length of five octets breaks MQTT 5 §1.5.5', () => {
    const bound = new PacketBound(1000, () => {});
    expect(() => bound.push(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80, 0x01))).toThrow(
      expect.objectContaining({ code: 'bad-packet' }),
    );
  });

  test('any bytes pass, are skipped, or break the stream with bad-packet', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const bound = new PacketBound(20, () => {});
        try {
          const out = chunks.flatMap((chunk) => bound.push(chunk));
          expect(concatBytes(out).length).toBeLessThanOrEqual(concatBytes(chunks).length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-packet' });
        }
      }),
    );
  });
});
