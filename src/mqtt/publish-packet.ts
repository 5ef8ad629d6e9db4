import { utf8Length } from '../base/bytes.ts';
import type { PublishOptions } from './transport.ts';

/** PUBLISH at QoS 0, not retained, in the upper half of a packet's first octet (MQTT 5 §3.3.1). */
const plainPublish = 0x30;

/** Octets of a PUBLISH packet as it goes over the wire (MQTT 3.1.1 and 5 §3.3). */
export function publishPacketSize(
  topic: string,
  payloadBytes: number,
  options: PublishOptions,
  protocolVersion: 4 | 5,
): number {
  const packetId = (options.qos ?? 1) > 0 ? 2 : 0;
  const properties = protocolVersion === 5 ? propertiesSize(options) : 0;
  const remaining = 2 + utf8Length(topic) + packetId + properties + payloadBytes;
  return 1 + integerLength(remaining) + remaining;
}

/**
 * A whole PUBLISH packet at QoS 0, not retained, without properties (MQTT 3.1.1 and 5 §3.3).
 * @param topic at most 65,535 octets of UTF-8, checked before
 */
export function encodePublish(topic: string, payload: Uint8Array, protocolVersion: 4 | 5): Uint8Array {
  const topicBytes = utf8Length(topic);
  const remaining = 2 + topicBytes + (protocolVersion === 5 ? 1 : 0) + payload.length;
  // Small ones share a block of memory.
  const packet = Buffer.allocUnsafe(1 + integerLength(remaining) + remaining);
  packet[0] = plainPublish;
  let at = writeInteger(packet, remaining, 1);
  at = packet.writeUInt16BE(topicBytes, at);
  at += packet.write(topic, at);
  // The length of its properties.
  if (protocolVersion === 5) at = packet.writeUInt8(0, at);
  packet.set(payload, at);
  return packet;
}

/** Octets of a variable byte integer (MQTT 5 §1.5.5). */
function integerLength(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}

/** Writes a variable byte integer. @returns where it ends */
function writeInteger(packet: Uint8Array, value: number, start: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 128; at += 1) {
    packet[at] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  packet[at] = rest;
  return at + 1;
}

function propertiesSize({ responseTopic, correlationData }: PublishOptions): number {
  const response = responseTopic === undefined ? 0 : 3 + utf8Length(responseTopic);
  const correlation = correlationData === undefined ? 0 : 3 + correlationData.length;
  return integerLength(response + correlation) + response + correlation;
}
