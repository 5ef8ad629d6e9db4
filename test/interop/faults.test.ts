import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { describeWith } from '../support/peers.ts';
import { type Line, mup, type Program } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { resultOf, startUpdate } from '../support/update-command.ts';
import { VirtualRandom } from '../support/virtual-random.ts';

const patience = 180_000;
/** 200 slices, one after the other. */
const imageBytes = 120_000;

const settings = `
[rpc]
timeoutMs = 2000

[update]
stallTimeoutMs = 3000
retryMaxMs = 1000
maxRounds = 3
tokenDeadlineMs = 5000
verifyDeadlineMs = 15000
restartDeadlineMs = 15000
offlineDeadlineMs = 30000

[mqtt]
reconnectMaxMs = 1000
`;

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
  let broker: Mosquitto;
  let site: Site;
  let version = 1;

  const update = async (): Promise<Program> => {
    version += 1;
    const image = await site.image(version, imageBytes);
    return startUpdate(['--device', uuid, '--image', image, '--state-dir', site.stateDir]);
  };

  /** Orders an update and waits for the moment. @returns the job's id */
  const reach = async ({ event, expected = 0 }: Moment): Promise<string> => {
    const device = site.device(uuid);
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
    const follower = mup(['job', job, '--state-dir', site.stateDir, '--json']);
    follower.endInput();
    await follower.exited;
    const { state, failure } = Object(follower.lines.at(-1)?.json);
    if (state === 'failed') expect(failure).toMatch(/^(?:[0-9]{2}_[A-Z-]+|[a-z]+(?:-[a-z]+)*)$/);
    else expect([state, follower.stderr]).toEqual(['succeeded', '']);
  };

  const stillUpdatable = async (): Promise<void> => {
    const { code, steps, stderr } = await resultOf(await update());
    expect([code, stderr]).toEqual([0, '']);
    expect(steps.at(-1)).toMatchObject({ result: 'succeeded', firmwareVersion: version });
  };

  beforeAll(async () => {
    broker = await startMosquitto();
    site = await Site.start({ mqttUrl: broker.url, settings });
    await site.startDevice(uuid);
  }, patience);

  afterAll(async () => {
    await site?.stop();
    await broker?.stop();
  });

  test.each<[string, number, () => Promise<void>]>([
    [
      'the bridge',
      1,
      async () => {
        await site.bridge.program.kill();
        await site.serve();
      },
    ],
    [
      'the device',
      2,
      async () => {
        await site.device(uuid).kill();
        await site.startDevice(uuid);
      },
    ],
    ['the broker', 3, () => broker.restart()],
    [
      'the bridge and the device',
      4,
      async () => {
        await Promise.all([site.bridge.program.kill(), site.device(uuid).kill()]);
        await site.serve();
        await site.startDevice(uuid);
      },
    ],
    [
      'the bridge and the broker',
      5,
      async () => {
        await Promise.all([site.bridge.program.kill(), broker.kill()]);
        await broker.start();
        await site.serve();
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
      site.device(uuid).signal('SIGSTOP');
      await ended(job);
      site.device(uuid).signal('SIGCONT');
      await stillUpdatable();
    },
    patience,
  );
});
