import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { describeWith } from '../support/peers.ts';
import { type Line, mup, type Program } from '../support/program.ts';
import {
  type BridgeProcess,
  makeImage,
  prepareTrust,
  startBridgeProcess,
  startDeviceProcess,
} from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { VirtualRandom } from '../support/virtual-random.ts';

const patience = 180_000;
/** 200 slices, one after the other. */
const imageBytes = 120_000;

/** A moment of an update, as the device tells of it. */
interface Moment {
  readonly event: string;
  /** For a slice: the octets that the device has taken at least. */
  readonly expected?: number;
}

/** Drawn by the seed of a run, so that a run can be repeated. */
function momentOf(seed: number): Moment {
  const random = new VirtualRandom(`moment ${seed}`);
  const event = random.pick(['token-issued', 'manifest-accepted', 'slice', 'slice', 'image-verified']);
  return event === 'slice' ? { event, expected: random.int(1, imageBytes - 1) } : { event };
}

describeWith(['mosquitto'], 'an update of real processes with a real broker', () => {
  const uuid = 'FAULTS-1';
  let directory: string;
  let vendorKey: string;
  let stateDir: string;
  let config: string;
  let broker: Mosquitto;
  let bridge: BridgeProcess;
  let device: Program;
  let version = 1;

  const image = async (): Promise<string> => {
    version += 1;
    return makeImage(directory, { size: imageBytes, version, vendorKey });
  };

  const startBridge = async (): Promise<void> => {
    bridge = await startBridgeProcess(stateDir, { mqttUrl: broker.url, extra: ['--config', config] });
  };

  const startDevice = async (): Promise<void> => {
    device = await startDeviceProcess({
      ...{ uuid, mqttUrl: broker.url, stateDir: join(directory, 'device'), vendorKey },
    });
  };

  const kill = async (program: Program): Promise<void> => {
    program.signal('SIGKILL');
    await program.exited;
  };

  const update = async (): Promise<Program> => {
    const program = mup([
      'update',
      '--device',
      uuid,
      '--image',
      await image(),
      '--state-dir',
      stateDir,
      '--json',
    ]);
    program.endInput();
    return program;
  };

  /** Orders an update and waits for the moment. @returns the job's id */
  const reach = async ({ event, expected = 0 }: Moment): Promise<string> => {
    const from = device.lines.length;
    const isMoment = ({ json }: Line): boolean => {
      const seen = Object(json);
      return seen.event === event && (event !== 'slice' || seen.expected >= expected);
    };
    const client = await update();
    const [ordered] = await Promise.all([client.json({ step: 'ordered' }), device.line(isMoment, from)]);
    // It would only go on following the job.
    client.signal('SIGKILL');
    return String(ordered['job']);
  };

  /** Follows a job to its end, which is one that an operator can do something with. */
  const ended = async (job: string): Promise<void> => {
    const follower = mup(['job', job, '--state-dir', stateDir, '--json']);
    follower.endInput();
    await follower.exited;
    const { state, failure } = Object(follower.lines.at(-1)?.json);
    if (state === 'failed') expect(failure).toMatch(/^(?:[0-9]{2}_[A-Z-]+|[a-z]+(?:-[a-z]+)*)$/);
    else expect([state, follower.stderr]).toEqual(['succeeded', '']);
  };

  const stillUpdatable = async (): Promise<void> => {
    const client = await update();
    expect([await client.exited, client.stderr]).toEqual([0, '']);
    expect(client.lines.at(-1)?.json).toMatchObject({ result: 'succeeded', firmwareVersion: version });
  };

  beforeAll(async () => {
    directory = await temporaryDirectory();
    vendorKey = join(directory, 'vendor.pem');
    stateDir = join(directory, 'bridge');
    config = join(directory, 'mup.toml');
    await writeFile(
      config,
      [
        '[rpc]\ntimeoutMs = 2000',
        '[update]\nstallTimeoutMs = 3000\ntokenDeadlineMs = 15000\nverifyDeadlineMs = 15000',
        'restartDeadlineMs = 15000\nofflineDeadlineMs = 30000',
        '[mqtt]\nreconnectMaxMs = 1000\n',
      ].join('\n'),
    );
    await prepareTrust(stateDir, vendorKey);
    broker = await startMosquitto();
    await startBridge();
    await startDevice();
  }, patience);

  afterAll(async () => {
    await device?.stop();
    await bridge?.program.stop();
    await broker?.stop();
  });

  test.each<[string, number, () => Promise<void>]>([
    [
      'the bridge',
      1,
      async () => {
        await kill(bridge.program);
        await startBridge();
      },
    ],
    [
      'the device',
      2,
      async () => {
        await kill(device);
        await startDevice();
      },
    ],
    ['the broker', 3, () => broker.restart()],
    [
      'the bridge and the device',
      4,
      async () => {
        await Promise.all([kill(bridge.program), kill(device)]);
        await startBridge();
        await startDevice();
      },
    ],
    [
      'the bridge and the broker',
      5,
      async () => {
        await Promise.all([kill(bridge.program), broker.kill()]);
        await broker.start();
        await startBridge();
      },
    ],
  ])(
    'kill -9 of %s (seed %i): the update succeeds or fails by name, and the next one succeeds',
    async (_, seed, disturb) => {
      const job = await reach(momentOf(seed));
      await disturb();
      await ended(job);
      await stillUpdatable();
    },
    patience,
  );

  test(
    'SIGSTOP of the device for longer than a transfer may stall: it fails by name, and the next one succeeds',
    async () => {
      const job = await reach({ event: 'slice', expected: imageBytes / 2 });
      device.signal('SIGSTOP');
      await ended(job);
      device.signal('SIGCONT');
      await stillUpdatable();
    },
    patience,
  );
});
