/** A message as the prototype's device gets it off the wire. */
export interface ArrivingPublish {
  /** Fixed header, topic, properties and payload. */
  readonly packetBytes: number;
  readonly hasProperties: boolean;
  /** A slice of an image: number, comma and bytes are its payload. */
  readonly slice?: { readonly payloadBytes: number; readonly repeated: boolean };
}

const deadlyLengths = [513, 514, 611, 612, 1123, 1124, 1221, 1222];

/**
 * What the sort of a message does to the prototype's device (mup-protocol §3, “The prototype's device”).
 * - `deaf`: it stays connected and hears nothing any more, until it is restarted.
 * - `dead`: it hangs.
 */
export function trapOf(
  arriving: ArrivingPublish,
): { readonly end: 'deaf' | 'dead'; why: string } | undefined {
  const { packetBytes, hasProperties, slice } = arriving;
  if (packetBytes > 511 && hasProperties)
    return { end: 'dead', why: `properties on a publish of ${packetBytes} octets` };
  if (deadlyLengths.includes(packetBytes)) return { end: 'deaf', why: `a publish of ${packetBytes} octets` };
  if (slice?.payloadBytes === 1023) return { end: 'deaf', why: 'number, comma and slice of 1,023 octets' };
  if (packetBytes > 511 && slice?.repeated === true)
    return { end: 'deaf', why: `a slice of ${packetBytes} octets came again` };
  return undefined;
}
