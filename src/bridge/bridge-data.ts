import { dateAndTime } from '../base/clock.ts';
import type { DeviceDescription } from '../base/description.ts';
import { isDigest } from '../base/ids.ts';
import { leaves } from '../base/leaves.ts';
import type { UserAccess } from '../netconf/access/user-access.ts';
import type { ReadContext } from '../netconf/backend.ts';
import type { DataFilter } from '../netconf/filter/data-filter.ts';
import { bridgeNamespace } from '../netconf/namespaces.ts';
import { type DescriptionTemplate, instantiate } from '../ontology/description-template.ts';
import type { Device } from '../registry/device.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import type { ImageRepository, StoredImage } from '../registry/image-repository.ts';
import { textOf, type XmlElement } from '../xml/element.ts';
import { container, leaf } from './bridge-elements.ts';
import { maySee } from './device-path.ts';
import { jobEntry, progressLeaves } from './job-data.ts';
import type { JobRecord } from './job-record.ts';
import type { ServerKeyRotation } from './server-key-rotation.ts';
import type { TransferProgress } from './transfer-progress.ts';
import type { UpdateActivity, UpdateClaims } from './update-claims.ts';
import type { UpdateJobs } from './update-jobs.ts';
import type { VirtualDevices } from './virtual-devices.ts';

export interface BridgeDataDependencies {
  readonly registry: DeviceRegistry;
  readonly images: ImageRepository;
  readonly jobs: UpdateJobs;
  readonly claims: UpdateClaims;
  readonly virtual: VirtualDevices;
  readonly keyRotation: ServerKeyRotation;
  /** Counters by the names of the leaves of `statistics`. */
  readonly statistics: () => Readonly<Record<string, number>>;
}

/** The operational state of the module `mup-bridge`: what `get` shows of devices, images and jobs. */
export class BridgeData {
  readonly #deps: BridgeDataDependencies;
  /** What devices of one description have in common, which may be thousands of devices. */
  readonly #common = new WeakMap<DescriptionTemplate, Common>();

  constructor(deps: BridgeDataDependencies) {
    this.#deps = deps;
  }

