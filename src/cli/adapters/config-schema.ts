import * as z from 'zod';
import {
  type AuditConfig,
  acceptancePolicies,
  type Config,
  defaultConfig,
  type EmbeddedBrokerConfig,
  type ImageConfig,
  type LogConfig,
  type MqttConfig,
  type NetconfConfig,
  type NotificationConfig,
  type RegistrationConfig,
  type RpcConfig,
  type UpdateConfig,
  type YangConfig,
} from '../../base/config.ts';
import { InternalError } from '../../base/errors.ts';
import { publicKeyFromHex } from '../../mup/signature-scheme.ts';
import { targetFromText } from '../../netconf/call-home/call-home-config.ts';
import type { ConfigKey, ConfigProblem } from '../config-key.ts';
import { maxDelayMs } from '../max-delay.ts';

// One configuration is checked in a process: compiling the check takes longer than the check.
z.config({ jitless: true });

/** One schema per key of `T`, no more and no fewer: `Config` and this file cannot drift apart. */
type Shape<T> = { readonly [Key in keyof T]: z.ZodType<T[Key]> };

const MiB = 2 ** 20;
const GiB = 2 ** 30;

const integer = (minimum: number, maximum: number, text: string) =>
  z.int().min(minimum).max(maximum).describe(text);
const count = (text: string) => integer(1, 10_000_000, text);
const bytes = (minimum: number, maximum: number, text: string) => integer(minimum, maximum, text);
const delayMs = (text: string) => integer(1, maxDelayMs, text);
const port = (text: string) => integer(0, 65_535, text);
const text = (description: string) => z.string().describe(description);
const host = (description: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9.:%_-]{1,255}$/, 'is not a host name or IP address')
    .describe(description);

