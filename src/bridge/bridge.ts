import type { Clock } from '../base/clock.ts';
import type { Config } from '../base/config.ts';
import type { DeviceDescription } from '../base/description.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { RandomBytes } from '../base/random.ts';
import { DescriptionAssembler } from '../mqtt/description-pieces.ts';
import { DeviceLines } from '../mqtt/device-lines.ts';
import { RpcClient } from '../mqtt/rpc-client.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import type { SignatureScheme } from '../mup/signature-scheme.ts';
import type { RequestAudit } from '../netconf/audit.ts';
import type { Backend, ServedModule } from '../netconf/backend.ts';
import type { ConfigView } from '../netconf/datastore/config-view.ts';
import type { EventSink } from '../netconf/events/event.ts';
import type { DescriptionLibrary } from '../ontology/description-library.ts';
import type { DescriptionReader } from '../ontology/description-reader.ts';
import type { DeviceRegistry, Registration } from '../registry/device-registry.ts';
import type { DocumentStore } from '../registry/document-store.ts';
import type { ImageRepository } from '../registry/image-repository.ts';
import type { ModuleSchema } from '../yang/schema.ts';
import { describedByDevice } from './audit-descriptions.ts';
import { AuditedRequests } from './audit-requests.ts';
import type { AuditSink } from './audit-trail.ts';
import { BridgeBackend } from './bridge-backend.ts';
import { BridgeData } from './bridge-data.ts';
import { BridgeEvents } from './bridge-events.ts';
import { BridgeRpcs } from './bridge-rpcs.ts';
import { DescriptionTrust } from './description-trust.ts';
import { DeviceCaller } from './device-caller.ts';
import { DeviceSettingsSource } from './device-settings.ts';
import { InstalledDescriptions } from './installed-descriptions.ts';
import { MupBootstrap } from './mup-bootstrap.ts';
import { MynoBootstrap } from './myno-bootstrap.ts';
import { PresenceService } from './presence.ts';
import type { ForeignDescription } from './refusal-log.ts';
import { RegistrationService } from './registration.ts';
import { type Imports, ServedModules } from './served-modules.ts';
import { ServerKeyRotation } from './server-key-rotation.ts';
import type { ServerKeys } from './server-keys.ts';
import { TelemetryService } from './telemetry.ts';
import { TopicOwners } from './topic-owners.ts';
import { UpdateClaims } from './update-claims.ts';
import { UpdateJobs } from './update-jobs.ts';
import { UpdateRpcs } from './update-rpcs.ts';
import { UpdateServer } from './update-server.ts';
import { VirtualCaller } from './virtual-caller.ts';
import { VirtualDevices } from './virtual-devices.ts';

export interface BridgeDependencies {
  readonly config: Config;
  readonly transport: MqttTransport;
  readonly registry: DeviceRegistry;
  readonly store: DocumentStore;
  readonly images: ImageRepository;
  readonly reader: DescriptionReader;
  readonly library: DescriptionLibrary;
  readonly scheme: SignatureScheme;
  /** The update server's. */
  readonly serverKeys: ServerKeys;
  /** `mup-bridge` and the standard modules. */
  readonly fixedModules: readonly ServedModule[];
  readonly imports: Imports;
  /** The bridge's configuration. */
  readonly running: ConfigView;
  /** Where notifications go. */
  readonly events: EventSink;
  /** Gets the end of every update job. */
  readonly audit?: AuditSink;
  readonly sha256: (bytes: Uint8Array) => Digest;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
}

/** What of a device's description is followed while nobody asks for the rest. */
const followedParts = ['uuid', 'members', 'dataPoints'] as const;
type FollowedParts = Pick<DeviceDescription, (typeof followedParts)[number]>;

/** The bridge itself: all services between the broker and the NETCONF server, wired together. */
export class Bridge {
  readonly backend: Backend;
  readonly #deps: BridgeDependencies;
  readonly #events: BridgeEvents;
  readonly #settings: DeviceSettingsSource;
  readonly #modules: ServedModules;
  readonly #rpc: RpcClient;
  readonly #lines: DeviceLines;
  readonly #registration: RegistrationService;
  readonly #topics: TopicOwners;
  readonly #installed: InstalledDescriptions;
  readonly #mupBootstrap: MupBootstrap;
  readonly #mynoBootstrap: MynoBootstrap;
  readonly #presence: PresenceService;
  readonly #telemetry: TelemetryService;
  readonly #virtual: VirtualDevices;
  readonly #updateServer: UpdateServer;
  readonly #keyRotation: ServerKeyRotation;
  readonly #jobs: UpdateJobs;
  #stopWatching: () => void = () => {};

