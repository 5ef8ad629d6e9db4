import type { DeviceDescription } from '../base/description.ts';
import { assertNever, errorMessage, PeerError, UnavailableError } from '../base/errors.ts';
import type { DeviceUuid, JobId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { deviceStateOf } from '../mup/states.ts';
import type { UpdateEffect, UpdateEvent, UpdateJob } from '../mup/update-job-types.ts';
import { RpcError } from '../netconf/rpc-error.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import type { ImageRepository, StoredImage } from '../registry/image-repository.ts';
import { storedImage } from './image-source.ts';
import { deviceStateIn, operationFailed, unknownDevice, unknownImage } from './rpc-errors.ts';
import type { UpdateServer } from './update-server.ts';

/** What a job asks of its device. */
export type JobRequest = Extract<UpdateEffect, { readonly attempt: number }>;

export interface JobRequestsDependencies {
  readonly registry: DeviceRegistry;
  readonly images: ImageRepository;
  readonly server: UpdateServer;
  /** Called when the device of a job that has ended takes the image all the same. */
  readonly onTaken: (job: JobId) => void;
  readonly logger: Logger;
}

/** How a transfer is stopped, and who hears of its progress. */
export interface TransferControl {
  readonly signal: AbortSignal;
  /** Called with the octets that the device has acknowledged, whenever they grew. */
  readonly onProgress: (acknowledged: number) => void;
}

/** App-tags of failures after which the same request may well succeed. */
const transient: ReadonlySet<string | undefined> = new Set([
  'device-timeout',
  'broker-offline',
  'device-offline',
  'too-many-requests',
  'store-failed',
  'version-not-signed',
]);

/** Carries out what jobs ask of their devices, and says as an event what came of it. */
export class JobRequests {
  readonly #deps: JobRequestsDependencies;
  /** Devices that were not there to be told to drop what they hold. A new update tells them at its begin. */
  readonly #owed = new Map<DeviceUuid, JobId>();

  constructor(deps: JobRequestsDependencies) {
    this.#deps = deps;
  }

  /** Asks the device. Never rejects. */
  async perform(job: UpdateJob, request: JobRequest, transfer: TransferControl): Promise<UpdateEvent> {
    try {
      return await this.#answer(job, request, transfer);
    } catch (error) {
      return this.#failure(job, request, error);
    }
  }

  /** Has the device drop what it holds of the update of a job, now or when it is back. */
  async cancel({ uuid, id }: Pick<UpdateJob, 'uuid' | 'id'>): Promise<void> {
    const { server, registry, onTaken, logger } = this.#deps;
    const description = registry.describe(uuid);
    this.#owed.delete(uuid);
    if (description === undefined) return;
    try {
      const outcome = await server.dropImage(description);
      if (outcome === 'unanswered') this.#owed.set(uuid, id);
      if (outcome === 'taken') onTaken(id);
    } catch (error) {
      logger.debug('a device was not told to drop its image', { uuid, reason: errorMessage(error) });
    }
  }

  /** A device without a job is back: it is told what it missed. */
  returned(uuid: DeviceUuid): void {
    const id = this.#owed.get(uuid);
    if (id !== undefined) void this.cancel({ uuid, id });
  }

  async #answer(job: UpdateJob, request: JobRequest, transfer: TransferControl): Promise<UpdateEvent> {
    const { server, images } = this.#deps;
    const { attempt } = request;
    const description = this.#description(job);
    switch (request.type) {
      case 'request-token': {
        server.keyFor(description, (await this.#image(job)).manifest);
        const { token } = await server.requestToken(description);
        this.#checkSigned(job, token.version);
        return { type: 'token-received', attempt, token };
      }
      case 'send-manifest': {
        const { manifest } = await this.#image(job);
        const source = storedImage(images, job.digest, job.size);
        const extended = await server.extend(description, manifest, source, request.token);
        await server.sendManifest(description, extended);
        return { type: 'manifest-accepted', attempt };
      }
      case 'start-transfer': {
        const source = storedImage(images, job.digest, job.size);
        await server.sendImage(description, { ...transfer, source, from: request.offset });
        return { type: 'transfer-finished', attempt };
      }
      case 'request-verification': {
        const { state } = await server.verifyImage(description);
        // No failure to a client, but nothing was verified.
        const nothing = deviceStateOf(state) === '11_NOOP';
        return nothing ? { type: 'refused', attempt, state: '11_NOOP' } : { type: 'verified', attempt };
      }
      default:
        return assertNever(request);
    }
  }

  /** Anybody who reads the request can answer it: a device with a key of its own signs its version elsewhere. */
  #checkSigned({ uuid }: UpdateJob, version: number): void {
    const device = this.#deps.registry.get(uuid);
    if (device?.signer?.by !== 'device' || device.firmwareVersion === version) return;
    throw operationFailed(
      'version-not-signed',
      `the device’s token names version ${version}, and its signed presence another`,
    );
  }

  /** What a failed request means to the job. */
  #failure({ id }: UpdateJob, { type, attempt }: JobRequest, error: unknown): UpdateEvent {
    const { fields, tag, message: text } = foreseen(error);
    const code = fields.appTag ?? tag;
    if (code === 'internal')
      this.#deps.logger.error('an update failed inside the bridge', {
        job: id,
        reason: errorMessage(error),
      });
    if (type === 'start-transfer') return { type: 'transfer-failed', attempt, code, text };
    const state = deviceStateIn(error);
    if (state !== undefined) return { type: 'refused', attempt, state };
    return { type: 'request-failed', attempt, code, text, transient: transient.has(code) };
  }

  #description({ uuid }: UpdateJob): DeviceDescription {
    const description = this.#deps.registry.describe(uuid);
    if (description === undefined) throw unknownDevice(uuid);
    return description;
  }

  async #image({ digest }: UpdateJob): Promise<StoredImage> {
    const image = await this.#deps.images.get(digest);
    if (image === undefined) throw unknownImage(digest, 'digest');
    return image;
  }
}

/** The error as a client may see it. */
function foreseen(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return error instanceof PeerError || error instanceof UnavailableError
    ? operationFailed(error.code, error.message)
    : operationFailed('internal', 'the update failed inside the bridge; its log says why');
}
