import type { Clock } from '../base/clock.ts';
import type { DeviceDescription, Operation } from '../base/description.ts';
import { errorMessage } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { RpcContext, RpcInput, RpcOutput } from '../netconf/backend.ts';
import { RpcError } from '../netconf/rpc-error.ts';
import { checkInput } from '../netconf/rpc-input.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { element, type XmlElement } from '../xml/element.ts';
import { failureName, memberStates, retvalName, uuidInputName } from '../yang/identifiers.ts';
import type { ModuleSchema, SchemaNode } from '../yang/schema.ts';
import type { DeviceCaller } from './device-caller.ts';
import { maySee } from './device-path.ts';
import type { DeviceSettingsSource } from './device-settings.ts';
import { operationFailed, operationNotSupported, unknownDevice } from './rpc-errors.ts';
import { outputElements, wireInputs } from './rpc-values.ts';
import { isShared, type VirtualDevices } from './virtual-devices.ts';
import { failureElement, type MemberOutcome, membersFailed } from './virtual-outcomes.ts';
import { inputElement, memberEntry, memberNodes, retyped } from './virtual-values.ts';

export interface VirtualCallerDependencies {
  readonly registry: DeviceRegistry;
  readonly virtual: VirtualDevices;
  readonly caller: DeviceCaller;
  readonly settings: DeviceSettingsSource;
  readonly schemaOf: (uuid: DeviceUuid) => ModuleSchema | undefined;
  /** Requests that may be in flight to all devices: calls of virtual devices leave half of them to others. */
  readonly maxInFlight: number;
  /** Members that one call goes to. */
  readonly maxMembers: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An RPC of a virtual device. */
export interface VirtualCall {
  readonly module: ModuleSchema;
  readonly description: DeviceDescription;
  readonly operation: Operation;
  readonly input: RpcInput;
  readonly context: RpcContext;
}

/**
 * Calls of virtual devices go to each member that has the operation, checked by the member's own module, and
 * end within the request timeout of the virtual device: what a member has not answered by then has failed.
 */
export class VirtualCaller {
  readonly #deps: VirtualCallerDependencies;
  /** Members that are being asked, by all calls. */
  #asked = 0;

  constructor(deps: VirtualCallerDependencies) {
    this.#deps = deps;
  }

  /**
   * @returns `retval` for all of them, and an entry for each member
   * @throws RpcError app-tags `capability-missing` when no member has the operation, `too-many-members`,
   *   `too-many-requests`, and `members-failed` when all failed
   */
  async call(call: VirtualCall): Promise<RpcOutput> {
    const { module, description } = call;
    const members = this.#members(call);
    const outcomes = await this.#ask(members, call);
    const failures = outcomes.filter(({ result }) => result instanceof RpcError);
    if (failures.length === outcomes.length) throw membersFailed(description.uuid, failures);
    this.#deps.registry.seen(description.uuid);
    const { namespace } = module;
    const state = failures.length === 0 ? memberStates.all : memberStates.some;
    return [
      element(namespace, retvalName, state),
      ...outcomes.map(({ uuid, result }) =>
        memberEntry(
          namespace,
          uuid,
          result instanceof RpcError ? [failureElement(namespace, result)] : result,
        ),
      ),
    ];
  }

  /** Members that have the operation, or are not there to say so; what the user may not see is not there. */
  #members({ description: { uuid }, operation, context: { access } }: VirtualCall): readonly DeviceUuid[] {
    const { virtual, maxMembers } = this.#deps;
    const able = virtual.membersOf(uuid).filter((one) => this.#has(one, operation.name));
    const members = [...able, ...virtual.missingOf(uuid)].filter((one) => maySee(access, one)).sort();
    if (members.length === 0)
      throw operationNotSupported(
        'capability-missing',
        `no device that ${uuid} consists of has the operation ${operation.name}`,
      );
    if (members.length > maxMembers)
      throw denied(
        'too-many-members',
        `${uuid} consists of ${members.length} devices, and a call goes to ${maxMembers} at most`,
      );
    if (this.#asked > 0 && this.#asked + members.length > this.#deps.maxInFlight / 2)
      throw denied('too-many-requests', `calls of virtual devices already wait for ${this.#asked} devices`);
    return members;
  }

  #has(member: DeviceUuid, name: string): boolean {
    const operations = this.#deps.registry.kind(member)?.operations ?? [];
    return operations.some((operation) => operation.name === name && isShared(operation));
  }