  constructor(deps: BridgeDependencies) {
    const { config, transport, registry, images, clock, random, logger } = deps;
    this.#deps = deps;
    this.#events = new BridgeEvents(deps.events);
    this.#settings = new DeviceSettingsSource(config, deps.running);
    const settings = this.#settings;
    this.#modules = new ServedModules(deps.fixedModules, deps.imports);
    this.#rpc = new RpcClient({ transport, clock, random, logger, limits: config.rpc });
    this.#lines = new DeviceLines({ clock, limits: config.rpc });
    const lines = this.#lines;
    const caller = new DeviceCaller(this.#rpc, registry, lines);
    const claims = new UpdateClaims(clock);
    this.#updateServer = new UpdateServer({
      ...deps,
      ...{ caller, lines, settings },
      announceKeys: (uuid) => this.#mupBootstrap.announce(uuid),
    });
    this.#jobs = new UpdateJobs({
      ...deps,
      claims,
      events: this.#events,
      server: this.#updateServer,
      config: config.update,
      limitsOf: (uuid) => settings.of(uuid, registry.kind(uuid)),
    });
    const schemaOf = (uuid: DeviceUuid): ModuleSchema | undefined =>
      this.#modules.get(registry.get(uuid)?.module ?? '')?.schema;
    this.#virtual = new VirtualDevices(deps);
    const virtual = this.#virtual;
    this.#telemetry = new TelemetryService({
      ...deps,
      schemaOf,
      onMeasured: (uuid) => registry.seen(uuid),
    });
    this.#presence = new PresenceService({
      ...deps,
      onPresence: (uuid, report) => this.#jobs.heard(uuid, report),
    });
    this.#topics = new TopicOwners(registry);
    this.#registration = new RegistrationService({
      ...deps,
      topics: this.#topics,
      trust: new DescriptionTrust({
        ...deps,
        vendorKeys: config.registration.vendorKeys,
        acceptanceOf: (uuid, description) => settings.of(uuid, description).acceptance,
      }),
      onForeign: (foreign) => this.#foreign(foreign),
      onPending: (uuid, { category }) => this.#events.pending(uuid, category),
      onRegistered: (registration, description) => this.#registered(registration, description),
      drop: (uuid) => this.#remove(uuid),
      maxPendingDevices: config.registration.maxPendingDevices,
    });
    const registration = this.#registration;
    this.#installed = new InstalledDescriptions({ ...deps, registration });
    this.#mupBootstrap = new MupBootstrap({
      ...deps,
      registration,
      assembler: new DescriptionAssembler(config.registration),
    });
    this.#mynoBootstrap = new MynoBootstrap({
      ...deps,
      lines,
      registration,
      limits: config.registration,
      removeDevice: (uuid) => {
        claims.refuseIfClaimed(uuid);
        return this.#remove(uuid);
      },
    });
    this.#keyRotation = new ServerKeyRotation({
      ...deps,
      announce: (uuid, keys) => this.#mupBootstrap.announce(uuid, keys),
    });
    const data = new BridgeData({
      registry,
      keyRotation: this.#keyRotation,
      images,
      claims,
      virtual,
      jobs: this.#jobs,
      statistics: () => this.#statistics(),
    });
    this.backend = new BridgeBackend({
      registry,
      modules: this.#modules,
      data,
      telemetry: this.#telemetry,
      caller,
      virtual,
      virtualCaller: new VirtualCaller({
        ...deps,
        ...{ virtual, caller, settings, schemaOf },
        maxInFlight: config.rpc.maxInFlight,
        maxMembers: config.rpc.maxMembers,
      }),
      settings,
      updateRpcs: new UpdateRpcs({ ...deps, server: this.#updateServer, claims }),
      vendorKeyTaken: (uuid, newKey) => void this.#keyRotation.vendorKeyTaken(uuid, newKey),
      bridgeRpcs: new BridgeRpcs({
        ...deps,
        keyRotation: this.#keyRotation,
        jobs: this.#jobs,
        removeDevice: (uuid) => this.#remove(uuid),
        acceptDevice: (uuid) => this.#accept(uuid),
        addDevice: (uuid, text) => this.#installed.add(uuid, text),
      }),
    });
  }

  /** Serves the devices that the registry remembers and starts to listen for others. */
  async start(): Promise<void> {
    const { registry } = this.#deps;
    for (const model of registry.modules()) this.#modules.update(model);
    for (const { uuid } of registry.all()) {
      const parts = registry.describeParts(uuid, followedParts);
      if (parts !== undefined && !registry.isPending(uuid)) this.#follow(parts, false);
      if (registry.kind(uuid)?.profile === 'myno') this.#lines.rest(uuid);
    }
    this.#stopWatching = registry.onPresence((device) => {
      this.#events.presence(device);
      this.#virtual.presence(device);
    });
    await this.#updateServer.restore();
    await this.#jobs.restore();
    void this.#installed.restore();
    await Promise.all([
      this.#rpc.start(),
      this.#presence.start(),
      this.#mupBootstrap.start(),
      this.#mynoBootstrap.start(),
    ]);
  }

  /** What of the requests of NETCONF clients goes to an audit log. */
  auditedRequests(audit: AuditSink): RequestAudit {
    return new AuditedRequests({ audit, registry: this.#deps.registry, jobs: this.#jobs });
  }

  async close(): Promise<void> {
    this.#stopWatching();
    this.#virtual.close();
    this.#settings.close();
    this.#registration.close();
    this.#keyRotation.close();
    await this.#mupBootstrap.close();
    await this.#mynoBootstrap.close();
    await this.#presence.close();
    this.#telemetry.close();
    await this.#jobs.close();
    await this.#rpc.close();
    await this.#deps.reader.close();
  }

  async #registered(registration: Registration, description: DeviceDescription): Promise<void> {
    const { device, outcome } = registration;
    const { uuid } = device;
    const changed = outcome === 'changed';
    if (registration.dropped !== undefined) this.#modules.remove(registration.dropped);
    // Another device may have extended the module meanwhile.
    this.#modules.update(this.#deps.registry.module(registration.model.name) ?? registration.model);
    // It may have been removed while it was written.
    if (this.#deps.registry.get(uuid) === undefined) return;
    if (changed) this.#updateServer.forget(uuid);
    this.#follow(description, changed);
    if (changed) void this.#deps.audit?.record(describedByDevice(uuid, 'ok'));
    if (outcome !== 'confirmed') this.#events.registered(device, outcome, description.category);
    await this.#presence.registered(uuid);
    this.#jobs.described(uuid);
  }

  /** Somebody may have tried to take a device over. */
  #foreign({ uuid, code, text, alarm }: ForeignDescription): void {
    if (alarm) this.#events.descriptionRefused(uuid, code, text);
    void this.#deps.audit?.record(describedByDevice(uuid, 'refused', code));
  }

  /** What a virtual device measures, its members do. */
  #follow(description: FollowedParts, changed: boolean): void {
    this.#virtual.registered(description);
    if (description.members === undefined) this.#telemetry.registered(description, changed);
    else this.#telemetry.removed(description.uuid);
  }

  /** A device that a user accepts does not wait any more: it is told at once. */
  async #accept(uuid: DeviceUuid): Promise<boolean> {
    const accepted = await this.#registration.accept(uuid);
    if (accepted) this.#mupBootstrap.answer(uuid, { kind: 'registered' });
    if (accepted && this.#deps.registry.kind(uuid)?.profile === 'myno') this.#mynoBootstrap.accepted(uuid);
    return accepted;
  }

  async #remove(uuid: DeviceUuid): Promise<boolean> {
    const { registry } = this.#deps;
    const installed = registry.get(uuid)?.installed === true;
    const removed = await registry.remove(uuid);
    if (installed) this.#topics.installedChanged();
    this.#telemetry.removed(uuid);
    this.#virtual.removed(uuid);
    this.#updateServer.forget(uuid);
    if (removed) this.#events.removed(uuid);
    return removed;
  }

  #statistics(): Record<string, number> {
    const { sent, answered, timedOut, late, unknown, foreign } = this.#rpc.statistics;
    const { accepted, refused } = this.#registration.statistics;
    return {
      requests: sent,
      answers: answered,
      timeouts: timedOut,
      'dropped-answers': late + unknown + foreign,
      'registrations-accepted': accepted,
      'registrations-refused': refused,
    };
  }
}
