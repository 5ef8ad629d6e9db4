import { utf8Length } from '../base/bytes.ts';
import type { Profile } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { type DeviceUuid, isDeviceUuid } from '../base/ids.ts';

/** What devices publish their descriptions on (mup-protocol §1). */
export const descriptionFilter = 'mup/description/+';

/** What devices publish their presence on (mup-protocol §1). */
export const statusFilter = 'mup/status/+';

/** What devices answer requests on, both profiles (mup-protocol §2). */
export const responseFilters = ['mup/response/+', 'response/+'] as const;

/** Where a device publishes its description in pieces (mup-protocol §1). */
export function descriptionTopic(uuid: DeviceUuid): string {
  return `mup/description/${uuid}`;
}

/** Where the bridge answers a description (mup-protocol §1). */
export function descriptionStatusTopic(uuid: DeviceUuid): string {
  return `mup/description/${uuid}/status`;
}

/** Where a device says that it is there, retained, and its will that it is not (mup-protocol §1). */
export function statusTopic(uuid: DeviceUuid): string {
  return `mup/status/${uuid}`;
}

/** Where a device answers requests unless its description says otherwise (mup-protocol §2). */
export function responseTopic(uuid: DeviceUuid, profile: Profile): string {
  return profile === 'mup' ? `mup/response/${uuid}` : `response/${uuid}`;
}

/** What the prototype's devices ask of the bridge (mup-protocol §1). */
export type MynoOperation = 'create' | 'update' | 'delete' | 'retrieve';

/** Where they ask; older devices describe themselves on `yang/config`. */
export const mynoTopics: readonly (readonly [topic: string, operation: MynoOperation])[] = [
  ['yang/config', 'create'],
  ['yang/config/create', 'create'],
  ['yang/config/update', 'update'],
  ['yang/config/delete', 'delete'],
  ['yang/config/retrieve', 'retrieve'],
];

/** Where they are answered. */
export function mynoAnswerTopic(operation: MynoOperation, uuid: DeviceUuid): string {
  return `yang/config/${operation}/response/${uuid}`;
}

/** A topic of a description with `/<uuid>` appended unless it already ends with it (mup-protocol §2). */
export function withUuid(topic: string, uuid: DeviceUuid): string {
  return topic === uuid || topic.endsWith(`/${uuid}`) ? topic : `${topic}/${uuid}`;
}

/** Octets of the longest topic that a description may name. */
export const maxTopicBytes = 512;

/** Where the bridge and the devices meet: no operation or data point may lie there. */
const reserved = ['mup/description', 'mup/status', 'mup/response', 'response', 'yang/config'];

/**
 * What a topic of a description is for: `own` for what the device's operations and data points use,
 * `answer` for where it answers, which may be one of its two response topics.
 */
export type TopicUse = 'own' | 'answer';

/**
 * Checks a complete topic that a description names, before the bridge subscribes or publishes to it
 * (design, “Order of trust”).
 * @throws PeerError `bad-topic`
 */
export function checkDeviceTopic(topic: string, uuid: DeviceUuid, use: TopicUse = 'own'): void {
  const fault = topicFault(topic, uuid, use) ?? ownerFault(topic, uuid);
  if (fault === undefined) return;
  throw badTopic(
    topic,
    fault,
    "A topic of a device holds the device's UUID as one of its levels, no wildcard, and lies outside the bridge's own topics.",
  );
}

/**
 * Checks a complete topic of a description that an operator has installed: it need not name the device, which
 * may never have heard of its UUID.
 * @throws PeerError `bad-topic`
 */
export function checkInstalledTopic(topic: string, uuid: DeviceUuid, use: TopicUse = 'own'): void {
  const fault = topicFault(topic, uuid, use);
  if (fault !== undefined)
    throw badTopic(topic, fault, "A topic holds no wildcard, and lies outside the bridge's own topics.");
}

function badTopic(topic: string, fault: string, hint: string): PeerError {
  const shown = JSON.stringify(topic.slice(0, 120));
  return new PeerError('bad-topic', `topic ${shown} ${fault}`, { where: shown, hint });
}

