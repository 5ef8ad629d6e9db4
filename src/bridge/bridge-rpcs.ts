import { utf8 } from '../base/bytes.ts';
import { MupError } from '../base/errors.ts';
import { type DeviceUuid, type Digest, isDeviceUuid, isDigest } from '../base/ids.ts';
import { parseVendorManifest } from '../mup/manifest-json.ts';
import type { RpcContext, RpcInput, RpcOutput } from '../netconf/backend.ts';
import { bridgeNamespace } from '../netconf/namespaces.ts';
import { type ErrorTag, RpcError } from '../netconf/rpc-error.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import type { ImageRepository, StoredImage } from '../registry/image-repository.ts';
import { element } from '../xml/element.ts';
import { unknownDevice, unknownImage } from './rpc-errors.ts';
import type { UpdateJobs } from './update-jobs.ts';

export interface BridgeRpcsDependencies {
  readonly registry: DeviceRegistry;
  readonly images: ImageRepository;
  readonly jobs: UpdateJobs;
  readonly sha256: (bytes: Uint8Array) => Digest;
  readonly removeDevice: (uuid: DeviceUuid) => Promise<boolean>;
}

/** The RPCs of the hand-written module `mup-bridge`. */
export class BridgeRpcs {
  readonly #deps: BridgeRpcsDependencies;

  constructor(deps: BridgeRpcsDependencies) {
    this.#deps = deps;
  }

  /** @throws RpcError */
  async perform(name: string, input: RpcInput, { session }: RpcContext): Promise<RpcOutput> {
    switch (name) {
      case 'update-firmware':
        return this.#updateFirmware(input, session.username);
      case 'cancel-update':
        return this.#cancelUpdate(leaf(input, 'job'));
      case 'remove-device':
        return this.#removeDevice(leaf(input, 'device'));
      default:
        throw new RpcError('protocol', 'operation-not-supported', `${name} is not supported`);
    }
  }

  async #updateFirmware(input: RpcInput, user: string): Promise<RpcOutput> {
    const device = this.#device(leaf(input, 'device'));
    const image = await this.#image(input);
    const job = await this.#deps.jobs.start(device, image.manifest, user);
    return [element(bridgeNamespace, 'job', job)];
  }

  async #image(input: RpcInput): Promise<StoredImage> {
    const { images } = this.#deps;
    const inline = input['image'];
    if (typeof inline === 'string') {
      try {
        const manifest = parseVendorManifest(utf8(leaf(input, 'manifest')));
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

  async #cancelUpdate(job: string): Promise<RpcOutput> {
    if (await this.#deps.jobs.cancel(job)) return [];
    throw new RpcError('application', 'data-missing', `no update job ${job} is under way`, {
      appTag: 'instance-required',
      path: 'job',
    });
  }

  async #removeDevice(text: string): Promise<RpcOutput> {
    const uuid = this.#device(text);
    this.#deps.jobs.refuseIfClaimed(uuid);
    await this.#deps.removeDevice(uuid);
    return [];
  }

  #device(text: string): DeviceUuid {
    if (isDeviceUuid(text) && this.#deps.registry.get(text) !== undefined) return text;
    throw unknownDevice(text, 'device');
  }
}

function leaf(input: RpcInput, name: string): string {
  const value = input[name];
  return typeof value === 'string' ? value : '';
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
