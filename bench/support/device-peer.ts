// A device agent as a process of its own that prints nothing but that it is registered, and each time its
// firmware was updated: what it would print otherwise is not what is measured.
// Started as `device-peer.ts JSON` with the fields of `DevicePeerOptions`.
import { readFile } from 'node:fs/promises';
import { systemClock, systemRandom } from '../../dist/base/adapters/node-runtime.js';
import { defaultConfig } from '../../dist/base/config.js';
import { deviceUuid } from '../../dist/base/ids.js';
import { silentLogger } from '../../dist/base/logger.js';
import { runDevice } from '../../dist/device/adapters/run-device.js';
import { readPublicKey } from '../../dist/mup/adapters/key-files.js';

export interface DevicePeerOptions {
  readonly uuid: string;
  readonly url: string;
  readonly stateDir: string;
  /** File of the vendor's public key. */
  readonly vendorKey: string;
  /** File of the description. */
  readonly description: string;
}

const options: DevicePeerOptions = JSON.parse(process.argv[2] ?? '');
await runDevice({
  description: await readFile(options.description),
  uuid: deviceUuid(options.uuid),
  mqtt: { ...defaultConfig.mqtt, url: options.url },
  registration: defaultConfig.registration,
  stateDir: options.stateDir,
  appId: 'APP',
  firmwareVersion: 1,
  slotBytes: defaultConfig.images.maxImageBytes,
  vendorKey: await readPublicKey(options.vendorKey),
  trustFirstKey: false,
  telemetryIntervalMs: 0,
  pieceBytes: 4096,
  deps: { clock: systemClock, random: systemRandom, logger: silentLogger },
  onEvent: ({ kind }) => {
    if (kind === 'registered') process.stdout.write(`${JSON.stringify({ event: kind })}\n`);
  },
});