function ownerFault(topic: string, uuid: DeviceUuid): string | undefined {
  return topic.split('/').includes(uuid) ? undefined : `does not belong to device ${uuid}`;
}

function topicFault(topic: string, uuid: DeviceUuid, use: TopicUse): string | undefined {
  if (topic === '') return 'is empty';
  if (topic.length > maxTopicBytes || utf8Length(topic) > maxTopicBytes)
    return `is longer than ${maxTopicBytes} octets`;
  if (/[+#$]/.test(topic)) return 'holds a wildcard or $';
  // \p{C}: control, format, unassigned and lone surrogate characters; MQTT 5 §1.5.4 forbids or warns of them.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(topic)) return 'holds a control character';
  // A device called `image` must not be able to name `mup/firmware/<another>/image`, or `yang/update/image/<another>`.
  const levels = topic.split('/');
  const ofOther =
    (topic.startsWith('mup/firmware/') && levels[2] !== uuid) ||
    (topic.startsWith('yang/update/image/') && levels[3] !== uuid);
  if (ofOther) return `does not belong to device ${uuid}`;
  const own =
    use === 'answer' && (topic === responseTopic(uuid, 'mup') || topic === responseTopic(uuid, 'myno'));
  if (!own && reserved.some((prefix) => topic === prefix || topic.startsWith(`${prefix}/`)))
    return 'is one that the bridge uses itself';
  return undefined;
}

/** Whether a topic matches a filter (MQTT 5 §4.7; `$` topics do not match a leading wildcard). */
export function matchesFilter(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  let inFilter = 0;
  let inTopic = 0;
  for (;;) {
    const wanted = levelAt(filter, inFilter);
    const level = levelAt(topic, inTopic);
    if (wanted === '#') return true;
    if (wanted !== '+' && wanted !== level) return false;
    inFilter += wanted.length;
    inTopic += level.length;
    // `a/#` matches `a` too.
    if (inTopic === topic.length) return inFilter === filter.length || filter.slice(inFilter) === '/#';
    if (inFilter === filter.length) return false;
    inFilter += 1;
    inTopic += 1;
  }
}

function levelAt(text: string, start: number): string {
  const end = text.indexOf('/', start);
  return text.slice(start, end < 0 ? text.length : end);
}

/**
 * The device a message is from: the level of its topic that the filter's one `+` stands for.
 * `undefined` when the topic does not match or that level is no device UUID.
 */
export function uuidOfTopic(filter: string, topic: string): DeviceUuid | undefined {
  if (!matchesFilter(filter, topic)) return undefined;
  const level = topic.split('/')[filter.split('/').indexOf('+')];
  return level !== undefined && isDeviceUuid(level) ? level : undefined;
}

/** Octets of a topic on the wire: its length has two octets (MQTT 5 §1.5.4). */
const maxWireTopicBytes = 65_535;

function isWireText(topic: string): boolean {
  const bytes = utf8Length(topic);
  return bytes > 0 && bytes <= maxWireTopicBytes && !/[\0\p{Cs}]/u.test(topic);
}

/**
 * Checks a topic name before it is published to (MQTT 5 §4.7): a broker would break the connection.
 * @throws PeerError `bad-topic`
 */
export function checkTopicName(topic: string): void {
  if (isWireText(topic) && !/[+#]/.test(topic)) return;
  throw new PeerError('bad-topic', `${JSON.stringify(topic.slice(0, 120))} is no topic to publish to`);
}

/**
 * Checks a topic filter before it is subscribed (MQTT 5 §4.7): a broker would break the connection, and
 * again after every reconnect.
 * @throws PeerError `bad-topic`
 */
export function checkTopicFilter(filter: string): void {
  const levels = filter.split('/');
  const wildcards = levels.every((level, i) =>
    level === '#' ? i === levels.length - 1 : level === '+' || !/[+#]/.test(level),
  );
  if (isWireText(filter) && wildcards) return;
  throw new PeerError('bad-topic', `${JSON.stringify(filter.slice(0, 120))} is no topic filter`);
}
