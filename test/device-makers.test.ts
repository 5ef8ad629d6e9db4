import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { utf8 } from '../src/base/bytes.ts';
import { deviceUuid } from '../src/base/ids.ts';
import { encodePieces } from '../src/mqtt/description-pieces.ts';
import { publishPacketSize } from '../src/mqtt/publish-packet.ts';
import { RequestIds } from '../src/mqtt/request-ids.ts';
import { encodeRequest } from '../src/mqtt/rpc-codec.ts';
import { authenticatedHeaderBytes, sliceHashBytes } from '../src/mup/authenticated-slices.ts';
import { deviceStates } from '../src/mup/states.ts';
import { root } from './support/paths.ts';
import { describeWith } from './support/peers.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { messageOf, signedParts } from './support/vectors/manifest-message.ts';

const page = readFileSync(join(root, 'docs', 'device-makers.md'), 'utf8');
const imageBytes = 87_800;
const sliceBytes = 600;
const slices = Math.ceil(imageBytes / sliceBytes);
const uuid = deviceUuid('0'.repeat(36));

const requestId = (): string => new RequestIds((length) => new Uint8Array(length)).next('mup');

/** A manifest request with an id as long as the bridge's. */
function manifestBytes(changes: Parameters<typeof signedParts>[0]): number {
  const [, method = '', ...inputs] = messageOf(signedParts(changes)).split(';');
  return encodeRequest({ id: requestId(), method, inputs, profile: 'mup' }).length;
}

const packet = (topic: string, payloadBytes: number): number =>
  publishPacketSize(topic, payloadBytes, { qos: 0 }, 5);

const slicesTopic = `mup/firmware/${uuid}/image`;
const whole = packet(slicesTopic, 4 + sliceBytes);
const last = packet(slicesTopic, 4 + imageBytes - (slices - 1) * sliceBytes);
const most = String(0xffff_ffff);

const longestUuid = 'a'.repeat(64);
const longest = manifestBytes({
  ...{ appId: 'a'.repeat(32), uuid: longestUuid },
  ...{ linkOffset: most, size: most, newVersion: most, oldVersion: most },
});

const figures: Readonly<Record<string, number>> = {
  'longest manifest message (App ID 32, UUID 64, all numbers at their longest)': longest,
  'its packet (MQTT 5: Response Topic and Correlation Data)': publishPacketSize(
    `mup/manifest/${longestUuid}`,
    longest,
    { responseTopic: `mup/response/${longestUuid}`, correlationData: utf8(requestId()) },
    5,
  ),
  'that of a usual one': manifestBytes({ uuid }),
  'packet with a slice of 600 octets, topic and header included (MQTT 5)': whole,
  [`${slices} slices to the device`]: (slices - 1) * whole + last,
  'packet with an authenticated slice of 600 octets, topic and header included (MQTT 5)': packet(
    slicesTopic,
    authenticatedHeaderBytes + sliceBytes,
  ),
  [`${slices} authenticated slices to the device`]:
    (slices - 1) * packet(slicesTopic, authenticatedHeaderBytes + sliceBytes) +
    packet(slicesTopic, authenticatedHeaderBytes + imageBytes - (slices - 1) * sliceBytes),
  'the manifest of authenticated slices is longer by': utf8(
    `;${sliceBytes};${'0'.repeat(2 * sliceHashBytes)}`,
  ).length,
  [`authenticated slices, where the hashes are kept to follow the chain after a restart: 16 a slice, for ${slices} slices`]:
    slices * sliceHashBytes,
  [`${slices} acknowledgements to the broker`]: slices * packet(`mup/firmware/${uuid}/ack`, 4),
};

test.each(Object.entries(figures))('docs/device-makers.md: %s', (row, octets) => {
  expect(page).toContain(`| ${row} | ${octets.toLocaleString('en-US')} |`);
});

test('docs/device-makers.md: what a description costs, whole, packed and as its digest', () => {
  const text = readFileSync(join(root, 'ontologies', 'examples', 'updatable-device.jsonld'), 'utf8');
  const packed = deflateSync(JSON.stringify(JSON.parse(text)), { level: 9 }).length;
  const announced = encodePieces(utf8(`sha256:${'0'.repeat(64)}`), 4096)[0]?.length;
  expect(page).toContain(`${Math.floor(text.length / 1000)} kB of JSON-LD`);
  expect(page).toContain(`packed with zlib (${Math.floor(packed / 1000)} kB), or, in ${announced} octets`);
});

test('docs/device-makers.md: each state that a device answers is there', () => {
  const missing = deviceStates.map(({ name }) => name).filter((name) => !page.includes(name));
  expect(missing).toEqual([]);
});

describeWith(['libssl'], 'docs/device-makers.md: the model of the checks', () => {
  test('takes the flash that the page says', async () => {
    const object = join(await temporaryDirectory(), 'mup-checks.o');
    const source = join(root, 'test', 'interop', 'c', 'mup-checks.c');
    execFileSync('gcc', ['-std=gnu11', '-Os', '-c', source, '-o', object]);
    const [, figures = ''] = execFileSync('size', [object], { encoding: 'utf8' }).split('\n');
    const octets = Number(figures.trim().split(/\s+/)[0]);
    // Another release of the compiler makes other code, of about the same size.
    const [, said = ''] = /x86-64; Thumb-2 is denser\) \| ([\d,]+) \|/.exec(page) ?? [];
    expect(Math.abs(octets - Number(said.replace(',', '')))).toBeLessThan(600);
  });
});
