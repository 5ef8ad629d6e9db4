import type { XmlElement } from '../../xml/element.ts';
import type { DataPath } from '../data-path.ts';

/** Something that happened, for those who have subscribed (RFC 5277 §2.2.1). */
export interface NetconfEvent {
  /** The stream that carries it besides `NETCONF`, which carries everything (RFC 5277 §3.2.3). */
  readonly stream?: string;
  /** The notification's own element, in its module's namespace. */
  readonly content: XmlElement;
  /** The data that it is about: who may not read that does not learn of it (RFC 8341 §3.4.6). */
  readonly about?: DataPath;
  /** Milliseconds since the epoch; now, when absent. */
  readonly time?: number;
}

/** Where events go. Never throws and never waits. */
export interface EventSink {
  emit(event: NetconfEvent): void;
}