  /** The outcomes, in the order of the members. */
  async #ask(members: readonly DeviceUuid[], call: VirtualCall): Promise<readonly MemberOutcome[]> {
    const { clock, settings } = this.#deps;
    const { description, context } = call;
    const { requestTimeoutMs } = settings.of(description.uuid, description);
    // One for each member: Node warns of a leak where many listen to one.
    const ends = members.map(() => new AbortController());
    const endAll = (): void => {
      for (const end of ends) end.abort();
    };
    const cancel = clock.schedule(requestTimeoutMs, endAll);
    context.signal.addEventListener('abort', endAll);
    if (context.signal.aborted) endAll();
    this.#asked += members.length;
    try {
      return await Promise.all(
        members.map((uuid, i) => this.#outcome(uuid, call, ends[i]?.signal ?? context.signal)),
      );
    } finally {
      this.#asked -= members.length;
      context.signal.removeEventListener('abort', endAll);
      cancel();
    }
  }

  async #outcome(uuid: DeviceUuid, call: VirtualCall, signal: AbortSignal): Promise<MemberOutcome> {
    try {
      return { uuid, result: await this.#callMember(uuid, call, signal) };
    } catch (error) {
      if (signal.aborted && !call.context.signal.aborted)
        return { uuid, result: operationFailed('device-timeout', `device ${uuid} did not answer in time`) };
      if (error instanceof RpcError) return { uuid, result: error };
      // A fault of ours with one member is no reason to hide what the others did.
      this.#deps.logger.error('a member was not called', { uuid, reason: errorMessage(error) });
      return { uuid, result: new RpcError('application', 'operation-failed', 'the bridge failed') };
    }
  }

  async #callMember(
    uuid: DeviceUuid,
    { module, operation: { name }, input, context }: VirtualCall,
    signal: AbortSignal,
  ): Promise<readonly XmlElement[]> {
    const { registry, caller, settings, schemaOf } = this.#deps;
    const description = registry.describe(uuid);
    const schema = schemaOf(uuid);
    const rpc = schema?.rpcs.get(name);
    if (description === undefined || schema === undefined) throw unknownDevice(uuid);
    const operation = description.operations.find((one) => one.name === name && isShared(one));
    if (operation === undefined || rpc === undefined || description.members !== undefined)
      throw operationNotSupported('capability-missing', `device ${uuid} does not describe ${name}`);
    if (!context.access.mayCall(schema.namespace, name))
      throw new RpcError('application', 'access-denied', `you may not call ${name} of ${schema.name}`);
    const own = inputElement(schema.namespace, name, { ...input, [uuidInputName]: uuid });
    const { profile } = description;
    const answer = await caller.call({
      uuid,
      profile,
      operation,
      inputs: wireInputs(operation.inputs, checkInput(own, rpc, schema)),
      timeoutMs: settings.of(uuid, description).requestTimeoutMs,
      signal,
    });
    const outputs = outputElements(schema, { profile, operation, answer });
    return retyped(
      outputs,
      memberNodes(module.rpcs.get(name)?.output ?? []).filter(isAnswer),
      module.namespace,
    );
  }
}

function denied(appTag: string, message: string): RpcError {
  return new RpcError('application', 'resource-denied', message, { appTag });
}

/** What a member's answer may bring of its entry. */
function isAnswer({ name }: SchemaNode): boolean {
  return name !== 'uuid' && name !== failureName;
}
