/**
 * Every setting and every limit of mup-bridge, with its default. Durations are milliseconds and end in
 * `Ms`, sizes are octets and end in `Bytes`. `src/cli` reads it from file, environment and flags; each
 * folder is handed the part it needs.
 */

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface LogConfig {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
  /** Which wires are traced, at level `trace`, to the log. */
  readonly wireTrace: readonly ('netconf' | 'mqtt')[];
  /** Characters of one value in a line; the rest is cut off. */
  readonly maxValueLength: number;
  /** Lines that say the same, whatever their fields are, in a minute; more are counted. */
  readonly maxRepeatsPerMinute: number;
}

export interface NetconfConfig {
  readonly host: string;
  /** RFC 6242 §3: 830 unless configured; 0 takes any free port. */
  readonly port: number;
  readonly maxSessions: number;
  readonly maxSessionsPerUser: number;
  readonly maxConnections: number;
  readonly maxAuthAttempts: number;
  readonly loginTimeoutMs: number;
  readonly helloTimeoutMs: number;
  /** 0: sessions may idle forever. */
  readonly idleTimeoutMs: number;
  /** Octets of one message from a client. An image sent inline, in base64, has to fit. */
  readonly maxMessageBytes: number;
  readonly maxDepth: number;
  readonly maxAttributes: number;
  /** Elements, attributes and the like in one request. */
  readonly maxRequestNodes: number;
  /** Requests of one session that wait for their turn. */
  readonly maxQueuedRequests: number;
  /** Octets written to a session and not taken by its client before requests are no longer read. */
  readonly maxUnsentBytes: number;
  /** How long a client may take nothing of a reply before it is cut off. */
  readonly sendTimeoutMs: number;
  /** Octets of one configuration datastore. */
  readonly maxConfigBytes: number;
  /** Octets of requests and replies that all sessions of one user may hold. */
  readonly maxUserBytes: number;
  /** SFTP channels of one connection. */
  readonly maxSftpChannels: number;
  /** Octets of all SFTP uploads that are under way. */
  readonly maxUploadBytes: number;
  /** A client that was silent for this long is asked whether it lives. */
  readonly keepaliveMs: number;
  /** How often it is asked in a row before it is cut off. */
  readonly keepaliveCount: number;
  /** Clients that the bridge calls (RFC 8071): `host`, `host:port`, `[address]:port`. */
  readonly callHome: readonly string[];
}

export interface MqttConfig {
  /** `mqtt://` or `mqtts://`; empty: the embedded broker. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly keepaliveMs: number;
  readonly connectTimeoutMs: number;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** Octets of one packet that we accept (MQTT 5 Maximum Packet Size). */
  readonly maxPacketBytes: number;
  /** Octets handed to the connection and not yet written before `publish` waits. */
  readonly maxUnsentBytes: number;
  readonly embedded: EmbeddedBrokerConfig;
}

export interface EmbeddedBrokerConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly maxConnections: number;
  readonly maxPacketBytes: number;
  /** Retained messages of all topics together, and their octets, topics included. */
  readonly maxRetainedMessages: number;
  readonly maxRetainedBytes: number;
  /** Topic levels in the subscriptions of one client and of all; each takes some hundred octets. */
  readonly maxClientSubscriptionLevels: number;
  readonly maxSubscriptionLevels: number;
}

export interface RegistrationConfig {
  readonly maxDescriptionBytes: number;
  readonly maxPieces: number;
  readonly maxDevicesInAssembly: number;
  readonly assemblyIdleMs: number;
  /** Inflated size divided by deflated size. */
  readonly maxInflateRatio: number;
  /** Nesting of the JSON document. */
  readonly maxDepth: number;
  /** JSON values in the document. */
  readonly maxNodes: number;
  /** How long reading one description may take before it is given up. */
  readonly deadlineMs: number;
  /** Heap of the worker that reads descriptions, MiB. */
  readonly workerHeapMib: number;
  /** How long the worker stays after its last description. */
  readonly workerIdleMs: number;
  /** Devices that are accepted. */
  readonly maxDevices: number;
  /** Devices that wait to be accepted; the one that was silent the longest makes room. */
  readonly maxPendingDevices: number;
  /** Removed devices of which it is remembered what their vendor had signed last; the oldest makes room. */
  readonly maxRemovedSigners: number;
  readonly maxOperations: number;
  /** Modules that are kept; one without a device makes room. */
  readonly maxModules: number;
  /** Octets of memory, about, that all descriptions of devices together may take: those of one kind count once. */
  readonly maxKeptBytes: number;
  /** Which devices are accepted, where nothing is configured over NETCONF. */
  readonly acceptance: AcceptancePolicy;
  /** Public keys of the vendors whose signatures count for descriptions, in hex. */
  readonly vendorKeys: readonly string[];
}

