import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/deferred.ts';
import type { DeviceDescription } from '../base/description.ts';
import { PeerError, UnavailableError, UsageError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { leaves } from '../base/leaves.ts';
import type { RandomBytes } from '../base/random.ts';
import type { AssemblyLimits } from '../mqtt/description-pieces.ts';
import { checkDeviceTopic, statusTopic } from '../mqtt/topics.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import { Bench, type BenchOptions } from './bench.ts';
import { CheckFailure, expectThat, type TestedProfile } from './check.ts';
import { comesToTrust } from './checks/keys.ts';
import { Cuts } from './cuts.ts';
import { type ImageSupply, madeImages } from './images.ts';
import { Inbox } from './inbox.ts';
import type { KitLimits } from './limits.ts';
import { MupDialect } from './mup-dialect.ts';
import { MupSlices } from './mup-slices.ts';
import { MynoDialect } from './myno-dialect.ts';
import { Reconnection } from './reconnection.ts';
import { RegistrationDesk } from './registration-desk.ts';
import { Requests } from './requests.ts';
import { endorsementBy, Signer, type SignerOptions } from './signer.ts';

export interface OpenBenchOptions {
  readonly uuid: DeviceUuid;
  readonly transport: MqttTransport;
  /** Keys and names; the profile is the description's. */
  readonly signer: Omit<SignerOptions, 'profile' | 'random' | 'cuts' | 'sliceBytes'>;
  /** The images of the maker; made ones unless given. */
  readonly images?: ImageSupply;
  /** The description, for devices that are registered already; waited for unless given. */
  readonly description?: Uint8Array;
  /** Reads a description as the bridge does, for this device. */
  readonly readDescription: (bytes: Uint8Array) => Promise<DeviceDescription>;
  /** Ends the device's connection: see {@link Reconnection}. */
  readonly takeOver: () => Promise<void>;
  readonly limits: KitLimits & { readonly mynoSliceSizeBytes: number };
  readonly assembly: AssemblyLimits;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Ends the wait for the description. */
  readonly signal: AbortSignal;
  /** Told when nothing happens until the device describes itself. */
  readonly onWaiting: () => void;
}

/** A bench, and what ends it. */
export interface OpenBench {
  readonly bench: Bench;
  close(): Promise<void>;
}

/**
 * Takes the bridge's place: waits until the device has described itself, answers it, and sees that it is ready for the
 * checks.
 * @throws UnavailableError `no-description`; UsageError `profile-unsupported`; PeerError `bad-topic`,
 *   `device-not-ready`, and what reading the description throws
 */
export async function openBench(options: OpenBenchOptions): Promise<OpenBench> {
  const { transport, clock, uuid } = options;
  const closes: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closes.splice(0).reverse()) await one();
  };
  const kept = <T extends { close(): Promise<void> }>(part: T): T => {
    closes.push(() => part.close());
    return part;
  };
  try {
    const endorsement = endorsementBy(options.signer);
    const desk = kept(
      new RegistrationDesk({ uuid, transport, limits: options.assembly, clock, endorsement }),
    );
    const presence = kept(await Inbox.open(transport, statusTopic(uuid), 1, clock));
    const announced = desk.next();
    await desk.open();
    const description = await describedBy(options, announced);
    const profile = checkDescription(description, uuid);
    const requests = kept(await Requests.open({ ...options, description }));
    const { limits } = options;
    const reconnection = new Reconnection({ ...options, desk, timeoutMs: limits.timeoutMs });
    const cuts = new Cuts(isAuthenticated(description), options.signer.sha256);
    const shared = { ...options, description, requests, presence, desk, limits, cuts };
    const parts = profile === 'mup' ? await mupParts(shared, kept) : await mynoParts(shared, kept);
    const sliceBytes = parts.mup?.slices.maxBytes ?? limits.mynoSliceSizeBytes;
    const signer = new Signer({ ...options.signer, profile, random: options.random, cuts, sliceBytes });
    const made = madeImages(parts.imageBytes, options.random, (bytes, version) =>
      signer.manifestOf(bytes, version),
    );
    const images = options.images ?? made;
    const bench = new Bench({ ...shared, ...parts, profile, signer, images, reconnection });
    await checkReady(bench);
    return { bench, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Kept = <T extends { close(): Promise<void> }>(part: T) => T;
type Shared = Pick<BenchOptions, 'description' | 'transport' | 'requests' | 'presence' | 'desk'> &
  Pick<OpenBenchOptions, 'uuid' | 'limits' | 'clock'> & { readonly cuts: Cuts };

/** The messages of the device's profile, and octets of an image of some slices. */
type Parts = Pick<BenchOptions, 'mup' | 'myno' | 'imageBytes'>;

async function mupParts(shared: Shared, kept: Kept): Promise<Parts> {
  const { requests, description } = shared;
  const slices = kept(await MupSlices.open(requests.operation('firmware'), description, shared));
  return {
    mup: { slices, dialect: new MupDialect({ ...shared, slices }) },
    imageBytes: someSlices(slices.maxBytes),
  };
}

async function mynoParts(shared: Shared, kept: Kept): Promise<Parts> {
  const { requests, transport, clock, limits } = shared;
  const topic = requests.operation('firmware').acknowledgementTopic ?? '';
  const acknowledgements = kept(await Inbox.open(transport, topic, 0, clock));
  const sized = { ...limits, sliceSizeBytes: limits.mynoSliceSizeBytes };
  const myno = new MynoDialect({ ...shared, acknowledgements, limits: sized });
  return { myno, imageBytes: someSlices(limits.mynoSliceSizeBytes) };
}

/** Whether the device wants the hash of the first slice in its manifest (ADR 28). */
function isAuthenticated({ operations }: DeviceDescription): boolean {
  const manifest = operations.find(({ role }) => role === 'manifest');
  return leaves(manifest?.inputs ?? []).some(({ role }) => role === 'sliceHash');
}

/** Three whole ones, and a shorter one. */
function someSlices(sliceBytes: number): number {
  return 3 * sliceBytes + 7;
}

async function describedBy(
  { description, readDescription, limits, clock, signal, onWaiting }: OpenBenchOptions,
  announced: Promise<{ readonly bytes: Uint8Array }>,
): Promise<DeviceDescription> {
  if (description !== undefined) return readDescription(description);
  onWaiting();
  const late = deferred<'late'>();
  const giveUp = (): void => late.resolve('late');
  const cancel = clock.schedule(limits.restartDeadlineMs, giveUp);
  signal.addEventListener('abort', giveUp, { once: true });
  const found = await Promise.race([announced, late.promise]).finally(() => {
    cancel();
    signal.removeEventListener('abort', giveUp);
  });
  if (found !== 'late') return readDescription(found.bytes);
  throw new UnavailableError(
    'no-description',
    `the device has not described itself in ${limits.restartDeadlineMs} ms (update.restartDeadlineMs)`,
    {
      hint: 'Restart the device: it describes itself when it connects. Or give its description with --description.',
    },
  );
}

/** Nothing is sent to a topic that is not the device's. */
function checkDescription(description: DeviceDescription, uuid: DeviceUuid): TestedProfile {
  const { profile, operations } = description;
  if (profile !== 'mup' && profile !== 'myno')
    throw new UsageError(
      'profile-unsupported',
      `the device is of profile ${profile}, which takes no updates`,
    );
  for (const { topic, answerTopic, inputTopic, acknowledgementTopic } of operations) {
    checkDeviceTopic(topic, uuid);
    checkDeviceTopic(answerTopic, uuid, 'answer');
    for (const one of [inputTopic, acknowledgementTopic]) if (one !== undefined) checkDeviceTopic(one, uuid);
  }
  return profile;
}

/** A device that takes nobody's manifests would pass every check that it has to refuse something. */
async function checkReady(bench: Bench): Promise<void> {
  try {
    await bench.restore();
    if (bench.options.profile === 'mup') await checkTrust(bench);
    const { accepted, state } = await bench.dialect.offer(bench.manifest(await bench.token()));
    expectThat(accepted, 'that a manifest is accepted which is valid as far as the kit knows', state);
    await bench.restore();
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    throw notReady(
      error.message,
      'Are --vendor-key, --server-key and --app-id those of the device, and does it run?',
    );
  }
}

async function checkTrust(bench: Bench): Promise<void> {
  const { desk } = bench.options;
  // One that is registered elsewhere takes a newer key that comes unasked (ADR 27).
  if (desk.last === undefined) await desk.answer();
  if (await comesToTrust(bench, bench.signer.serverKey)) return;
  throw notReady(
    "it does not trust the kit's update server key",
    'Restart the device, so that it registers with the kit; is --vendor-key its vendor, and --epoch higher than the one it keeps?',
  );
}

function notReady(why: string, hint: string): PeerError {
  return new PeerError('device-not-ready', `the device is not ready to be tried: ${why}`, { hint });
}
