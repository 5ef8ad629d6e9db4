import type { Clock } from '../base/clock.ts';
import type { DeviceDescription } from '../base/description.ts';
import { errorMessage } from '../base/errors.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { DeviceLines } from '../mqtt/device-lines.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import type { DeviceToken, ExtendedManifest, VendorManifest } from '../mup/manifest.ts';
import type { PrivateKey } from '../mup/signature-scheme.ts';
import type { DocumentStore } from '../registry/document-store.ts';
import { type AcceptedImage, AcceptedImages, imageAgreedTo } from './accepted-images.ts';
import type { DeviceAnswer, DeviceCaller } from './device-caller.ts';
import type { DeviceSettingsSource } from './device-settings.ts';
import type { ImageSource } from './image-source.ts';
import { ManifestSigner, type ManifestSignerDependencies } from './manifest-signer.ts';
import { MupUpdate } from './mup-update.ts';
import { MynoUpdate } from './myno-update.ts';
import { deviceStateIn, isDeviceError, operationFailed } from './rpc-errors.ts';
import { manifestInputs } from './update-fields.ts';
import {
  type DropOutcome,
  type ImageTransfer,
  requiredOperation,
  type UpdateProfile,
  UpdateRequests,
  type UpdateStepRequest,
} from './update-profile.ts';
import { tokenOf } from './update-token.ts';

export interface UpdateServerDependencies extends ManifestSignerDependencies {
  readonly caller: DeviceCaller;
  readonly transport: MqttTransport;
  /** Shared with whatever else is sent to devices that take one message at a time. */
  readonly lines: DeviceLines;
  readonly settings: Pick<DeviceSettingsSource, 'of'>;
  /** Where it survives a restart what devices have accepted. */
  readonly store: DocumentStore;
  /** Tells a registered device of the update server's keys. */
  readonly announceKeys: (uuid: DeviceUuid) => Promise<void>;
  readonly clock: Clock;
  readonly sha256: (bytes: Uint8Array) => Digest;
}

/**
 * The update server of the paper (Figure 2): the steps of one update, each usable by itself, because a
 * NETCONF client may drive them one by one and a job drives all of them. Which operation does what, and
 * which field means what, is read from the device's description.
 */
export class UpdateServer {
  readonly #deps: UpdateServerDependencies;
  readonly #mup: UpdateProfile;
  readonly #myno: UpdateProfile;
  readonly #tokens = new Map<string, DeviceToken>();
  readonly #accepted: AcceptedImages;
  readonly #signer: ManifestSigner;
  /**
   * Octets that a device may have of the image it accepted: those that it was sent, and no more. Not known while they are
   * sent, and of what it accepted before this start of the bridge.
   */
  readonly #held = new Map<DeviceUuid, number>();

  constructor(deps: UpdateServerDependencies) {
    this.#deps = deps;
    this.#accepted = new AcceptedImages(deps);
    this.#signer = new ManifestSigner(deps);
    const requests = new UpdateRequests(deps);
    this.#mup = new MupUpdate({ ...deps, requests });
    this.#myno = new MynoUpdate({ ...deps, requests });
  }

  /** Takes up what devices had accepted when the bridge ended. */
  restore(): Promise<void> {
    return this.#accepted.restore();
  }

  /** The image that the device accepted last, has not taken yet, and can be sent. */
  accepted(description: DeviceDescription): AcceptedImage | undefined {
    const { uuid } = description;
    const sendable = this.#profile(description).resumes || this.#held.get(uuid) === 0;
    return sendable ? this.#accepted.get(uuid) : undefined;
  }

  /** Forgets what goes on with a device that was removed or described itself anew. */
  forget(uuid: DeviceUuid): void {
    this.#tokens.delete(uuid);
    this.#accepted.delete(uuid);
    this.#held.delete(uuid);
  }

  /** Steps 1 and 2: asks for a token and keeps it. */
  requestToken(
    description: DeviceDescription,
    signal?: AbortSignal,
  ): Promise<{ readonly answer: DeviceAnswer; readonly token: DeviceToken }> {
    const operation = requiredOperation(description, 'token');
    const { uuid } = description;
    const profile = this.#profile(description);
    return profile.inTurn(uuid, async () => {
      await this.#release(description);
      this.#announceKeys(description);
      const answer = await profile.requestToken({ description, operation, signal });
      const token = tokenOf(description, operation, answer);
      this.#tokens.set(uuid, token);
      this.#accepted.delete(uuid);
      return { answer, token };
    });
  }

  /**
   * Step 3, first half: signs a vendor manifest for a device with a token, its latest unless another is
   * given. The token is used up.
   * Refuses what the device would refuse (mup-protocol §3), before anything is sent.
   * @param image what the manifest is of
   */
  async extend(
    description: DeviceDescription,
    manifest: VendorManifest,
    image: ImageSource,
    token = this.#tokens.get(description.uuid),
  ): Promise<ExtendedManifest> {
    if (token === undefined)
      throw operationFailed(
        'no-token',
        'the device has no token outstanding: call the token operation first',
      );
    const serverKey = this.keyFor(description, manifest);
    const cut = await this.#profile(description).cutFor(description, image);
    const extended = this.#signer.sign(description, { ...manifest, ...cut }, token, serverKey);
    this.#tokens.delete(description.uuid);
    return extended;
  }

  /** The key that signs a manifest for a device. @throws RpcError with the codes of `mup/keyOfSuite` */
  keyFor(description: DeviceDescription, manifest: Pick<VendorManifest, 'suite'>): PrivateKey {
    return this.#signer.keyFor(description, manifest);
  }

