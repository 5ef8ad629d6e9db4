import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../src/base/config.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import type { Check } from '../../src/kit/check.ts';
import { allChecks } from '../../src/kit/checks/all.ts';
import { type OpenBench, type OpenBenchOptions, openBench } from '../../src/kit/open-bench.ts';
import { type CheckResult, runChecks } from '../../src/kit/runner.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import {
  type BenchDevice,
  countingRandom,
  description,
  server,
  uuid,
  vendor,
} from '../device/bench-device.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import type { ScriptedBroker } from '../support/scripted-transport.ts';

/** Time passes while nothing else happens: what is sent arrives before any deadline comes. */
export async function drive<T>(
  { clock, broker }: { readonly clock: ManualClock; readonly broker: ScriptedBroker },
  work: Promise<T>,
): Promise<T> {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  work.then(done, done);
  while (!isDone) {
    await broker.settled();
    if (!isDone) clock.advance(250);
  }
  return work;
}

/** What the kit needs to test a device of the bench. */
export function kitOptions(
  device: BenchDevice,
  described: DeviceDescription = description,
  protocolVersion: 4 | 5 = 5,
): OpenBenchOptions {
  return {
    uuid,
    transport: device.broker.connect({ protocolVersion }),
    signer: {
      scheme: es256,
      vendorKey: vendor,
      serverKey: server,
      epoch: 1,
      vendorCounter: 1,
      appId: 'APP',
      sha256,
      generateKey: es256.generate,
    },
    readDescription: async () => described,
    takeOver: async () => {
      device.transport.disconnect();
      device.transport.reconnect();
    },
    limits: { ...defaultConfig.rpc, ...defaultConfig.update },
    assembly: defaultConfig.registration,
    clock: device.clock,
    random: countingRandom(),
    signal: new AbortController().signal,
    onWaiting: () => {},
  };
}

/** Opens the bench before the device is started, as a kit does that waits for it. */
export async function opened(device: BenchDevice, options = kitOptions(device)): Promise<OpenBench> {
  const opening = openBench(options);
  await device.broker.settled();
  await device.start();
  return drive(device, opening);
}

/** Runs checks against a device. @returns the results, by the ids of the checks */
export async function results(
  device: BenchDevice,
  options = kitOptions(device),
  wanted: (check: Check) => boolean = () => true,
): Promise<ReadonlyMap<string, CheckResult>> {
  const { bench, close } = await opened(device, options);
  const checks = allChecks.filter((check) => check.profiles.includes('mup') && wanted(check));
  const context = {
    progress: { started: () => {}, ended: () => {} },
    clock: device.clock,
    signal: new AbortController().signal,
  };
  const found = await drive(device, runChecks(bench, checks, context));
  await drive(device, close());
  return new Map(found.map((result) => [result.check.id, result]));
}

/** A result in short: the outcome, and what there is to say of it. */
export function shown({ outcome, reason, expected, seen }: CheckResult): string {
  if (outcome === 'failed') return `failed: expected ${expected}; seen: ${seen}`;
  return reason === undefined ? outcome : `${outcome}: ${reason}`;
}
