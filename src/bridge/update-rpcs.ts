import type { DeviceDescription, Operation } from '../base/description.ts';
import { type Digest, isDigest } from '../base/ids.ts';
import { type Leaf, leaves } from '../base/leaves.ts';
import type { RpcContext, RpcInput } from '../netconf/backend.ts';
import { badElement } from '../netconf/protocol-errors.ts';
import { RpcError } from '../netconf/rpc-error.ts';
import type { ImageRepository, StoredImage } from '../registry/image-repository.ts';
import { type DeviceAnswer, deviceFailure } from './device-caller.ts';
import { type ImageSource, inlineImage, storedImage } from './image-source.ts';
import { operationFailed, unknownImage } from './rpc-errors.ts';
import { wireInputs } from './rpc-values.ts';
import type { UpdateClaims } from './update-claims.ts';
import { fieldWithRole, valuesByRole } from './update-fields.ts';
import type { ImageTransfer } from './update-profile.ts';
import type { UpdateServer } from './update-server.ts';

export interface UpdateRpcsDependencies {
  readonly server: UpdateServer;
  readonly claims: UpdateClaims;
  readonly images: ImageRepository;
  readonly sha256: (bytes: Uint8Array) => Digest;
}

/** The RPCs of the update operations, which do more than one request: a NETCONF client as update server. */
export class UpdateRpcs {
  readonly #deps: UpdateRpcsDependencies;

  constructor(deps: UpdateRpcsDependencies) {
    this.#deps = deps;
  }

  /** Performs the RPC of an operation whose role is not `generic`. @throws RpcError */
  async perform(
    description: DeviceDescription,
    operation: Operation,
    input: RpcInput,
    { signal }: RpcContext,
  ): Promise<DeviceAnswer> {
    const { server, claims } = this.#deps;
    claims.refuseIfClaimed(description.uuid);
    switch (operation.role) {
      case 'token':
        return (await server.requestToken(description, signal)).answer;
      case 'manifest':
        return this.#sendManifest(description, operation, input, signal);
      default:
        return this.#sendFirmware(description, operation, input, signal);
    }
  }

  /** A complete manifest is passed on as it is; an image's digest alone is signed by the bridge. */
  async #sendManifest(
    description: DeviceDescription,
    operation: Operation,
    input: RpcInput,
    signal: AbortSignal,
  ): Promise<DeviceAnswer> {
    const { server } = this.#deps;
    const inputs = wireInputs(operation.inputs, input);
    const values = valuesByRole(operation.inputs, inputs);
    const digest = values.get('imageDigest');
    if (values.size === 1 && digest !== undefined) {
      const { manifest } = await this.#storedImage(operation, digest);
      const image = storedImage(this.#deps.images, manifest.digest, manifest.size);
      return server.sendManifest(description, await server.extend(description, manifest, image), signal);
    }
    const missing = leaves(operation.inputs).find(({ role }) => role !== undefined && !values.has(role));
    if (missing !== undefined) throw missingInput(operation, missing);
    return server.sendManifestInputs(description, inputs, signal);
  }

  async #sendFirmware(
    description: DeviceDescription,
    operation: Operation,
    input: RpcInput,
    signal: AbortSignal,
  ): Promise<DeviceAnswer> {
    const { server, claims } = this.#deps;
    const uuid = description.uuid;
    const source = await this.#source(description, operation, input);
    const {
      activity: { progress },
      release,
    } = claims.claim(uuid);
    try {
      progress.begin(0, source.size);
      await this.#transfer(description, {
        source,
        from: 0,
        signal,
        onProgress: (acknowledged) => progress.took(acknowledged),
      });
      return await server.verifyImage(description, signal);
    } catch (error) {
      throw deviceFailure(uuid, error);
    } finally {
      release();
    }
  }

  async #transfer(description: DeviceDescription, transfer: ImageTransfer): Promise<void> {
    const { server } = this.#deps;
    try {
      await server.sendImage(description, transfer);
    } catch (error) {
      void server.abandonImage(description);
      throw error;
    }
  }

  /** The image that an RPC names or carries; it has to be the one whose manifest the device accepted. */
  async #source(description: DeviceDescription, operation: Operation, input: RpcInput): Promise<ImageSource> {
    const { uuid } = description;
    const accepted = this.#deps.server.accepted(description);
    if (accepted === undefined)
      throw operationFailed(
        'manifest-not-accepted',
        `device ${uuid} has accepted no manifest: send it the manifest of the image first`,
      );
    const source = await this.#given(operation, input, accepted.digest);
    if (source.digest === accepted.digest && source.size === accepted.size) return source;
    throw operationFailed(
      'image-mismatch',
      `the image (${source.digest}, ${source.size} octets) is not the one whose manifest the device accepted (${accepted.digest}, ${accepted.size} octets)`,
    );
  }

  async #given(operation: Operation, input: RpcInput, accepted: Digest): Promise<ImageSource> {
    const values = valuesByRole(operation.inputs, wireInputs(operation.inputs, input));
    const inline = values.get('image');
    if (inline !== undefined) {
      const content = new Uint8Array(Buffer.from(inline, encodingOf(operation)));
      return inlineImage(this.#deps.sha256(content), content);
    }
    const { manifest } = await this.#storedImage(operation, values.get('imageDigest') ?? accepted);
    return storedImage(this.#deps.images, manifest.digest, manifest.size);
  }

  async #storedImage(operation: Operation, digest: string): Promise<StoredImage> {
    const lower = digest.toLowerCase();
    const image = isDigest(lower) ? await this.#deps.images.get(lower) : undefined;
    if (image !== undefined) return image;
    throw unknownImage(digest, fieldWithRole(operation.inputs, 'imageDigest')?.name ?? 'digest');
  }
}

/** How the image is written: its type says so, which the value was checked against. */
function encodingOf({ inputs }: Operation): 'hex' | 'base64' {
  const type = fieldWithRole(inputs, 'image')?.type;
  return type?.kind === 'scalar' && type.datatype === 'hexBinary' ? 'hex' : 'base64';
}

function missingInput(operation: Operation, { name }: Leaf): RpcError {
  return new RpcError(
    'protocol',
    'missing-element',
    `${operation.name} takes a complete manifest or the digest of an image alone; ${name} is missing`,
    { path: name, info: [badElement(name)] },
  );
}
