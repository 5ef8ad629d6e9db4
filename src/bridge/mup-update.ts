import { utf8Length } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { DeviceDescription } from '../base/description.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import { authenticatedHeaderBytes, type SliceChainHead } from '../mup/authenticated-slices.ts';
import { abortImage, finishImage } from '../mup/image-requests.ts';
import type { ExtendedManifest } from '../mup/manifest.ts';
import { ChainedSlices } from '../mup/slice-chain.ts';
import { SliceSender, type SliceToSend } from '../mup/slice-sender.ts';
import { encodeSlice, sliceHeaderBytes } from '../mup/slices.ts';
import type { DeviceAnswer } from './device-caller.ts';
import type { ImageSource } from './image-source.ts';
import { operationFailed } from './rpc-errors.ts';
import { SliceChains } from './slice-chains.ts';
import { type SliceTransferOptions, transferSlices } from './slice-transfer.ts';
import { SliceTurns } from './slice-turns.ts';
import { fieldWithRole, operationOf } from './update-fields.ts';
import {
  type AgreedTransfer,
  requiredOperation,
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
  readonly sha256: (bytes: Uint8Array) => Digest;
}

/** The messages of an update in the profile `mup` (mup-protocol §3). */
export class MupUpdate implements UpdateProfile {
  readonly resumes = true;
  readonly #deps: MupUpdateDependencies;
  readonly #turns = new SliceTurns();
  readonly #chains: SliceChains;

  constructor(deps: MupUpdateDependencies) {
    this.#deps = deps;
    this.#chains = new SliceChains(deps.sha256, deps.clock);
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

  async cutFor(
    description: DeviceDescription,
    image: ImageSource,
  ): Promise<Pick<ExtendedManifest, 'slices'>> {
    if (!takesAuthenticatedSlices(description)) return {};
    const { sliceTopic } = sliceTopics(requiredOperation(description, 'firmware'));
    const size = this.#sliceSize(description, sliceTopic, authenticatedHeaderBytes);
    const { head } = await this.#chains.of(image, size);
    return { slices: head };
  }

  async sendImage({ description, operation }: UpdateStepRequest, transfer: AgreedTransfer): Promise<void> {
    const settings = this.#deps.requests.settings(description);
    const topics = sliceTopics(operation);
    const { source, slices } = transfer;
    const sender = new SliceSender({
      size: source.size,
      sliceSize: slices?.sliceSize ?? this.#sliceSize(description, topics.sliceTopic, sliceHeaderBytes),
      window: settings.window,
      held: transfer.held,
      cutFixed: slices !== undefined,
      limits: settings,
    });
    const payload = await this.#payloads(description, source, slices);
    try {
      await transferSlices({
        ...this.#deps,
        ...transfer,
        ...topics,
        sender,
        payload,
        turns: this.#turns,
        stallTimeoutMs: settings.stallTimeoutMs,
      });
    } finally {
      transfer.onSent(sender.heldOffset);
    }
  }

  verifyImage(request: UpdateStepRequest): Promise<DeviceAnswer> {
    const { requests } = this.#deps;
    return requests.ask(request, [finishImage], requests.settings(request.description).verifyDeadlineMs);
  }

  /** Unlike FIN it never installs an image, whatever has arrived. */
  dropImage(request: UpdateStepRequest): Promise<DeviceAnswer> {
    return this.#deps.requests.ask(request, [abortImage]);
  }

  /** How slices are written: as the device was promised them (ADR 28). */
  async #payloads(
    description: DeviceDescription,
    source: ImageSource,
    slices: SliceChainHead | undefined,
  ): Promise<SliceTransferOptions['payload']> {
    if (slices === undefined && takesAuthenticatedSlices(description))
      throw operationFailed('manifest-not-accepted', 'it is not known which slices the device was promised');
    if (slices === undefined) return (slice) => plainSlice(source, slice);
    const chain = await this.#chains.of(source, slices.sliceSize);
    if (chain.head.hash !== slices.hash)
      throw operationFailed('image-damaged', `image ${source.digest} is not cut as its manifest promised`);
    const chained = new ChainedSlices(chain, source);
    return ({ offset, length }) => chained.payload(offset, length);
  }

  /** @param headerBytes octets in front of those of the image */
  #sliceSize(description: DeviceDescription, topic: string, headerBytes: number): number {
    const { requests, transport } = this.#deps;
    const { sliceSizeBytes } = requests.settings(description);
    const overhead = packetOverhead + headerBytes + utf8Length(topic);
    const rooms = [description.maximumPacketSize, transport.maximumPacketSize].map(
      (size = Number.POSITIVE_INFINITY) => size - overhead,
    );
    return Math.max(1, Math.min(sliceSizeBytes, ...rooms));
  }
}

/** Largest fixed header, topic length field, MQTT 5 property length (mup-protocol §3, Slices). */
const packetOverhead = 5 + 2 + 1;

/** Whether the device wants the hash of the first slice in its manifest. */
function takesAuthenticatedSlices(description: DeviceDescription): boolean {
  const manifest = operationOf(description, 'manifest');
  return manifest !== undefined && fieldWithRole(manifest.inputs, 'sliceHash') !== undefined;
}

function plainSlice(source: ImageSource, { offset, length }: SliceToSend): Uint8Array | Promise<Uint8Array> {
  const read = source.read(offset, length);
  return read instanceof Uint8Array
    ? encodeSlice(offset, read)
    : read.then((bytes) => encodeSlice(offset, bytes));
}
