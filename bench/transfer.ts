import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { element } from '../dist/xml/element.js';
import { makeImage, run } from '../test/support/system.ts';
import { bareMqtt } from './support/baselines.ts';
import { exampleWith } from './support/descriptions.ts';
import type { Figure } from './support/report.ts';
import { median, timed } from './support/stats.ts';
import { startWorld, type World } from './support/world.ts';

const imageBytes = 87_800;
const sliceBytes = 600;
const repeats = 5;
/** What a description says of slices. */
interface Setting {
  readonly window: number;
  readonly maxSliceSize?: number;
}

/** What docs/updates.md compares with window 1 and 16. */
const otherSettings: readonly Setting[] = [
  { window: 4 },
  { window: 1, maxSliceSize: 128 },
  { window: 1, maxSliceSize: 2400 },
  { window: 16, maxSliceSize: 2400 },
];

const namespace = 'urn:mup:yang:mqtt-demo-board';

/**
 * 87,800 octets in slices of 600 to a device over Mosquitto, from the request for the image until the
 * device has verified it, beside a bare mqtt.js stop-and-wait loop over the same broker.
 */
export async function transfer(): Promise<Figure[]> {
  const world = await startWorld();
  const mqtt = await bareMqtt(world.broker.url);
  try {
    const one = await transferTimes(world, 'BENCH-WINDOW-1', { window: 1 });
    const sixteen = await transferTimes(world, 'BENCH-WINDOW-16', { window: 16 });
    const others: Figure[] = [];
    for (const setting of otherSettings) {
      const { window, maxSliceSize = sliceBytes } = setting;
      const value = await transferTimes(world, `BENCH-${window}-${maxSliceSize}`, setting);
      others.push({ name: `transfer, window ${window}, slices of ${maxSliceSize}`, value, unit: 'ms' });
    }
    const image = new Uint8Array(imageBytes);
    const times: number[] = [];
    for (let i = 0; i < repeats; i += 1) times.push(await timed(() => mqtt.sendSlices(image, sliceBytes)));
    const bare = median(times);
    return [
      {
        name: 'transfer, window 1',
        value: one,
        unit: 'ms',
        baseline: { name: 'bare stop-and-wait', value: bare },
      },
      { name: 'transfer, window 1 / bare', value: one / bare, unit: 'ratio', limit: 2 },
      {
        name: 'transfer, window 16',
        value: sixteen,
        unit: 'ms',
        baseline: { name: 'bare stop-and-wait', value: bare },
      },
      { name: 'transfer, window 16 / bare', value: sixteen / bare, unit: 'ratio', limit: 1 },
      ...others,
    ];
  } finally {
    await mqtt.close();
    await world.close();
  }
}

/** The median over updates to one version after the other. */
async function transferTimes(world: World, uuid: string, setting: Setting): Promise<number> {
  const description = join(world.directory, `${uuid}.jsonld`);
  await writeFile(description, await exampleWith({ maxSliceSize: sliceBytes, ...setting }));
  const device = await world.device(uuid, description);
  const client = await world.client();
  const target = element(namespace, 'uuidInput', uuid);
  const times: number[] = [];
  for (let version = 2; version < 2 + repeats; version += 1) {
    const file = await makeImage(world.directory, { size: imageBytes, version, vendorKey: world.vendorKey });
    await run(['image', 'add', file, '--state-dir', world.bridge.stateDir]);
    const manifest: { digest: string } = JSON.parse(await readFile(file.replace(/\.bin$/, '.json'), 'utf8'));
    const digest = element(namespace, 'digest', manifest.digest);
    const from = device.lines.length;
    await client.rpc(element(namespace, 'getDeviceToken', [target]));
    await client.rpc(element(namespace, 'sendExtendedManifest', [target, digest]));
    times.push(await timed(() => client.rpc(element(namespace, 'sendFirmwareImage', [target, digest]))));
    await device.json({ event: 'registered' }, from);
  }
  return median(times);
}