  /**
   * Steps 3 and 4, with a manifest that is complete. Where a device refuses the outer signature it may keep another key
   * of the update server than it was thought to: it is asked for a token more and sent the same, signed with each
   * of the other keys (ADR 27).
   */
  async sendManifest(
    description: DeviceDescription,
    manifest: ExtendedManifest,
    signal?: AbortSignal,
  ): Promise<DeviceAnswer> {
    const operation = requiredOperation(description, 'manifest');
    const keys = this.#signer.othersFor(description, manifest);
    for (let sent = manifest; ; ) {
      try {
        const answer = await this.sendManifestInputs(description, manifestInputs(operation, sent), signal);
        await this.#signer.accepted(description, sent);
        return answer;
      } catch (error) {
        const next = deviceStateIn(error) === '23_OUTER-SIGN-INVALID' ? keys.shift() : undefined;
        if (next === undefined) throw error;
        const { token } = await this.requestToken(description, signal);
        sent = this.#signer.sign(description, manifest, token, next);
      }
    }
  }

  /**
   * Steps 3 and 4, with the inputs as a client gave them. A device that refuses a manifest keeps the one that
   * it accepted before, and so does this.
   */
  sendManifestInputs(
    description: DeviceDescription,
    inputs: readonly string[],
    signal?: AbortSignal,
  ): Promise<DeviceAnswer> {
    const operation = requiredOperation(description, 'manifest');
    const { uuid } = description;
    const profile = this.#profile(description);
    this.#tokens.delete(uuid);
    return profile.inTurn(uuid, async () => {
      if (!profile.resumes) await this.#release(description);
      const answer = await profile.sendManifest({ description, operation, signal }, inputs);
      const image = imageAgreedTo(operation, inputs);
      this.#held.set(uuid, 0);
      if (image !== undefined) await this.#accepted.keep(uuid, image);
      return answer;
    });
  }

  /** Step 5: the image in slices. Resolves when the device has acknowledged all of it. */
  async sendImage(description: DeviceDescription, transfer: ImageTransfer): Promise<void> {
    const operation = requiredOperation(description, 'firmware');
    const { uuid } = description;
    const { signal } = transfer;
    const profile = this.#profile(description);
    await profile.inTurn(uuid, () => {
      const slices = this.#accepted.get(uuid)?.slices;
      const held = this.#held.get(uuid) ?? transfer.source.size;
      this.#held.delete(uuid);
      const onSent = (octets: number): void => {
        if (this.#accepted.has(uuid)) this.#held.set(uuid, octets);
      };
      return profile.sendImage({ description, operation, signal }, { ...transfer, slices, held, onSent });
    });
  }

  /** A transfer has failed, and nobody takes it up again by himself: an image that cannot go on is dropped. */
  async abandonImage(description: DeviceDescription): Promise<void> {
    if (!this.#profile(description).resumes) await this.dropImage(description);
  }

  /** Step 6: asks the device to verify what it has. */
  verifyImage(description: DeviceDescription, signal?: AbortSignal): Promise<DeviceAnswer> {
    const operation = requiredOperation(description, 'firmware');
    return this.#profile(description).inTurn(description.uuid, () =>
      this.#verify({ description, operation, signal }),
    );
  }

  /** Has the device drop the manifest and the image that it has. */
  dropImage(description: DeviceDescription): Promise<DropOutcome> {
    return this.#profile(description).inTurn(description.uuid, () => this.#drop(description));
  }

  async #verify(request: UpdateStepRequest): Promise<DeviceAnswer> {
    const { description } = request;
    try {
      const answer = await this.#profile(description).verifyImage(request);
      this.#accepted.delete(description.uuid);
      return answer;
    } catch (error) {
      // A device that did not answer may hold the image still; one that refused it does not.
      if (isDeviceError(error)) this.#accepted.delete(description.uuid);
      throw error;
    }
  }

  /**
   * A device whose manifest was accepted and whose image never came would refuse the next: 26, slot in use. One of the
   * prototype takes the next, and has the octets of the first in its digest.
   * @throws RpcError `device-timeout` when such a device did not say that it has dropped it
   */
  async #release(description: DeviceDescription): Promise<void> {
    const { uuid } = description;
    if (!this.#accepted.has(uuid)) return;
    await this.#drop(description);
    if (!this.#profile(description).resumes && this.#accepted.has(uuid))
      throw operationFailed('device-timeout', `device ${uuid} was told to drop an image and did not answer`);
  }

  async #drop(description: DeviceDescription): Promise<DropOutcome> {
    const { uuid } = description;
    const { logger } = this.#deps;
    const before = this.#accepted.get(uuid);
    const profile = this.#profile(description);
    let outcome: DropOutcome = profile.resumes ? 'answered' : 'taken';
    let dropped = true;
    try {
      await profile.dropImage({ description, operation: requiredOperation(description, 'firmware') });
      if (outcome === 'taken')
        logger.warn('a device that was to drop an image had all of it, and takes it', { uuid });
    } catch (error) {
      outcome = isDeviceError(error) ? 'answered' : 'unanswered';
      // A prototype's device has dropped it when it says that it was not valid.
      dropped = outcome === 'answered' && !profile.resumes;
      logger.debug('a device was told to drop its image', { uuid, reason: errorMessage(error) });
    }
    // It may have accepted another one meanwhile.
    if (dropped && this.#accepted.get(uuid) === before) this.#accepted.delete(uuid);
    return outcome;
  }

  /**
   * The bridge may have ended between keeping the device and answering it, and a device without our key refuses every
   * manifest. It has heard this before the request that follows.
   */
  #announceKeys(description: DeviceDescription): void {
    if (description.profile === 'myno' || this.#signer.isTrustedBy(description)) return;
    void this.#deps.announceKeys(description.uuid);
  }

  #profile({ profile }: DeviceDescription): UpdateProfile {
    return profile === 'myno' ? this.#myno : this.#mup;
  }
}
