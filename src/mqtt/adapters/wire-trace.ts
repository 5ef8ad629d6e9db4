import type { Logger } from '../../base/logger.ts';

/** Octets of a payload that a trace shows. */
const shownBytes = 256;

/** What of an MQTT packet a trace shows; never a user name or password, which CONNECT alone holds. */
interface TracedPacket {
  readonly cmd: string;
  readonly messageId?: number | undefined;
  readonly topic?: unknown;
  readonly payload?: unknown;
  readonly qos?: unknown;
  readonly retain?: unknown;
  readonly subscriptions?: unknown;
  readonly unsubscriptions?: unknown;
  readonly granted?: unknown;
  readonly reasonCode?: unknown;
  readonly returnCode?: unknown;
}

interface PacketSource {
  on(event: 'packetsend' | 'packetreceive', listener: (packet: TracedPacket) => void): unknown;
}

/** Logs every MQTT packet of a client at level `trace`. */
export function traceWire(client: PacketSource, logger: Logger): void {
  client.on('packetsend', (packet) => logger.trace(`mqtt > ${packet.cmd}`, traced(packet)));
  client.on('packetreceive', (packet) => logger.trace(`mqtt < ${packet.cmd}`, traced(packet)));
}

function traced(packet: TracedPacket): Record<string, unknown> {
  const { messageId, topic, qos, retain, subscriptions, unsubscriptions, granted, reasonCode, returnCode } =
    packet;
  const fields = {
    messageId,
    topic,
    qos,
    retain,
    subscriptions,
    unsubscriptions,
    granted,
    reasonCode,
    returnCode,
  };
  const shown = packet.cmd === 'publish' ? { ...fields, ...tracedPayload(packet.payload) } : fields;
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined));
}

function tracedPayload(payload: unknown): { bytes: number; payload: string } | undefined {
  if (!(payload instanceof Uint8Array)) return undefined;
  return { bytes: payload.length, payload: printable(payload.subarray(0, shownBytes)) };
}

/** ASCII as it is, every other octet as `\xNN`: a trace must not steer a terminal. */
export function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}
