import { dateAndTime } from '../../base/clock.ts';
import { element, type XmlElement } from '../../xml/element.ts';
import { notificationStateNamespace } from '../namespaces.ts';
import type { StreamState } from './event-streams.ts';

/** The container `netconf`: what can be subscribed to (RFC 5277 §3.2.5). */
export function streamsState(streams: readonly StreamState[]): XmlElement {
  return node('netconf', [node('streams', streams.map(streamElement))]);
}

function streamElement({ name, description, replayLogCreationTime }: StreamState): XmlElement {
  return node('stream', [
    node('name', name),
    node('description', description),
    node('replaySupport', 'true'),
    node('replayLogCreationTime', dateAndTime(replayLogCreationTime)),
  ]);
}

function node(name: string, content: readonly XmlElement[] | string): XmlElement {
  return element(notificationStateNamespace, name, content);
}
