import { describe, expect, test } from '@jest/globals';
import { bearsRepetition, deafens } from '../../src/mqtt/deaf-lengths.ts';

/** Octets of the packet that a broker hands to a device which has subscribed with QoS 0 (MQTT 5 and 3.1.1 §3.3). */
function packetBytes(topic: string, payloadBytes: number, protocolVersion: 4 | 5): number {
  const remaining = 2 + topic.length + (protocolVersion === 5 ? 1 : 0) + payloadBytes;
  return 1 + (remaining < 128 ? 1 : 2) + remaining;
}

describe('lengths that make the prototype’s device deaf (mup-protocol §3)', () => {
  const topic = 'yang/update/image/MYNO-1';
  const deadly = [513, 514, 611, 612, 1123, 1124, 1221, 1222];

  test('exactly those payloads whose packet has one of them, over MQTT 5 or 3.1.1', () => {
    for (let bytes = 0; bytes < 1300; bytes += 1) {
      const sizes = [packetBytes(topic, bytes, 4), packetBytes(topic, bytes, 5)];
      expect([bytes, deafens(topic, bytes)]).toEqual([bytes, sizes.some((size) => deadly.includes(size))]);
    }
  });

  test('a message of up to 511 octets may come twice', () => {
    const most = Array.from({ length: 600 }, (_, bytes) => bytes).findLast((bytes) =>
      bearsRepetition(topic, bytes),
    );
    expect(packetBytes(topic, most ?? 0, 5)).toBe(511);
  });
});
