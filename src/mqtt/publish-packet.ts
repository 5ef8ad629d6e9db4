import { utf8Length } from '../base/bytes.ts';
import type { PublishOptions } from './transport.ts';

/** Octets of a variable byte integer (MQTT 5 §1.5.5). */
function integerLength(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}

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

function propertiesSize({ responseTopic, correlationData }: PublishOptions): number {
  const response = responseTopic === undefined ? 0 : 3 + utf8Length(responseTopic);
  const correlation = correlationData === undefined ? 0 : 3 + correlationData.length;
  return integerLength(response + correlation) + response + correlation;
}