  /** The top-level nodes that the filter may select, without the devices that the user may not see. */
  async read(filter: DataFilter | undefined, context: ReadContext): Promise<XmlElement[]> {
    const { access } = context;
    const selects = (name: string): boolean => filter?.maySelect(bridgeNamespace, name) ?? true;
    const nodes: XmlElement[] = [];
    if (selects('devices')) nodes.push(await this.#devices(filter, context));
    if (selects('firmware')) nodes.push(await this.#firmware(filter));
    if (selects('update-jobs')) nodes.push(this.#jobs(filter, access));
    if (selects('update-server')) nodes.push(this.#deps.keyRotation.elements());
    if (selects('statistics')) nodes.push(this.#statistics());
    return nodes;
  }

  async #devices(filter: DataFilter | undefined, { access, rest }: ReadContext): Promise<XmlElement> {
    const entries: XmlElement[] = [];
    for (const device of [...this.#deps.registry.select(filter?.keys(['devices', 'device'], 'uuid'))]) {
      if (maySee(access, device.uuid)) entries.push(this.#device(device, access));
      await rest();
    }
    return container('devices', entries);
  }

  #device(device: Device, access: UserAccess): XmlElement {
    const { registry, claims, virtual } = this.#deps;
    const template = registry.template(device.description);
    const common = template === undefined ? undefined : this.#commonOf(template);
    // Nothing of a pending device can be called.
    const served = device.module === undefined ? undefined : common;
    return container('device', [
      leaf('uuid', device.uuid),
      common?.category,
      leaf('module', device.module),
      leaf('module-revision', registry.module(device.module ?? '')?.revisions[0]?.date),
      ...this.#capability(device, served),
      ...virtual
        .membersOf(device.uuid)
        .filter((member) => maySee(access, member))
        .map((member) => leaf('member', member)),
      common?.profile,
      leaf('described-by', device.installed === true ? 'operator' : 'device'),
      leaf('description-digest', device.description),
      ...propertiesOf(device, template),
      ...(common?.remarks ?? []),
      leaf('acceptance', device.module === undefined ? 'pending' : 'accepted'),
      signerOf(device),
      leaf('presence', virtual.isVirtual(device.uuid) ? virtual.presenceOf(device.uuid) : device.presence),
      leaf('last-seen', dateAndTime(device.lastSeen)),
      leaf('registered-at', dateAndTime(device.registeredAt)),
      leaf('firmware-version', device.firmwareVersion),
      ...this.#deps.keyRotation.ofDevice(device),
      ...(served?.updateOperations ?? []),
      this.#update(claims.get(device.uuid)),
    ]);
  }

  /** What a virtual device describes and none of its members has cannot be called either. */
  #capability({ uuid }: Device, served: Common | undefined): readonly XmlElement[] {
    const { virtual } = this.#deps;
    const capability = served?.capability ?? [];
    if (!virtual.isVirtual(uuid)) return capability;
    const had = virtual.capabilityOf(uuid);
    return capability.filter((name) => had.has(textOf(name)));
  }

  #commonOf(template: DescriptionTemplate): Common {
    const known = this.#common.get(template);
    if (known !== undefined) return known;
    const { description } = template;
    const common: Common = {
      category: leaf('category', description.category),
      capability: description.operations.map(({ name }) => container('capability', [name])),
      profile: leaf('profile', description.profile),
      remarks: (description.remarks ?? []).map((remark) => container('remark', [remark])),
      updateOperations: updateOperations(description),
    };
    this.#common.set(template, common);
    return common;
  }

  #update(activity: UpdateActivity | undefined): XmlElement | undefined {
    if (activity === undefined) return undefined;
    const record = activity.job === undefined ? undefined : this.#deps.jobs.get(activity.job);
    return container('update', [
      leaf('job', activity.job),
      leaf('state', record?.job.state ?? clientState(activity)),
      ...progressLeaves(activity.progress),
    ]);
  }

  async #firmware(filter: DataFilter | undefined): Promise<XmlElement> {
    const { images } = this.#deps;
    const keys = filter?.keys(['firmware', 'image'], 'digest');
    const stored =
      keys === undefined
        ? await images.list()
        : await Promise.all([...keys].filter(isDigest).map((digest) => images.get(digest)));
    return container('firmware', stored.filter((image) => image !== undefined).map(imageEntry));
  }

  #jobs(filter: DataFilter | undefined, access: UserAccess): XmlElement {
    const { jobs } = this.#deps;
    const keys = filter?.keys(['update-jobs', 'job'], 'id');
    const selected = keys === undefined ? jobs.all() : [...keys].map((id) => jobs.get(id));
    return container(
      'update-jobs',
      selected
        .filter((record) => record !== undefined)
        .filter(({ job }) => maySee(access, job.uuid))
        .map((record) => jobEntry(record, this.#progressOf(record), jobs.hindrance(record.job.id))),
    );
  }

  /** How its transfer goes, where one is under way. */
  #progressOf({ job }: JobRecord): TransferProgress | undefined {
    const activity = this.#deps.claims.get(job.uuid);
    return job.state === 'transferring' && activity?.job === job.id ? activity.progress : undefined;
  }

  #statistics(): XmlElement {
    return container(
      'statistics',
      Object.entries(this.#deps.statistics()).map(([name, value]) => leaf(name, value)),
    );
  }
}

/** Elements of an entry of `devices` that say the same of each device of one description. */
interface Common {
  readonly category: XmlElement | undefined;
  readonly capability: readonly XmlElement[];
  readonly profile: XmlElement | undefined;
  readonly remarks: readonly XmlElement[];
  readonly updateOperations: readonly XmlElement[];
}

/** Who alone describes the device. */
function signerOf({ signer }: Device): XmlElement | undefined {
  if (signer === undefined) return undefined;
  const { by, key, counter } = signer;
  return container('signer', [leaf('by', by), leaf('key', key), leaf('counter', counter)]);
}

/** Facts about a device; a template has none that are one device's own. */
function propertiesOf({ uuid }: Device, template: DescriptionTemplate | undefined): readonly XmlElement[] {
  if (template?.description.properties === undefined) return [];
  return (instantiate(template, uuid).properties ?? []).map(({ name, value, units, text }) =>
    container('property', [
      leaf('name', name),
      leaf('value', value),
      leaf('units', units),
      leaf('description', text),
    ]),
  );
}

/** Which RPCs and leaves carry the update protocol, so that a client need not know any name. */
function updateOperations(description: DeviceDescription): XmlElement[] {
  return description.operations
    .filter(({ role }) => role !== 'generic')
    .map(({ role, name, inputs, outputs }) =>
      container('update-operation', [
        leaf('role', role),
        leaf('rpc', name),
        ...leaves([...inputs, ...outputs])
          .filter((field) => field.role !== undefined)
          .map((field) => container('field', [leaf('leaf', field.name), leaf('role', field.role)])),
      ]),
    );
}

function imageEntry({ manifest, addedAt }: StoredImage): XmlElement {
  return container('image', [
    leaf('digest', manifest.digest),
    leaf('app-id', manifest.appId),
    leaf('link-offset', manifest.linkOffset),
    leaf('size', manifest.size),
    leaf('new-version', manifest.newVersion),
    leaf('old-version', manifest.oldVersion),
    leaf('suite', manifest.suite),
    leaf('added-at', dateAndTime(addedAt)),
  ]);
}

/** The step of an update that a NETCONF client drives itself. */
function clientState({ progress: { bytesSent, bytesTotal } }: UpdateActivity): string {
  return bytesSent >= bytesTotal ? 'verifying' : 'transferring';
}
