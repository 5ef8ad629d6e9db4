import { utf8 } from '../base/bytes.ts';
import { MupError, PeerError, UnavailableError } from '../base/errors.ts';
import { type DeviceUuid, type Digest, deviceUuid, isDeviceUuid, isDigest } from '../base/ids.ts';
import type { UserAccess } from '../netconf/access/user-access.ts';
import type { RpcContext, RpcInput, RpcOutput, SessionInfo } from '../netconf/backend.ts';
import { bridgeNamespace } from '../netconf/namespaces.ts';
import { type ErrorTag, RpcError } from '../netconf/rpc-error.ts';
import { DescriptionError, type Finding, place } from '../ontology/description-error.ts';
import type { DeviceRegistry, Registration } from '../registry/device-registry.ts';
import type { ImageRepository, StoredImage } from '../registry/image-repository.ts';
import { element } from '../xml/element.ts';
import { maySee } from './device-path.ts';
import { devicePending, operationFailed, unknownDevice, unknownImage } from './rpc-errors.ts';
import type { ServerKeyRotation } from './server-key-rotation.ts';
import type { UpdateJobs } from './update-jobs.ts';

export interface BridgeRpcsDependencies {
  readonly registry: DeviceRegistry;
  readonly images: ImageRepository;
  readonly jobs: UpdateJobs;
  readonly keyRotation: ServerKeyRotation;
  readonly sha256: (bytes: Uint8Array) => Digest;
  readonly removeDevice: (uuid: DeviceUuid) => Promise<boolean>;
  readonly acceptDevice: (uuid: DeviceUuid) => Promise<boolean>;
  readonly addDevice: (uuid: DeviceUuid, description: string) => Promise<Registration>;
}

/** The RPCs of the hand-written module `mup-bridge`. */
export class BridgeRpcs {
  readonly #deps: BridgeRpcsDependencies;

  constructor(deps: BridgeRpcsDependencies) {
    this.#deps = deps;
  }

  /** @throws RpcError */
  async perform(name: string, input: RpcInput, { session, access }: RpcContext): Promise<RpcOutput> {
    switch (name) {
      case 'update-firmware':
        return this.#updateFirmware(input, this.#device(leaf(input, 'device'), access), session);
      case 'cancel-update':
        return this.#cancelUpdate(leaf(input, 'job'), access);
      case 'remove-device':
        return this.#removeDevice(this.#device(leaf(input, 'device'), access));
      case 'accept-device':
        return this.#acceptDevice(this.#device(leaf(input, 'device'), access));
      case 'add-device':
        return this.#addDevice(input, access);
      case 'prepare-server-key':
        return this.#deps.keyRotation.prepare(input);
      case 'activate-server-key':
        return this.#deps.keyRotation.activate(input);
      case 'retire-server-key':
        return this.#deps.keyRotation.retire(input);
      default:
        throw new RpcError('protocol', 'operation-not-supported', `${name} is not supported`);
    }
  }