const log = z.strictObject({
  level: z
    .enum(['error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .describe('Least important level that is logged'),
  format: z.enum(['json', 'pretty']).describe('`pretty` for people, `json` for programs; one line each'),
  wireTrace: z
    .array(z.enum(['netconf', 'mqtt']))
    .readonly()
    .describe('Which wires are traced, at level `trace`'),
  maxValueLength: integer(64, 65_536, 'Characters of one value in a line; the rest is cut off'),
  maxRepeatsPerMinute: count('Lines that say the same in a minute; more are counted, and told as one'),
} satisfies Shape<LogConfig>);

const netconf = z.strictObject({
  host: host('Address on which the SSH server listens'),
  port: port('TCP port of the SSH server; 0 takes any free port'),
  maxSessions: count('NETCONF sessions at one time'),
  maxSessionsPerUser: count('NETCONF sessions of one user at one time, and connections'),
  maxConnections: count('TCP connections at one time, logged in or not'),
  maxAuthAttempts: integer(1, 100, 'Failed logins before a connection is closed'),
  loginTimeoutMs: delayMs('How long a client may take to log in'),
  helloTimeoutMs: delayMs('How long a client may take to say hello'),
  idleTimeoutMs: integer(0, maxDelayMs, 'How long a session may be idle; 0: forever'),
  maxMessageBytes: bytes(
    4096,
    GiB,
    'Largest message of a client; an image sent inline, in base64, has to fit',
  ),
  maxDepth: integer(16, 4096, 'Nesting of elements in a message'),
  maxAttributes: integer(8, 65_536, 'Attributes of one element'),
  maxRequestNodes: integer(1000, 10_000_000, 'Elements, attributes and the like in one request'),
  maxQueuedRequests: count('Requests of one session that wait for their turn'),
  maxUnsentBytes: bytes(
    4096,
    GiB,
    'Written to a session and not taken by its client before its requests wait',
  ),
  sendTimeoutMs: delayMs('How long a client may take nothing of a reply before it is cut off'),
  maxConfigBytes: bytes(4096, GiB, 'Largest configuration that clients may make of `running` or `startup`'),
  maxUserBytes: bytes(
    4096,
    64 * GiB,
    'Requests without answer and replies that were not taken, of all sessions of one user',
  ),
  maxSftpChannels: integer(1, 1000, 'SFTP channels of one connection'),
  maxUploadBytes: bytes(4096, 64 * GiB, 'All SFTP uploads that are under way'),
  keepaliveMs: integer(
    1000,
    maxDelayMs,
    'How long a client may be silent before it is asked whether it lives',
  ),
  keepaliveCount: integer(1, 100, 'How often a silent client is asked before it is cut off'),
  callHome: z
    .array(
      z
        .string()
        .refine((one) => targetFromText(one) !== undefined, 'is no `host`, `host:port` or `[address]:port`'),
    )
    .max(256)
    .readonly()
    .describe('Clients that the bridge calls (RFC 8071), `host:port`; the port is 4334 unless given'),
} satisfies Shape<NetconfConfig>);

const embedded = z.strictObject({
  host: host('Address on which the embedded broker listens'),
  port: port('TCP port of the embedded broker; 0 takes any free port'),
  maxConnections: count('MQTT clients at one time'),
  maxPacketBytes: bytes(1024, 256 * MiB, 'Largest packet that the embedded broker accepts'),
  maxRetainedMessages: count('Retained messages of all topics together'),
  maxRetainedBytes: bytes(4096, 64 * GiB, 'Retained messages of all topics together, topics included'),
  maxClientSubscriptionLevels: count('Topic levels in the subscriptions of one client'),
  maxSubscriptionLevels: count('Topic levels in the subscriptions of all clients'),
} satisfies Shape<EmbeddedBrokerConfig>);

const mqtt = z
  .strictObject({
    url: z
      .string()
      .refine(isBrokerUrl, 'is not an mqtt:// or mqtts:// URL')
      .describe('Broker, `mqtt://host:port` or `mqtts://host:port`; empty: the embedded broker'),
    username: text('User name at the broker; empty: none'),
    password: text('Password at the broker').meta({ secret: true }),
    caFile: text('PEM file of the authorities that sign the broker; empty: those of Node.js'),
    certFile: text('PEM file of our client certificate; empty: none'),
    keyFile: text('PEM file of the key of our client certificate; empty: none'),
    keepaliveMs: integer(1000, 65_535_000, 'Longest silence before the broker is asked whether it lives'),
    connectTimeoutMs: delayMs('How long the broker may take to accept a connection'),
    reconnectMinMs: delayMs('First pause before connecting again'),
    reconnectMaxMs: delayMs('Longest pause before connecting again'),
    maxPacketBytes: bytes(1024, 256 * MiB, 'Largest packet that we accept from the broker'),
    maxUnsentBytes: bytes(4096, GiB, 'Handed to the connection and not yet sent before publishers wait'),
    embedded,
  } satisfies Shape<MqttConfig>)
  .refine((value) => value.reconnectMinMs <= value.reconnectMaxMs, {
    path: ['reconnectMinMs'],
    error: 'is greater than reconnectMaxMs',
  })
  .refine((value) => (value.certFile === '') === (value.keyFile === ''), {
    path: ['certFile'],
    error: 'and keyFile need one another: set both or none',
  });

const registration = z.strictObject({
  maxDescriptionBytes: bytes(1024, 64 * MiB, 'Largest description, inflated and with its UUID filled in'),
  maxPieces: count('Pieces of one description'),
  maxDevicesInAssembly: count('Devices whose descriptions are arriving at one time'),
  assemblyIdleMs: delayMs('How long the next piece of a description may take'),
  maxInflateRatio: integer(2, 1032, 'Inflated size of a description divided by its deflated size'),
  maxDepth: integer(4, 512, 'Nesting of the JSON of a description'),
  maxNodes: count('JSON values in a description'),
  deadlineMs: delayMs('How long reading one description may take'),
  workerHeapMib: integer(32, 16_384, 'Heap of the worker that reads descriptions, MiB'),
  workerIdleMs: delayMs('How long that worker stays after its last description'),
  maxDevices: count('Accepted devices'),
  maxPendingDevices: count('Devices that wait to be accepted; the one silent the longest makes room'),
  maxRemovedSigners: count(
    'Removed devices whose vendor’s last signature is remembered; the oldest makes room',
  ),
  maxOperations: count('Operations in one description'),
  maxModules: count('Generated modules; one without a device makes room'),
  maxKeptBytes: bytes(65_536, 16 * GiB, 'Descriptions of all devices together, those of one kind once'),
  acceptance: z
    .enum(acceptancePolicies)
    .describe('Accepted devices: all, those that `accept-device` has named, or signed ones'),
  vendorKeys: z
    .array(z.string().refine((one) => publicKeyFromHex(one) !== undefined, 'is no public key in hex'))
    .max(256)
    .readonly()
    .describe('Public keys of the vendors whose signatures count for descriptions, in hex'),
} satisfies Shape<RegistrationConfig>);

const rpc = z.strictObject({
  timeoutMs: delayMs('How long a device may take to answer a request'),
  maxInFlight: count('Requests to devices without their answer, in all'),
  maxInFlightPerDevice: count('Requests to one device without their answer'),
  maxMembers: count('Devices that one call of a virtual device goes to'),
} satisfies Shape<RpcConfig>);

const update = z
  .strictObject({
    sliceSizeBytes: bytes(1, 65_535, 'Image octets in a slice, where the description says nothing'),
    mynoSliceSizeBytes: bytes(1, 65_535, 'The same for devices of the MYNO prototype'),
    window: integer(1, 4096, 'Slices in flight, where the description says nothing'),
    initialTimeoutMs: delayMs('First retransmission timeout, before a round trip was measured'),
    minTimeoutMs: delayMs('Shortest retransmission timeout'),
    maxTimeoutMs: delayMs('Longest retransmission timeout'),
    stallTimeoutMs: delayMs('How long a transfer may go without progress'),
    tokenDeadlineMs: delayMs('How long getting the device token may take'),
    manifestDeadlineMs: delayMs('How long checking the manifest may take the device'),
    verifyDeadlineMs: delayMs('How long verifying the image may take the device'),
    restartDeadlineMs: delayMs('How long the device may take to come back with the new version'),
    offlineDeadlineMs: delayMs('How long an update waits for a device that is offline'),
    jobDeadlineMs: delayMs('How long an update may last whatever happens'),
    retryMinMs: delayMs('Pause before a step of an update is tried again; it doubles each time'),
    retryMaxMs: delayMs('Longest pause before a step of an update is tried again'),
    maxRounds: integer(1, 100, 'How often an interrupted update begins anew before it fails'),
    maxFinishedJobs: count('Finished update jobs that are remembered'),
    maxJobTransitions: integer(1, 10_000, 'States that are remembered of what an update went through'),
    progressIntervalMs: delayMs("Shortest time between two notifications of an update's progress"),
    progressPercent: integer(
      1,
      100,
      "Percent of the image between two notifications of an update's progress",
    ),
  } satisfies Shape<UpdateConfig>)
  .refine((value) => value.minTimeoutMs <= value.maxTimeoutMs, {
    path: ['minTimeoutMs'],
    error: 'is greater than maxTimeoutMs',
  });

const images = z.strictObject({
  maxImageBytes: bytes(1, GiB, 'Largest firmware image'),
  maxImages: count('Images in the repository'),
  maxManifestBytes: bytes(512, MiB, 'Largest vendor manifest'),
} satisfies Shape<ImageConfig>);

const notifications = z.strictObject({
  maxEvents: count('Events kept for replay in the log, and as many of telemetry in memory'),
  maxBytes: bytes(64 * 1024, GiB, 'Octets of these events: in the log, and as many of telemetry in memory'),
} satisfies Shape<NotificationConfig>);

const audit = z.strictObject({
  maxFileBytes: bytes(64 * 1024, GiB, 'Octets of one file of the audit log'),
  maxFiles: integer(2, 10_000, 'Files of the audit log; the oldest one makes room'),
  maxRefusalsPerMinute: count('Refusals and failed logins that are written one by one; more are counted'),
} satisfies Shape<AuditConfig>);

const yang = z.strictObject({
  searchPath: z
    .array(z.string().min(1, 'is empty'))
    .readonly()
    .describe('Directories with official YANG modules, looked up before our renditions'),
} satisfies Shape<YangConfig>);

const configSchema = z.strictObject({
  stateDir: z.string().min(1, 'is empty').describe('Where keys, users, images and the registry are kept'),
  passphraseFile: z
    .string()
    .describe('File with the passphrase of encrypted private keys, one line; empty: none'),
  log,
  netconf,
  mqtt,
  registration,
  rpc,
  update,
  images,
  notifications,
  audit,
  yang,
} satisfies Shape<Config>);

/** Every key of `Config`, in its order, as the schema has it. */
export const configKeys: readonly ConfigKey[] = keysOf(configSchema, [], defaultConfig);

/** Checks a complete configuration; all problems at once, or the value. */
export function checkConfig(value: unknown): Config | readonly ConfigProblem[] {
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  return result.error.issues.flatMap(problemsOf);
}

function problemsOf(issue: z.core.$ZodIssue): ConfigProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown', unknownKey: true }));
  return [{ path, message: messageOf(issue), unknownKey: false }];
}

function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `is not ${issue.expected === 'int' ? 'a whole number' : nounOf(issue.expected)}`;
    case 'invalid_value':
      return `is not one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin === 'string' ? issue.message : `is less than ${issue.minimum}`;
    case 'too_big':
      return `is greater than ${issue.maximum}`;
    default:
      return issue.message;
  }
}

function nounOf(expected: string): string {
  return { string: 'a text', object: 'a table', array: 'a list' }[expected] ?? `a ${expected}`;
}

function keysOf(schema: z.ZodObject, path: readonly string[], defaults: unknown): ConfigKey[] {
  return Object.entries(schema.shape).flatMap(([name, entry]) => {
    const own = [...path, name];
    const value = memberOf(defaults, name);
    return entry instanceof z.ZodObject ? keysOf(entry, own, value) : [keyOf(entry, own, value)];
  });
}

function keyOf(entry: z.core.$ZodType, path: readonly string[], defaultValue: unknown): ConfigKey {
  const meta = z.globalRegistry.get(entry);
  const common = {
    path,
    description: meta?.description ?? '',
    secret: meta?.['secret'] === true,
    defaultValue,
  };
  if (entry instanceof z.ZodNumber)
    return { ...common, kind: 'integer', minimum: entry.minValue ?? 0, maximum: entry.maxValue ?? 0 };
  if (entry instanceof z.ZodEnum) return { ...common, kind: 'choice', choices: entry.options.map(String) };
  if (entry instanceof z.ZodReadonly) return { ...common, kind: 'list', ...choicesOf(entry) };
  if (entry instanceof z.ZodString) return { ...common, kind: 'text' };
  throw new InternalError(`the configuration key ${path.join('.')} has a type without a kind`);
}

function choicesOf(list: z.ZodReadonly): { readonly choices?: readonly string[] } {
  const inner = list.unwrap();
  const item = inner instanceof z.ZodArray ? inner.element : undefined;
  return item instanceof z.ZodEnum ? { choices: item.options.map(String) } : {};
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

function isBrokerUrl(url: string): boolean {
  if (url === '') return true;
  return /^mqtts?:\/\//.test(url) && URL.canParse(url) && new URL(url).hostname !== '';
}
