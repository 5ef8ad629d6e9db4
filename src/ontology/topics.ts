import type { OperationRole, Profile } from '../base/description.ts';
import type { Assembly } from './assembly.ts';
import { uuidPlaceholder } from './description-template.ts';
import { show, type Term } from './rdf.ts';

/** Topics of a template: complete, with the placeholder where the UUID belongs (mup-protocol §1 to §3). */

/** A topic that ends with the UUID, as requests are sent to (mup-protocol §2). */
export function requestTopic(topic: string): string {
  return topic === uuidPlaceholder || topic.endsWith(`/${uuidPlaceholder}`)
    ? topic
    : `${topic.replace(/\/$/, '')}/${uuidPlaceholder}`;
}

/** A topic that holds the UUID as one of its levels, at its end where the description put it nowhere. */
export function deviceTopic(topic: string): string {
  return topic.split('/').includes(uuidPlaceholder) ? topic : requestTopic(topic);
}

/**
 * The topic of an operation or data point, complete: a native device's own as it stands, since such a device
 * was named long before anybody gave it a UUID (an operator vouches for it).
 */
export function describedTopic(
  topic: string,
  profile: Profile,
  complete: typeof requestTopic | typeof deviceTopic,
): string {
  return profile === 'native' ? topic : complete(topic);
}

/**
 * The topic that an operation or data point names, complete. What a virtual device offers is what its members
 * offer, on topics of theirs: its own is empty.
 */
export function namedTopic(
  node: Term,
  profile: Profile,
  complete: typeof requestTopic | typeof deviceTopic,
  { facts, report }: Assembly,
): string {
  const topic = facts.operations.text(node, 'topic');
  if (profile === 'virtual') {
    if (topic !== undefined)
      report.remark(`${show(node)} myno:mqttTopic: not read, since the device consists of others.`);
    return '';
  }
  if (topic === undefined)
    report.fault(
      node,
      'myno:mqttTopic',
      'nothing that fits',
      'at least 1',
      `${complete === requestTopic ? 'An operation' : 'A data point'} has exactly one myno:mqttTopic, without '+', '#', '$', control characters and '/' at its start.`,
    );
  return describedTopic(topic ?? '', profile, complete);
}

/**
 * The topic of an operation: what its description names, but for the three of an update of the prototype's
 * devices, which take them on one topic, whatever the description they ship says (mup-protocol §3).
 */
export function operationTopic(
  node: Term,
  role: OperationRole,
  profile: Profile,
  assembly: Assembly,
): string {
  const named = namedTopic(node, profile, requestTopic, assembly);
  if (profile !== 'myno' || role === 'generic' || named === mynoUpdateTopic) return named;
  assembly.report.remark(
    `${show(node)} myno:mqttTopic: not read, since devices of the prototype are updated on ${mynoUpdateTopic.replace(uuidPlaceholder, '<uuid>')}.`,
  );
  return mynoUpdateTopic;
}

const mynoUpdateTopic = `yang/update/${uuidPlaceholder}`;

/** Where a device answers unless its description says otherwise (mup-protocol §2). */
export function defaultAnswerTopic(profile: Profile): string {
  return profile === 'mup' ? `mup/response/${uuidPlaceholder}` : `response/${uuidPlaceholder}`;
}

/** Where slices go unless the description has an input data point (mup-protocol §3). */
export function defaultInputTopic(profile: Profile, role: OperationRole): string | undefined {
  return profile === 'mup' && role === 'firmware' ? `mup/firmware/${uuidPlaceholder}/image` : undefined;
}

/** Where slices are acknowledged unless the description says otherwise (mup-protocol §3). */
export function defaultAcknowledgementTopic(profile: Profile, inputTopic: string): string {
  return profile === 'mup' ? `mup/firmware/${uuidPlaceholder}/ack` : `${inputTopic}/response`;
}
