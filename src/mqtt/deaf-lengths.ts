import { publishPacketSize } from './publish-packet.ts';

/**
 * What the MQTT client of the prototype's device cannot read (mup-protocol §3, “The prototype's device”):
 * its buffers have 512 octets, and a few lengths of a PUBLISH end in the middle of what it expects.
 */

/** Octets of a PUBLISH that make the device deaf: fixed header, topic and payload together. */
const deafening: ReadonlySet<number> = new Set([513, 514, 611, 612, 1123, 1124, 1221, 1222]);

/** Octets of the largest PUBLISH that the device takes as one piece: it may come twice. */
const wholeBytes = 511;

/**
 * Whether a message makes a device of the prototype deaf, over MQTT 5, where a PUBLISH has one octet more, or
 * over 3.1.1. The device has subscribed with QoS 0, so that the broker leaves the packet identifier out.
 */
export function deafens(topic: string, payloadBytes: number): boolean {
  return deafening.has(size(topic, payloadBytes, 4)) || deafening.has(size(topic, payloadBytes, 5));
}

/** Whether the device bears to get a message a second time. */
export function bearsRepetition(topic: string, payloadBytes: number): boolean {
  return size(topic, payloadBytes, 5) <= wholeBytes;
}

function size(topic: string, payloadBytes: number, protocolVersion: 4 | 5): number {
  return publishPacketSize(topic, payloadBytes, { qos: 0 }, protocolVersion);
}
