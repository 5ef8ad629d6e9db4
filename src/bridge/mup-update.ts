import { utf8Length } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import { abortImage, finishImage } from '../mup/image-requests.ts';
import { SliceSender } from '../mup/slice-sender.ts';
import type { DeviceAnswer } from './device-caller.ts';
import type { DeviceSettings } from './device-settings.ts';
import { transferSlices } from './slice-transfer.ts';
import { SliceTurns } from './slice-turns.ts';
import {
  type ImageTransfer,
  sliceTopics,
  type UpdateProfile,
  type UpdateRequests,
  type UpdateStepRequest,
} from './update-profile.ts';

export interface MupUpdateDependencies {
  readonly requests: UpdateRequests;
  readonly transport: MqttTransport;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The messages of an update in the profile `mup` (mup-protocol §3). */
export class MupUpdate implements UpdateProfile {
  readonly resumes = true;
  readonly #deps: MupUpdateDependencies;
  readonly #turns = new SliceTurns();

  constructor(deps: MupUpdateDependencies) {
    this.#deps = deps;
  }

  /** The device tells what belongs to what: by nonce, offset and digest. */
  inTurn<T>(_: DeviceUuid, step: () => Promise<T>): Promise<T> {
    return step();
  }

  requestToken(request: UpdateStepRequest): Promise<DeviceAnswer> {
    return this.#deps.requests.ask(request, []);
  }

  sendManifest(request: UpdateStepRequest, inputs: readonly string[]): Promise<DeviceAnswer> {
    const { requests } = this.#deps;
    return requests.ask(request, inputs, requests.settings(request.description).manifestDeadlineMs);
  }

  async sendImage({ description, operation }: UpdateStepRequest, transfer: ImageTransfer): Promise<void> {
    const { transport, requests } = this.#deps;
    const settings = requests.settings(description);
    const topics = sliceTopics(operation);
    const sender = new SliceSender({
      size: transfer.source.size,
      sliceSize: sliceSize(settings, topics.sliceTopic, [
        description.maximumPacketSize,
        transport.maximumPacketSize,
      ]),
      window: settings.window,
      limits: settings,
    });
    await transferSlices({
      ...this.#deps,
      ...transfer,
      ...topics,
      sender,
      turns: this.#turns,
      stallTimeoutMs: settings.stallTimeoutMs,
    });
  }

  verifyImage(request: UpdateStepRequest): Promise<DeviceAnswer> {
    const { requests } = this.#deps;
    return requests.ask(request, [finishImage], requests.settings(request.description).verifyDeadlineMs);
  }

  /** Unlike FIN it never installs an image, whatever has arrived. */
  dropImage(request: UpdateStepRequest): Promise<DeviceAnswer> {
    return this.#deps.requests.ask(request, [abortImage]);
  }
}

/** Largest fixed header, topic length field, MQTT 5 property length, slice offset (mup-protocol §3, Slices). */
const packetOverhead = 5 + 2 + 1 + 4;

/** @param packetSizes octets of the largest packets that pass to the broker, and from it to the device */
function sliceSize(
  { sliceSizeBytes }: DeviceSettings,
  topic: string,
  packetSizes: readonly (number | undefined)[],
): number {
  const rooms = packetSizes.map(
    (size = Number.POSITIVE_INFINITY) => size - packetOverhead - utf8Length(topic),
  );
  return Math.max(1, Math.min(sliceSizeBytes, ...rooms));
}