/** Which devices are accepted, from the laxest to the strictest. */
export const acceptancePolicies = ['open', 'approve', 'signed'] as const;

/**
 * `open`: every device that describes itself; `approve`: those that a user has accepted; `signed`: those whose
 * descriptions a trusted vendor has signed, or the device itself with a key that a user has accepted.
 */
export type AcceptancePolicy = (typeof acceptancePolicies)[number];

export interface RpcConfig {
  /** How long a device may take to answer a request. */
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly maxInFlightPerDevice: number;
  /** Devices that one call of a virtual device goes to. */
  readonly maxMembers: number;
}

export interface UpdateConfig {
  /** Octets of image in a slice where the description says nothing (mup-protocol §3: 600). */
  readonly sliceSizeBytes: number;
  /**
   * The same for devices of the prototype (profile `myno`), where neither description nor configuration says more:
   * short enough that a slice that got lost, or whose acknowledgement did, may be sent again (ADR 22).
   */
  readonly mynoSliceSizeBytes: number;
  /** Slices in flight where the description says nothing (mup-protocol §3: 1). */
  readonly window: number;
  /** First retransmission timeout, before a round trip was measured. */
  readonly initialTimeoutMs: number;
  readonly minTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** How long a transfer may go without progress. */
  readonly stallTimeoutMs: number;
  readonly tokenDeadlineMs: number;
  readonly manifestDeadlineMs: number;
  readonly verifyDeadlineMs: number;
  readonly restartDeadlineMs: number;
  /** How long a job waits for a device that is offline. */
  readonly offlineDeadlineMs: number;
  /** How long a job may last whatever happens. */
  readonly jobDeadlineMs: number;
  /** Pause before a step is tried again; it doubles each time in a row, and half of it is left to chance. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** How often an update begins at step 1 before what interrupts it counts as its failure. */
  readonly maxRounds: number;
  /** Finished jobs that are remembered. */
  readonly maxFinishedJobs: number;
  /** States that are remembered of what one job went through. */
  readonly maxJobTransitions: number;
  /** Shortest time between two notifications of one job's progress. */
  readonly progressIntervalMs: number;
  /** Percent of the image between two notifications of one job's progress. */
  readonly progressPercent: number;
}

export interface ImageConfig {
  readonly maxImageBytes: number;
  readonly maxImages: number;
  readonly maxManifestBytes: number;
}

export interface NotificationConfig {
  /** Events kept for replay and for slow subscribers: so many in the log, and as many in memory. */
  readonly maxEvents: number;
  /** Octets of them: so many in the log, and as many in memory. */
  readonly maxBytes: number;
}

export interface AuditConfig {
  /** Octets of one file of the audit log. */
  readonly maxFileBytes: number;
  /** Files of it; the oldest one makes room. */
  readonly maxFiles: number;
  /** Refusals, failed logins among them, that are written one by one; more are counted. */
  readonly maxRefusalsPerMinute: number;
}

export interface YangConfig {
  /** Directories with the official files of standard modules; looked up before our renditions. */
  readonly searchPath: readonly string[];
}

