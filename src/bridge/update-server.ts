import type { Clock } from '../base/clock.ts';
import type { DeviceDescription, Operation, OperationRole } from '../base/description.ts';
import { errorMessage, MupError } from '../base/errors.ts';
import { type DeviceUuid, type Digest, isDigest } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import type { DeviceToken, ExtendedManifest, VendorManifest } from '../mup/manifest.ts';
import type { PrivateKey, SignatureScheme } from '../mup/signature-scheme.ts';
import { extendManifest } from '../mup/signing.ts';
import { SliceSender } from '../mup/slice-sender.ts';
import { parseToken } from '../mup/token.ts';
import { checkUpdate } from '../mup/update-checks.ts';
import { RpcError } from '../netconf/rpc-error.ts';
import type { DeviceAnswer, DeviceCaller } from './device-caller.ts';
import type { DeviceSettings, DeviceSettingsSource } from './device-settings.ts';
import type { ImageSource } from './image-source.ts';
import { operationFailed, operationNotSupported } from './rpc-errors.ts';
import { transferSlices } from './slice-transfer.ts';
import { manifestInputs, operationOf, valuesByRole } from './update-fields.ts';

export interface UpdateServerDependencies {
  readonly caller: DeviceCaller;
  readonly transport: MqttTransport;
  readonly scheme: SignatureScheme;
  readonly serverKey: PrivateKey;
  readonly settings: Pick<DeviceSettingsSource, 'of'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The image that a device agreed to take: what the manifest it accepted says. */
export interface AcceptedImage {
  readonly digest: Digest;
  readonly size: number;
}

export interface ImageTransfer {
  readonly source: ImageSource;
  /** Offset to go on at; 0 from the start. */
  readonly from: number;
  readonly signal: AbortSignal;
  /** Called with the octets that the device has acknowledged, whenever they grew. */
  readonly onProgress: (acknowledged: number) => void;
}

/**
 * The update server of the paper (Figure 2): the steps of one update, each usable by itself, because a
 * NETCONF client may drive them one by one and a job drives all of them. Which operation does what, and
 * which field means what, is read from the device's description.
 */
export class UpdateServer {
  readonly #deps: UpdateServerDependencies;
  readonly #tokens = new Map<string, DeviceToken>();
  readonly #accepted = new Map<string, AcceptedImage>();

  constructor(deps: UpdateServerDependencies) {
    this.#deps = deps;
  }

  /** What the device accepted last and has not taken yet. */
  accepted(uuid: DeviceUuid): AcceptedImage | undefined {
    return this.#accepted.get(uuid);
  }

  /** Forgets what goes on with a device that was removed or described itself anew. */
  forget(uuid: DeviceUuid): void {
    this.#tokens.delete(uuid);
    this.#accepted.delete(uuid);
  }

  /** Steps 1 and 2: asks for a token and keeps it. */
  async requestToken(
    description: DeviceDescription,
    signal?: AbortSignal,
  ): Promise<{ readonly answer: DeviceAnswer; readonly token: DeviceToken }> {
    const operation = requiredOperation(description, 'token');
    await this.#release(description);
    const answer = tokenParts(description, await this.#call(description, operation, [], signal));
    const token = tokenOf(description, operation, answer);
    this.#tokens.set(description.uuid, token);
    this.#accepted.delete(description.uuid);
    return { answer, token };
  }

  /**
   * Step 3, first half: signs a vendor manifest for a device with a token, its latest unless another is
   * given. The token is used up.
   * Refuses what the device would refuse (mup-protocol §3), before anything is sent.
   */
  extend(
    description: DeviceDescription,
    manifest: VendorManifest,
    token = this.#tokens.get(description.uuid),
  ): ExtendedManifest {
    if (token === undefined)
      throw operationFailed(
        'no-token',
        'the device has no token outstanding: call the token operation first',
      );
    try {
      checkUpdate(manifest, token);
    } catch (error) {
      throw error instanceof MupError ? operationFailed(error.code, error.message) : error;
    }
    this.#tokens.delete(description.uuid);
    const { scheme, serverKey } = this.#deps;
    return extendManifest(manifest, token, serverKey, scheme, description.profile);
  }

  /** Steps 3 and 4, with a manifest that is complete. */
  sendManifest(
    description: DeviceDescription,
    manifest: ExtendedManifest,
    signal?: AbortSignal,
  ): Promise<DeviceAnswer> {
    const operation = requiredOperation(description, 'manifest');
    if (description.profile === 'myno')
      throw operationNotSupported(
        'not-updatable',
        `device ${description.uuid} takes its manifest field by field (profile myno), which the bridge does not`,
      );
    return this.sendManifestInputs(description, manifestInputs(operation, manifest), signal);
  }

  /**
   * Steps 3 and 4, with the inputs as a client gave them. A device that refuses a manifest keeps the one that
   * it accepted before, and so does this.
   */
  async sendManifestInputs(
    description: DeviceDescription,
    inputs: readonly string[],
    signal?: AbortSignal,
  ): Promise<DeviceAnswer> {
    const operation = requiredOperation(description, 'manifest');
    const values = valuesByRole(operation.inputs, inputs);
    this.#tokens.delete(description.uuid);
    const answer = await this.#call(
      description,
      operation,
      inputs,
      signal,
      this.#settings(description).manifestDeadlineMs,
    );
    const digest = values.get('imageDigest');
    const size = Number(values.get('imageSize'));
    if (digest !== undefined && isDigest(digest)) this.#accepted.set(description.uuid, { digest, size });
    return answer;
  }

