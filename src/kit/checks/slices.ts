import { utf8Length } from '../../base/bytes.ts';
import { publishPacketSize } from '../../mqtt/publish-packet.ts';
import type { Bench } from '../bench.ts';
import { type Check, CheckFailure, CheckSkipped, checksOf, expectThat } from '../check.ts';

/** Edge cases of a transfer, profile `mup`: none of them needs the device to boot what it gets. */
export const sliceChecks: readonly Check[] = checksOf(
  'slices',
  { section: '§3, Slices' },
  {
    first: {
      title: 'A manifest is answered 10_OK only once the slice topic is subscribed: the first slice arrives.',
      severity: 'minor',
      run: async (bench) => {
        const { slices } = bench.mup;
        const { image } = await bench.begin();
        slices.forget();
        await slices.put(slices.cuts.payload(image, 0, slices.maxBytes));
        const next = await slices.acknowledgement();
        expectThat(
          next === slices.maxBytes,
          `that the device expects offset ${slices.maxBytes}`,
          `${next ?? 'nothing'}`,
        );
      },
    },
    duplicate: {
      title: 'A slice that comes twice is taken once.',
      run: async (bench) => {
        const { slices } = bench.mup;
        const { image } = await bench.begin();
        const size = slices.maxBytes;
        await slices.advance(image, 0, size);
        await slices.expectAfter(slices.cuts.payload(image, 0, size), size);
        await slices.advance(image, size, 2 * size);
        await slices.expectAfter(slices.cuts.payload(image, size, 2 * size), 2 * size);
        await slices.expectAfter(slices.cuts.payload(image, 0, size), 2 * size);
        await slices.advance(image, 2 * size, 3 * size);
      },
    },
    lost: {
      title: 'After a slice that was lost the device goes on expecting it, whatever comes.',
      run: async (bench) => {
        const { slices } = bench.mup;
        const { image } = await bench.begin();
        const size = slices.maxBytes;
        await slices.advance(image, 0, size);
        await slices.expectAfter(slices.cuts.payload(image, 2 * size, 3 * size), size);
        await slices.advance(image, size, 2 * size);
        await slices.advance(image, 2 * size, 3 * size);
      },
    },
    overlapping: {
      title: 'A slice that begins before the offset that is expected is left, also if it reaches beyond it.',
      run: async (bench) => {
        const { slices } = bench.mup;
        const { image } = await bench.begin();
        const size = slices.maxBytes;
        await slices.advance(image, 0, size);
        if (size > 1) await slices.expectAfter(slices.cuts.payload(image, size - 1, 2 * size - 1), size);
        await slices.advance(image, size, 2 * size);
      },
    },
    sizes: {
      title: 'The size of slices may change during a transfer.',
      run: async (bench) => {
        const { slices } = bench.mup;
        if (slices.cuts.authenticated) throw new CheckSkipped('authenticated slices have one size (ADR 28)');
        const { image } = await bench.begin();
        const half = Math.ceil(slices.maxBytes / 2);
        for (const [from, to] of [
          [0, half],
          [half, half + 1],
          [half + 1, half + 1 + slices.maxBytes],
        ] as const)
          await slices.advance(image, from, to);
      },
    },
    window: {
      title: 'As many slices as the description says may be in flight.',
      run: async (bench) => {
        const { slices } = bench.mup;
        if (slices.window < 2) throw new CheckSkipped('the description allows one slice in flight');
        const size = slices.maxBytes;
        const { image } = await bench.begin(slices.window * size);
        for (let at = 0; at < image.length - size; at += size)
          await slices.put(slices.cuts.payload(image, at, at + size));
        const last = image.length - size;
        await slices.expectAfter(slices.cuts.payload(image, last, image.length), image.length);
      },
    },
    longest: {
      title:
        'A slice as long as the description allows arrives whole, its packet as large as the device says it takes.',
      run: async (bench) => {
        const { slices } = bench.mup;
        const size = longestSlice(bench);
        const { image } = await bench.begin(size);
        await slices.advance(image, 0, size);
      },
    },
    oversized: {
      title: 'A slice that reaches beyond the signed size is left before it is written.',
      section: '§5, extended or endless image',
      severity: 'critical',
      run: async (bench) => {
        const { slices } = bench.mup;
        const { image } = await bench.begin(2 * slices.maxBytes - 1);
        const size = slices.maxBytes;
        await slices.advance(image, 0, size);
        await slices.put(slices.cuts.forged(size, bench.signer.image(size)));
        // What is left of it is less by an octet, so that the device shows what it has of the one before.
        await slices.advance(image, size, slices.cuts.authenticated ? image.length : image.length - 1);
      },
    },
    empty: {
      title: 'What is no slice, with no octet of the image or not even an offset, changes nothing.',
      run: async (bench) => {
        const { slices } = bench.mup;
        const { image } = await bench.begin();
        for (const octets of [0, 3, 4, slices.cuts.headerBytes]) await slices.put(new Uint8Array(octets));
        await slices.advance(image, 0, slices.maxBytes);
      },
    },
    authenticated: {
      title:
        'Where slices are authenticated, one that somebody else has made is left when it arrives, and the true one taken.',
      section: 'ADR 28; §5, slice injected',
      severity: 'critical',
      run: async (bench) => {
        const { slices } = bench.mup;
        if (!slices.cuts.authenticated)
          throw new CheckSkipped('the device takes slices that are not authenticated');
        const { image } = await bench.begin();
        const size = slices.maxBytes;
        await slices.expectAfter(slices.cuts.forged(0, image.subarray(0, size)), 0);
        await slices.advance(image, 0, size);
        await slices.expectAfter(slices.cuts.forged(size, bench.signer.image(size)), size);
        await slices.advance(image, size, 2 * size);
      },
    },
    late: {
      title: 'A slice that comes after its transfer has ended is no part of the next one.',
      section: '§3, Slices; paper §4.2',
      run: async (bench) => {
        const { slices } = bench.mup;
        const first = await bench.begin();
        await slices.advance(first.image, 0, slices.maxBytes);
        await bench.restore();
        await slices.put(slices.cuts.payload(first.image, 0, slices.maxBytes));
        await startsAnew(bench);
      },
    },
    retained: {
      title: 'A slice that the broker has retained comes from somebody else, and is left.',
      severity: 'critical',
      run: async (bench) => {
        const { slices } = bench.mup;
        await slices.put(slices.cuts.forged(0, bench.signer.image(1)), true);
        try {
          await startsAnew(bench);
        } finally {
          await slices.put(new Uint8Array(), true);
        }
      },
    },
    resumed: {
      title: 'After a reconnect the transfer goes on at the offset that the device names.',
      needs: ['reconnect'],
      run: async (bench) => {
        const { slices } = bench.mup;
        const { image } = await bench.begin();
        const size = slices.maxBytes;
        await slices.advance(image, 0, size);
        await bench.options.reconnection.run();
        // Whatever is sent, the device says where it is.
        await slices.expectAfter(slices.cuts.payload(image, 0, size), size);
        await slices.advance(image, size, 2 * size);
      },
    },
  },
);

/** A new transfer begins at offset 0, and holds nothing that came before. */
async function startsAnew(bench: Bench): Promise<void> {
  const { slices } = bench.mup;
  const { image } = await bench.begin();
  slices.forget();
  const length = slices.cuts.authenticated ? slices.maxBytes : Math.max(1, slices.maxBytes - 1);
  await slices.advance(image, 0, length);
}

/** Octets of image for which the packet is as large as the description says the device takes, else the longest slice. */
function longestSlice({ mup: { slices }, options: { description, transport } }: Bench): number {
  const packet = Math.min(description.maximumPacketSize ?? 0, transport.maximumPacketSize);
  if (packet === 0 || slices.cuts.authenticated) return slices.maxBytes;
  const most = description.maxSliceSize ?? Number.POSITIVE_INFINITY;
  let size = Math.min(most, packet - utf8Length(slices.topic));
  // Over MQTT 5 a packet is an octet longer than over 3.1.1: the device may speak it.
  while (size > 1 && publishPacketSize(slices.topic, slices.cuts.headerBytes + size, { qos: 0 }, 5) > packet)
    size -= 1;
  if (size < 1) throw new CheckFailure('a maximum packet size that a slice fits into', `${packet} octets`);
  return size;
}
