import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPublicKey } from '../../src/mup/adapters/key-files.ts';
import { MynoDevice, type MynoDeviceOptions } from './myno-device.ts';
import { sharedData } from './paths.ts';

/** A device of the prototype as it leaves its programmer. */
export interface FlashedDevice extends Pick<MynoDeviceOptions, 'uuid' | 'connect' | 'topics'> {
  /** Files of the keys in its firmware, public or private. */
  readonly vendorKey: string;
  readonly serverKey: string;
}

/** The prototype's device with the description that it ships; it hurries more than the real one. It is off yet. */
export async function flashMynoDevice({
  vendorKey,
  serverKey,
  ...options
}: FlashedDevice): Promise<MynoDevice> {
  return new MynoDevice({
    ...options,
    description: await readFile(join(sharedData, 'myno', 'update-compacted.jsonld')),
    keys: { vendor: await readPublicKey(vendorKey), updateServer: await readPublicKey(serverKey) },
    ...{ pieceDelayMs: 20, answerDelayMs: 2, successDelayMs: 150, restarts: true },
  });
}

/** Boots it; resolves when the bridge has taken its description. */
export async function bootMynoDevice(flashed: FlashedDevice): Promise<MynoDevice> {
  const device = await flashMynoDevice(flashed);
  await device.boot();
  await device.until(() => device.told.includes('OK'));
  return device;
}
