import type { DeviceDescription, Operation } from '../base/description.ts';
import { type DeviceUuid, isDeviceUuid } from '../base/ids.ts';
import type { UserAccess } from '../netconf/access/user-access.ts';
import type {
  Backend,
  ReadContext,
  RpcContext,
  RpcInput,
  RpcOutput,
  ServedModule,
} from '../netconf/backend.ts';
import type { DataFilter } from '../netconf/filter/data-filter.ts';
import { bridgeNamespace } from '../netconf/namespaces.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { element, type XmlElement } from '../xml/element.ts';
import { uuidInputName } from '../yang/identifiers.ts';
import type { ModuleSchema } from '../yang/schema.ts';
import type { BridgeData } from './bridge-data.ts';
import type { BridgeRpcs } from './bridge-rpcs.ts';
import type { DeviceAnswer, DeviceCaller } from './device-caller.ts';
import { maySee } from './device-path.ts';
import type { DeviceSettingsSource } from './device-settings.ts';
import { devicePending, operationNotSupported, unknownDevice } from './rpc-errors.ts';
import { outputElements, wireInputs } from './rpc-values.ts';
import type { ServedModules } from './served-modules.ts';
import type { TelemetryService } from './telemetry.ts';
import { valuesByRole } from './update-fields.ts';
import type { UpdateRpcs } from './update-rpcs.ts';
import type { VirtualCaller } from './virtual-caller.ts';
import type { VirtualDevices } from './virtual-devices.ts';
import { virtualTelemetry } from './virtual-values.ts';

export interface BridgeBackendDependencies {
  readonly registry: DeviceRegistry;
  readonly modules: ServedModules;
  readonly data: BridgeData;
  readonly telemetry: TelemetryService;
  readonly caller: DeviceCaller;
  readonly virtual: VirtualDevices;
  readonly virtualCaller: VirtualCaller;
  readonly settings: DeviceSettingsSource;
  readonly updateRpcs: UpdateRpcs;
  /** Told that a device holds the vendor's next key, in hex. */
  readonly vendorKeyTaken: (uuid: DeviceUuid, newKey: string) => void;
  readonly bridgeRpcs: BridgeRpcs;
}

/** What the NETCONF server serves: modules, data and RPCs of all devices and of the bridge itself. */
export class BridgeBackend implements Backend {
  readonly #deps: BridgeBackendDependencies;

  constructor(deps: BridgeBackendDependencies) {
    this.#deps = deps;
  }

  modules(): readonly ServedModule[] {
    return this.#deps.modules.all();
  }

  onModulesChanged(listener: () => void): () => void {
    return this.#deps.modules.onChanged(listener);
  }

  async get(filter: DataFilter | undefined, context: ReadContext): Promise<readonly XmlElement[]> {
    return [...(await this.#deps.data.read(filter, context)), ...(await this.#telemetry(filter, context))];
  }

  async rpc(module: ModuleSchema, name: string, input: RpcInput, context: RpcContext): Promise<RpcOutput> {
    if (module.namespace === bridgeNamespace) return this.#deps.bridgeRpcs.perform(name, input, context);
    const description = this.#target(module, input, context.access);
    const operation = operationNamed(description, name);
    if (description.members !== undefined)
      return this.#deps.virtualCaller.call({ module, description, operation, input, context });
    const answer = await this.#call(description, operation, input, context);
    return outputElements(module, { profile: description.profile, operation, answer });
  }

  async #call(
    description: DeviceDescription,
    operation: Operation,
    input: RpcInput,
    context: RpcContext,
  ): Promise<DeviceAnswer> {
    // A roll-over of the vendor's key is one request as any other; whether it holds is between vendor and device.
    if (operation.role !== 'generic' && operation.role !== 'vendor-key')
      return this.#deps.updateRpcs.perform(description, operation, input, context);
    const { uuid } = description;
    const { caller, settings, vendorKeyTaken } = this.#deps;
    const inputs = wireInputs(operation.inputs, input);
    const answer = await caller.call({
      uuid,
      profile: description.profile,
      operation,
      inputs,
      timeoutMs: settings.of(uuid, description).requestTimeoutMs,
      signal: context.signal,
    });
    if (operation.role === 'vendor-key')
      vendorKeyTaken(uuid, valuesByRole(operation.inputs, inputs).get('newVendorKey') ?? '');
    return answer;
  }

  #target(module: ModuleSchema, input: RpcInput, access: UserAccess): DeviceDescription {
    const uuid = input[uuidInputName];
    if (typeof uuid !== 'string' || !isDeviceUuid(uuid)) throw unknownDevice(String(uuid));
    const device = this.#deps.registry.get(uuid);
    const description = this.#deps.registry.describe(uuid);
    if (device === undefined || description === undefined || !maySee(access, uuid)) throw unknownDevice(uuid);
    if (device.module === module.name) return description;
    if (device.module === undefined) throw devicePending(uuid);
    throw operationNotSupported(
      'capability-missing',
      `device ${uuid} is of module ${device.module}, not of ${module.name}`,
    );
  }

  /** The `telemetry` container of each generated module that the filter may select. */
  async #telemetry(
    filter: DataFilter | undefined,
    { access, rest }: ReadContext,
  ): Promise<readonly XmlElement[]> {
    const { modules, registry } = this.#deps;
    const selected = modules
      .all()
      .map(({ schema }) => schema)
      .filter(({ namespace }) => filter?.maySelect(namespace, 'telemetry') ?? true);
    if (selected.length === 0) return [];
    const schemas = new Map(selected.map((schema) => [schema.name, schema]));
    const entries = new Map<string, XmlElement[]>();
    for (const { uuid, module = '' } of [...registry.select(filter?.keys(['telemetry', 'device'], 'uuid'))]) {
      await rest();
      const schema = schemas.get(module);
      if (schema === undefined || !maySee(access, uuid)) continue;
      const { namespace } = schema;
      const entry = this.#measured(schema, uuid, access);
      if (entry === undefined) continue;
      const list = entries.get(namespace);
      if (list === undefined) entries.set(namespace, [entry]);
      else list.push(entry);
    }
    return [...entries].map(([namespace, list]) => element(namespace, 'telemetry', list));
  }

  #measured(schema: ModuleSchema, uuid: DeviceUuid, access: UserAccess): XmlElement | undefined {
    const { telemetry, virtual } = this.#deps;
    if (!virtual.isVirtual(uuid)) return telemetry.entry(schema.namespace, uuid);
    const members = virtual.membersOf(uuid).filter((member) => maySee(access, member));
    return virtualTelemetry(schema, uuid, members, telemetry);
  }
}

function operationNamed(description: DeviceDescription, name: string): Operation {
  const operation = description.operations.find((one) => one.name === name);
  if (operation !== undefined) return operation;
  throw operationNotSupported('capability-missing', `device ${description.uuid} does not describe ${name}`);
}