export interface Config {
  /** Where keys, users, images and the registry are kept. */
  readonly stateDir: string;
  /** File with the passphrase of encrypted private keys, one line; empty: none. */
  readonly passphraseFile: string;
  readonly log: LogConfig;
  readonly netconf: NetconfConfig;
  readonly mqtt: MqttConfig;
  readonly registration: RegistrationConfig;
  readonly rpc: RpcConfig;
  readonly update: UpdateConfig;
  readonly images: ImageConfig;
  readonly notifications: NotificationConfig;
  readonly audit: AuditConfig;
  readonly yang: YangConfig;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const defaultConfig: Config = {
  stateDir: 'mup-state',
  passphraseFile: '',
  log: { level: 'info', format: 'pretty', wireTrace: [], maxValueLength: 1000, maxRepeatsPerMinute: 300 },
  netconf: {
    host: '127.0.0.1',
    port: 830,
    maxSessions: 1000,
    maxSessionsPerUser: 500,
    maxConnections: 1000,
    maxAuthAttempts: 6,
    loginTimeoutMs: 30_000,
    helloTimeoutMs: 30_000,
    idleTimeoutMs: 0,
    maxMessageBytes: 32 * MiB,
    maxDepth: 256,
    maxAttributes: 64,
    maxRequestNodes: 100_000,
    maxQueuedRequests: 64,
    maxUnsentBytes: MiB,
    sendTimeoutMs: 60_000,
    maxConfigBytes: 16 * MiB,
    maxUserBytes: 128 * MiB,
    maxSftpChannels: 8,
    maxUploadBytes: 64 * MiB,
    keepaliveMs: 15_000,
    keepaliveCount: 3,
    callHome: [],
  },
  mqtt: {
    url: '',
    username: '',
    password: '',
    caFile: '',
    certFile: '',
    keyFile: '',
    keepaliveMs: 30_000,
    connectTimeoutMs: 10_000,
    reconnectMinMs: 250,
    reconnectMaxMs: 10_000,
    maxPacketBytes: MiB,
    maxUnsentBytes: MiB,
    embedded: {
      host: '127.0.0.1',
      port: 1883,
      maxConnections: 10_000,
      maxPacketBytes: MiB,
      maxRetainedMessages: 50_000,
      maxRetainedBytes: 64 * MiB,
      maxClientSubscriptionLevels: 50_000,
      maxSubscriptionLevels: 1_000_000,
    },
  },
  registration: {
    maxDescriptionBytes: 256 * KiB,
    maxPieces: 2048,
    maxDevicesInAssembly: 1000,
    assemblyIdleMs: 60_000,
    maxInflateRatio: 200,
    maxDepth: 32,
    maxNodes: 50_000,
    deadlineMs: 10_000,
    workerHeapMib: 192,
    workerIdleMs: 15_000,
    maxDevices: 100_000,
    maxPendingDevices: 1000,
    maxRemovedSigners: 10_000,
    maxOperations: 512,
    maxModules: 1000,
    maxKeptBytes: 128 * MiB,
    acceptance: 'open',
    vendorKeys: [],
  },
  rpc: { timeoutMs: 10_000, maxInFlight: 10_000, maxInFlightPerDevice: 16, maxMembers: 1024 },
  update: {
    sliceSizeBytes: 600,
    mynoSliceSizeBytes: 400,
    window: 1,
    initialTimeoutMs: 1000,
    minTimeoutMs: 200,
    maxTimeoutMs: 10_000,
    stallTimeoutMs: 60_000,
    tokenDeadlineMs: 30_000,
    manifestDeadlineMs: 60_000,
    verifyDeadlineMs: 60_000,
    restartDeadlineMs: 120_000,
    offlineDeadlineMs: 86_400_000,
    jobDeadlineMs: 604_800_000,
    retryMinMs: 1000,
    retryMaxMs: 30_000,
    maxRounds: 5,
    maxFinishedJobs: 1000,
    maxJobTransitions: 100,
    progressIntervalMs: 1000,
    progressPercent: 5,
  },
  images: { maxImageBytes: 16 * MiB, maxImages: 1000, maxManifestBytes: 16 * KiB },
  notifications: { maxEvents: 10_000, maxBytes: 8 * MiB },
  audit: { maxFileBytes: MiB, maxFiles: 16, maxRefusalsPerMinute: 60 },
  yang: { searchPath: ['/usr/share/yuma/modules', '/usr/share/yang/modules'] },
};
