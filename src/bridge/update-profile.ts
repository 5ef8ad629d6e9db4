import type { DeviceDescription, Operation, OperationRole } from '../base/description.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { SliceChainHead } from '../mup/authenticated-slices.ts';
import type { ExtendedManifest } from '../mup/manifest.ts';
import type { DeviceAnswer, DeviceCaller } from './device-caller.ts';
import type { DeviceSettings, DeviceSettingsSource } from './device-settings.ts';
import type { ImageSource } from './image-source.ts';
import { operationFailed, operationNotSupported } from './rpc-errors.ts';
import { operationOf } from './update-fields.ts';

export interface ImageTransfer {
  readonly source: ImageSource;
  /** Offset to go on at; 0 from the start. */
  readonly from: number;
  readonly signal: AbortSignal;
  /** Called with the octets that the device has acknowledged, whenever they grew. */
  readonly onProgress: (acknowledged: number) => void;
}

/** A transfer as the device agreed to it. */
export interface AgreedTransfer extends ImageTransfer {
  /** What the manifest that it accepted says of the slices. */
  readonly slices: SliceChainHead | undefined;
  /** Octets from the beginning of the image that the device may have already. */
  readonly held: number;
  /** Called at the end with the octets that it may have by then, in profiles that go on there. */
  readonly onSent: (held: number) => void;
}

/** A step that asks something of a device, with the operation that the step belongs to. */
export interface UpdateStepRequest {
  readonly description: DeviceDescription;
  readonly operation: Operation;
  readonly signal?: AbortSignal | undefined;
}

/** What came of telling a device to drop its image; `taken`: it had all of it, and installs it (profile `myno`). */
export type DropOutcome = 'answered' | 'unanswered' | 'taken';

/** The messages of an update (mup-protocol §3), where the profiles of devices differ. */
export interface UpdateProfile {
  /**
   * Whether an image that broke off goes on where it was. Else the device has to drop what it has of the image
   * before anything else is asked of it.
   */
  readonly resumes: boolean;
  /** Runs a step of an update of a device after those that may not meet it. */
  inTurn<T>(uuid: DeviceUuid, step: () => Promise<T>): Promise<T>;
  /** Steps 1 and 2: its outputs are those that the operation declares. @throws RpcError */
  requestToken(request: UpdateStepRequest): Promise<DeviceAnswer>;
  /** Steps 3 and 4, with the inputs of the operation in wire order. @throws RpcError unless it is accepted */
  sendManifest(request: UpdateStepRequest, inputs: readonly string[]): Promise<DeviceAnswer>;
  /** What the manifest of an image says of its slices: nothing, unless the device asks for it. */
  cutFor(description: DeviceDescription, image: ImageSource): Promise<Pick<ExtendedManifest, 'slices'>>;
  /** Step 5. Resolves when the device has acknowledged the whole image. */
  sendImage(request: UpdateStepRequest, transfer: AgreedTransfer): Promise<void>;
  /** Step 6. @throws RpcError unless the device holds the image for the signed one */
  verifyImage(request: UpdateStepRequest): Promise<DeviceAnswer>;
  /** Instead of the steps that are left: the device drops what it has of the image. @throws RpcError */
  dropImage(request: UpdateStepRequest): Promise<DeviceAnswer>;
}

/** What the steps of an update ask of devices, under the settings of each. */
export class UpdateRequests {
  readonly #caller: DeviceCaller;
  readonly #settings: Pick<DeviceSettingsSource, 'of'>;

  constructor(deps: { readonly caller: DeviceCaller; readonly settings: Pick<DeviceSettingsSource, 'of'> }) {
    this.#caller = deps.caller;
    this.#settings = deps.settings;
  }

  settings(description: DeviceDescription): DeviceSettings {
    return this.#settings.of(description.uuid, description);
  }

  /** One request of a step, and its answer. @throws RpcError */
  ask(
    { description, operation, signal }: UpdateStepRequest,
    inputs: readonly string[],
    timeoutMs = this.settings(description).requestTimeoutMs,
  ): Promise<DeviceAnswer> {
    const { uuid, profile } = description;
    return this.#caller.call({ uuid, profile, operation, inputs, timeoutMs, signal });
  }
}

/** @throws RpcError `not-updatable` when the device has no such operation */
export function requiredOperation(description: DeviceDescription, role: OperationRole): Operation {
  const operation = operationOf(description, role);
  if (operation !== undefined) return operation;
  throw operationNotSupported(
    'not-updatable',
    `device ${description.uuid} describes no ${role} operation, so its firmware cannot be updated`,
  );
}

/** Where the slices of an image go, and where they are acknowledged. @throws RpcError `not-updatable` */
export function sliceTopics({ inputTopic, acknowledgementTopic, name }: Operation): {
  readonly sliceTopic: string;
  readonly acknowledgementTopic: string;
} {
  if (inputTopic === undefined || acknowledgementTopic === undefined)
    throw operationFailed('not-updatable', `${name} of the device names no topic for slices`);
  return { sliceTopic: inputTopic, acknowledgementTopic };
}
