import type { EventSink, NetconfEvent } from '../../src/netconf/events/event.ts';

/** An {@link EventSink} that keeps what it is given. */
export class RecordingEvents implements EventSink {
  readonly events: NetconfEvent[] = [];

  emit(event: NetconfEvent): void {
    this.events.push(event);
  }

  /** The events of one notification, so far. */
  named(name: string): NetconfEvent[] {
    return this.events.filter(({ content }) => content.name === name);
  }
}
