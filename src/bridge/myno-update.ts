import type { Clock } from '../base/clock.ts';
import type { Operation } from '../base/description.ts';
import { errorCode, errorMessage, PeerError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { Logger } from '../base/logger.ts';
import { printable } from '../base/printable.ts';
import { deafens } from '../mqtt/deaf-lengths.ts';
import type { DeviceLines } from '../mqtt/device-lines.ts';
import { publishPacketSize } from '../mqtt/publish-packet.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import type { ExtendedManifest } from '../mup/manifest.ts';
import {
  mynoImageVerified,
  mynoManifestAccepted,
  mynoManifestParts,
  parseMynoManifest,
} from '../mup/myno-manifest.ts';
import { mynoSliceSize } from '../mup/myno-slices.ts';
import { type DeviceAnswer, deviceRefusal, findState } from './device-caller.ts';
import { transferMynoSlices } from './myno-transfer.ts';
import { answerInvalid, operationFailed } from './rpc-errors.ts';
import { valuesByRole } from './update-fields.ts';
import {
  type ImageTransfer,
  sliceTopics,
  type UpdateProfile,
  type UpdateRequests,
  type UpdateStepRequest,
} from './update-profile.ts';

export interface MynoUpdateDependencies {
  readonly requests: UpdateRequests;
  readonly transport: MqttTransport;
  readonly lines: DeviceLines;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The messages of an update in the profile `myno` (mup-protocol §3, “The prototype's device”): a manifest
 * field by field, numbered slices one after the other, and nothing that could go on where it broke off.
 */
export class MynoUpdate implements UpdateProfile {
  readonly resumes = false;
  readonly #deps: MynoUpdateDependencies;
  readonly #steps = new KeyedQueue<DeviceUuid>();
  readonly #warned = new Set<DeviceUuid>();

  constructor(deps: MynoUpdateDependencies) {
    this.#deps = deps;
  }

  /** A step is several messages, and the device could not tell them from those of another one. */
  inTurn<T>(uuid: DeviceUuid, step: () => Promise<T>): Promise<T> {
    return this.#steps.run(uuid, step);
  }

  /** Nonce and version come as one value: `<nonce>,<version>`. */
  async requestToken(request: UpdateStepRequest): Promise<DeviceAnswer> {
    this.#warn(request.description.uuid);
    const answer = await this.#deps.requests.ask(request, []);
    return { ...answer, outputs: answer.outputs.flatMap((value) => value.split(',')) };
  }

  /** The device says `OK` to each part, also to the last one when it refuses the manifest. */
  async sendManifest(request: UpdateStepRequest, inputs: readonly string[]): Promise<DeviceAnswer> {
    const { requests } = this.#deps;
    const { description, operation } = request;
    const parts = mynoManifestParts(manifestOf(request, inputs));
    for (const part of parts.slice(0, -1)) await requests.ask(request, [part]);
    const { manifestDeadlineMs } = requests.settings(description);
    const { state } = await requests.ask(
      { ...request, operation: withState(operation, mynoManifestAccepted) },
      parts.slice(-1),
      manifestDeadlineMs,
    );
    if (state === mynoManifestAccepted) return done(operation);
    throw deviceRefusal(
      '20_MANIFEST-NOT-VALID',
      `the device answered ${shown(state)} to the manifest and not ${mynoManifestAccepted}: a signature does not hold (is it one of "mup sign --profile myno"?), or another field`,
    );
  }

  /** The prototype knows of none. */
  async cutFor(): Promise<Pick<ExtendedManifest, 'slices'>> {
    return {};
  }

  async sendImage(
    { description, operation }: UpdateStepRequest,
    { source, signal, onProgress }: ImageTransfer,
  ): Promise<void> {
    const { transport, requests } = this.#deps;
    const settings = requests.settings(description);
    const topics = sliceTopics(operation);
    const most = Math.min(transport.maximumPacketSize, description.maximumPacketSize ?? Infinity);
    const passes = (bytes: number): boolean =>
      bytes !== deadlyPayloadBytes &&
      !deafens(topics.sliceTopic, bytes) &&
      publishPacketSize(topics.sliceTopic, bytes, { qos: 0 }, 5) <= most;
    const sliceSize = mynoSliceSize(source.size, settings.sliceSizeBytes, passes);
    if (sliceSize === undefined)
      throw operationFailed('not-updatable', `no slice fits into a packet of the device (${most} octets)`);
    await transferMynoSlices({
      ...this.#deps,
      ...topics,
      uuid: description.uuid,
      source,
      sliceSize,
      signal,
      repeatAfterMs: settings.maxTimeoutMs,
      stallTimeoutMs: settings.stallTimeoutMs,
      onProgress,
    });
  }

  async verifyImage(request: UpdateStepRequest): Promise<DeviceAnswer> {
    const { requests } = this.#deps;
    const { description, operation } = request;
    const { state } = await requests.ask(
      { ...request, operation: withState(operation, mynoImageVerified) },
      ['FIN'],
      requests.settings(description).verifyDeadlineMs,
    );
    if (state === mynoImageVerified) return done(operation);
    throw answerInvalid(
      `the device answered ${shown(state)} to the end of the image, not ${mynoImageVerified}`,
    );
  }

  /** The device knows nothing better: a FIN ahead of its time clears what it has (and installs what is complete). */
  dropImage(request: UpdateStepRequest): Promise<DeviceAnswer> {
    return this.verifyImage(request);
  }

  /** What the messages cannot give, no bridge can (ADR 22). */
  #warn(uuid: DeviceUuid): void {
    if (this.#warned.has(uuid)) return;
    this.#warned.add(uuid);
    this.#deps.logger.warn('updates of a device are not protected against replay and rollback', {
      uuid,
      reason: 'devices of the prototype hand out one nonce and one version for ever',
    });
  }
}

/** Number, comma and slice of so many octets are more than the device copes with, whatever its topic. */
const deadlyPayloadBytes = 1023;

function manifestOf(
  { description, operation }: UpdateStepRequest,
  inputs: readonly string[],
): ExtendedManifest {
  try {
    return parseMynoManifest(valuesByRole(operation.inputs, inputs), description.uuid);
  } catch (error) {
    if (error instanceof PeerError) throw operationFailed(errorCode(error) ?? '', errorMessage(error));
    throw error;
  }
}

/** An operation that may be answered with one more state than its description lists. */
function withState(operation: Operation, name: string): Operation {
  return operation.states.length === 0
    ? operation
    : { ...operation, states: [...operation.states, { name }] };
}

/** Where no states are described an answer is any text of any length. */
function shown(state: string): string {
  return printable(state.slice(0, 80));
}

/** Success, as the operation's description says it. */
function done(operation: Operation): DeviceAnswer {
  return { state: findState(operation, 'OK', 'myno')?.name ?? 'OK', outputs: [] };
}