  async #updateFirmware(input: RpcInput, device: DeviceUuid, by: SessionInfo): Promise<RpcOutput> {
    if (this.#deps.registry.isPending(device)) throw devicePending(device);
    const image = await this.#image(input);
    const job = await this.#deps.jobs.start(device, image.manifest, {
      user: by.username,
      sourceHost: by.sourceHost,
    });
    return [element(bridgeNamespace, 'job', job)];
  }

  async #image(input: RpcInput): Promise<StoredImage> {
    const { images } = this.#deps;
    const inline = input['image'];
    if (typeof inline === 'string') {
      try {
        const manifest = images.readManifest(utf8(leaf(input, 'manifest')));
        return await images.add(manifest, new Uint8Array(Buffer.from(inline, 'base64')));
      } catch (error) {
        throw error instanceof MupError ? badImage(error) : error;
      }
    }
    const digest = leaf(input, 'digest');
    const image = isDigest(digest) ? await images.get(digest) : undefined;
    if (image === undefined) throw unknownImage(digest, 'digest');
    return image;
  }

  async #cancelUpdate(job: string, access: UserAccess): Promise<RpcOutput> {
    const { jobs } = this.#deps;
    const record = jobs.get(job);
    const known = record !== undefined && maySee(access, record.job.uuid);
    if (known && (await jobs.cancel(job))) return [];
    throw new RpcError('application', 'data-missing', `no update job ${job} is under way`, {
      appTag: 'instance-required',
      path: 'job',
    });
  }

  async #removeDevice(uuid: DeviceUuid): Promise<RpcOutput> {
    this.#deps.jobs.refuseIfClaimed(uuid);
    await this.#deps.removeDevice(uuid);
    return [];
  }

  async #acceptDevice(uuid: DeviceUuid): Promise<RpcOutput> {
    try {
      await this.#deps.acceptDevice(uuid);
      return [];
    } catch (error) {
      if (error instanceof PeerError || error instanceof UnavailableError)
        throw operationFailed('registration-failed', error.message);
      throw error;
    }
  }

  async #addDevice(input: RpcInput, access: UserAccess): Promise<RpcOutput> {
    const { addDevice, registry } = this.#deps;
    const uuid = deviceUuid(leaf(input, 'device'));
    // Whether it is registered is not for this user to know.
    if (!maySee(access, uuid))
      throw new RpcError('protocol', 'access-denied', `you may not see device ${uuid}`, { path: 'device' });
    try {
      const { device, model } = await addDevice(uuid, leaf(input, 'description'));
      const remarks = registry.template(device.description)?.description.remarks ?? [];
      return [
        element(bridgeNamespace, 'module', model.name),
        ...remarks.map((remark) => element(bridgeNamespace, 'remark', remark)),
      ];
    } catch (error) {
      throw error instanceof PeerError || error instanceof UnavailableError ? badDescription(error) : error;
    }
  }

  /** A registered device that the user may see. */
  #device(text: string, access: UserAccess): DeviceUuid {
    const known = isDeviceUuid(text) && this.#deps.registry.get(text) !== undefined;
    if (known && maySee(access, text)) return text;
    throw unknownDevice(text, 'device');
  }
}

function leaf(input: RpcInput, name: string): string {
  const value = input[name];
  return typeof value === 'string' ? value : '';
}

/** Everything that is wrong, with its place: an rpc-error for each finding. */
function badDescription(error: PeerError | UnavailableError): RpcError {
  if (error instanceof UnavailableError) return operationFailed('registration-failed', error.message);
  if (error.code === 'device-exists')
    return new RpcError('application', 'data-exists', error.message, {
      appTag: 'device-exists',
      path: 'device',
    });
  const findings = error instanceof DescriptionError ? error.findings : [];
  const [first = withPlace(error), ...further] = findings.map(findingText);
  return invalidDescription(first, further);
}

function invalidDescription(message: string, further: readonly string[] = []): RpcError {
  return new RpcError('application', 'invalid-value', message, {
    appTag: 'bad-description',
    path: 'description',
    ...(further.length === 0 ? {} : { further: further.map((text) => invalidDescription(text)) }),
  });
}

function withPlace({ message, where }: MupError): string {
  return where === undefined || message.includes(where) ? message : `${message} (${where})`;
}

function findingText(finding: Finding): string {
  const { message, found, expected } = finding;
  return `${place(finding)}: ${message} Found ${found}, expected ${expected}.`;
}

function badImage(error: MupError): RpcError {
  const place = error.where === undefined ? '' : ` (${error.where})`;
  return new RpcError('application', badImageTag(error.code), `${error.message}${place}`, {
    appTag: error.code,
    path: error.code === 'bad-manifest' ? 'manifest' : 'image',
  });
}

function badImageTag(code: string): ErrorTag {
  if (code === 'image-too-big') return 'too-big';
  return code === 'too-many-images' ? 'resource-denied' : 'invalid-value';
}
