// The baseline of the updates benchmark: one mqtt.js client, MQTT 5 and nothing else, that sends an image to
// many devices at once, each with a window: a slice of QoS 0 for each acknowledgement, which is neither
// checked nor timed. Started as `bare-publisher.ts JSON` with the fields of `BarePublisherOptions`; sends once
// for each line of standard input, which is the prefix of the devices' names.
import { createInterface } from 'node:readline';
import { connectAsync } from 'mqtt';

export interface BarePublisherOptions {
  readonly url: string;
  readonly count: number;
  readonly imageBytes: number;
  readonly sliceBytes: number;
  readonly window: number;
}

const { url, count, imageBytes, sliceBytes, window }: BarePublisherOptions = JSON.parse(
  process.argv[2] ?? '',
);
const image = Buffer.alloc(imageBytes, 0x5a);
const client = await connectAsync(url, { protocolVersion: 5 });
if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function')
  client.stream.setNoDelay(true);
const offsets = new Map<string, number>();

function send(topic: string): void {
  const offset = offsets.get(topic) ?? 0;
  if (offset >= imageBytes) return;
  const bytes = image.subarray(offset, offset + sliceBytes);
  const slice = Buffer.allocUnsafe(4 + bytes.length);
  slice.writeUInt32BE(offset);
  slice.set(bytes, 4);
  offsets.set(topic, offset + bytes.length);
  client.publish(topic, slice, { qos: 0 });
}

client.on('message', (topic) => send(`${topic.slice(0, -3)}image`));
createInterface({ input: process.stdin }).on('line', (prefix) => {
  const names = Array.from({ length: count }, (_, n) => `mup/firmware/${prefix}-${n}`);
  void client
    .subscribeAsync(
      names.map((name) => `${name}/ack`),
      { qos: 0 },
    )
    .then(() => {
      offsets.clear();
      for (let i = 0; i < window; i += 1) for (const name of names) send(`${name}/image`);
    });
});
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
