import { dateAndTime } from '../../base/clock.ts';
import { textOf, type XmlElement } from '../../xml/element.ts';
import { baseNamespace, notificationNamespace } from '../namespaces.ts';
import type { OperationContext, Reply } from '../operation.ts';
import { parameters } from '../parameters.ts';
import { invalidValue, missingElement, refusedElement } from '../protocol-errors.ts';
import { eventFilter } from './event-filter.ts';
import { allEvents } from './event-streams.ts';
import type { SubscriptionRequest } from './subscription.ts';

/**
 * `<create-subscription>` (RFC 5277 §2.1.1). Notifications follow the `<ok/>`.
 * @throws RpcError
 */
export function createSubscription(operation: XmlElement, context: OperationContext): Reply {
  context.subscribe(subscriptionRequest(operation));
  return [];
}

function subscriptionRequest(operation: XmlElement): SubscriptionRequest {
  const given = parameters(withOwnFilter(operation), ['stream', 'filter', 'startTime', 'stopTime']);
  const stream = given.get('stream');
  const filter = given.get('filter');
  const startTime = timeOf(given.get('startTime'));
  const stopTime = timeOf(given.get('stopTime'));
  checkTimes(startTime, stopTime);
  return {
    stream: stream === undefined ? allEvents : textOf(stream).trim(),
    ...(filter === undefined ? {} : { filter: eventFilter(filter) }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(stopTime === undefined ? {} : { stopTime }),
  };
}

/** ncclient puts the filter into the namespace of `<get>`. */
function withOwnFilter(operation: XmlElement): XmlElement {
  const children = operation.children.map((child) =>
    typeof child !== 'string' && child.name === 'filter' && child.namespace === baseNamespace
      ? { ...child, namespace: notificationNamespace }
      : child,
  );
  return { ...operation, children };
}

/** RFC 5277 §2.1.1, negative response. */
function checkTimes(startTime: number | undefined, stopTime: number | undefined): void {
  if (stopTime === undefined) return;
  if (startTime === undefined) throw missingElement('startTime', 'create-subscription');
  if (stopTime < startTime) throw refusedElement('stopTime', 'the stopTime is earlier than the startTime');
}

/** A date-and-time (RFC 6991), milliseconds since the epoch. @throws RpcError `invalid-value` */
function timeOf(leaf: XmlElement | undefined): number | undefined {
  if (leaf === undefined) return undefined;
  const text = textOf(leaf).trim();
  const [, date, day] =
    /^(\d{4}-\d{2}-(\d{2}))T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/.exec(text) ?? [];
  const time = Date.parse(text);
  // `Date` takes the 30th of February for one of March.
  if (date === undefined || Number.isNaN(time) || new Date(date).getUTCDate() !== Number(day))
    throw invalidValue(leaf.name, `<${leaf.name}> is not a date-and-time such as ${dateAndTime(0)}`);
  return time;
}