  /** Step 5: the image in slices. Resolves when the device has acknowledged all of it. */
  async sendImage(
    description: DeviceDescription,
    { source, from, signal, onProgress }: ImageTransfer,
  ): Promise<void> {
    const { transport, clock, logger } = this.#deps;
    const settings = this.#settings(description);
    const { inputTopic, acknowledgementTopic, name } = requiredOperation(description, 'firmware');
    if (inputTopic === undefined || acknowledgementTopic === undefined)
      throw operationFailed('not-updatable', `${name} of the device names no topic for slices`);
    const sender = new SliceSender({
      size: source.size,
      sliceSize: sliceSize(settings, inputTopic, [
        description.maximumPacketSize,
        transport.maximumPacketSize,
      ]),
      window: settings.window,
      limits: settings,
    });
    await transferSlices({
      transport,
      clock,
      logger,
      sender,
      source,
      from,
      sliceTopic: inputTopic,
      acknowledgementTopic,
      signal,
      stallTimeoutMs: settings.stallTimeoutMs,
      onProgress,
    });
  }

  /** Step 6: asks the device to verify what it has. */
  async verifyImage(description: DeviceDescription, signal?: AbortSignal): Promise<DeviceAnswer> {
    const operation = requiredOperation(description, 'firmware');
    const { verifyDeadlineMs } = this.#settings(description);
    try {
      const answer = await this.#call(description, operation, ['FIN'], signal, verifyDeadlineMs);
      this.#accepted.delete(description.uuid);
      return answer;
    } catch (error) {
      // A device that did not answer may hold the image still; one that refused it does not.
      if (error instanceof RpcError && error.fields.appTag === 'device-error')
        this.#accepted.delete(description.uuid);
      throw error;
    }
  }

  /** A device whose manifest was accepted and whose image never came would refuse the next: 26, slot in use. */
  async #release(description: DeviceDescription): Promise<void> {
    if (!this.#accepted.has(description.uuid)) return;
    try {
      await this.verifyImage(description);
    } catch (error) {
      this.#deps.logger.debug('a device was told to drop its image', { reason: errorMessage(error) });
    }
  }

  #settings(description: DeviceDescription): DeviceSettings {
    return this.#deps.settings.of(description.uuid, description);
  }

  #call(
    description: DeviceDescription,
    operation: Operation,
    inputs: readonly string[],
    signal?: AbortSignal,
    timeoutMs = this.#settings(description).requestTimeoutMs,
  ): Promise<DeviceAnswer> {
    const { uuid, profile } = description;
    return this.#deps.caller.call({
      uuid,
      profile,
      operation,
      inputs,
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
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
  const rooms = packetSizes.map((size = Number.POSITIVE_INFINITY) => size - packetOverhead - topic.length);
  return Math.max(1, Math.min(sliceSizeBytes, ...rooms));
}

function requiredOperation(description: DeviceDescription, role: OperationRole): Operation {
  const operation = operationOf(description, role);
  if (operation !== undefined) return operation;
  throw operationNotSupported(
    'not-updatable',
    `device ${description.uuid} describes no ${role} operation, so its firmware cannot be updated`,
  );
}

/** The prototype's device puts nonce and version into one value: `<nonce>,<version>` (mup-protocol §3). */
function tokenParts({ profile }: DeviceDescription, answer: DeviceAnswer): DeviceAnswer {
  if (profile !== 'myno') return answer;
  return { ...answer, outputs: answer.outputs.flatMap((value) => value.split(',')) };
}

function tokenOf(description: DeviceDescription, operation: Operation, answer: DeviceAnswer): DeviceToken {
  const values = valuesByRole(operation.outputs, answer.outputs);
  const texts = {
    uuid: values.get('deviceUuid') ?? description.uuid,
    nonce: values.get('nonce') ?? '',
    version: values.get('firmwareVersion') ?? '',
  };
  try {
    const token = parseToken(texts, description.profile);
    if (token.uuid === description.uuid) return token;
  } catch (error) {
    throw operationFailed('device-answer-invalid', errorMessage(error));
  }
  throw operationFailed('device-answer-invalid', 'the device answered a token of another device');
}
