import { beforeEach, describe, expect, test } from '@jest/globals';
import { utf8 } from '../../src/base/bytes.ts';
import { PeerError, UnavailableError } from '../../src/base/errors.ts';
import { type Logger, silentLogger } from '../../src/base/logger.ts';
import type { Link, LinkEnd, LinkEvents } from '../../src/mqtt/link.ts';
import { MendingTransport } from '../../src/mqtt/mending-transport.ts';
import type { MqttMessage, Qos, TransportState } from '../../src/mqtt/transport.ts';
import { ManualClock } from '../support/manual-clock.ts';

const config = { reconnectMinMs: 100, reconnectMaxMs: 1000, connectTimeoutMs: 5000 };

/** A connection whose broker is the test. */
class FakeLink implements Link {
  readonly version: 4 | 5;
  readonly events: LinkEvents;
  readonly calls: string[] = [];
  /** Answers to SUBSCRIBE, where the test wants to give them itself. */
  readonly pending: { filter: string; grant: () => void; refuse: (error: unknown) => void }[] = [];
  manual = false;
  refused = new Set<string>();

  constructor(version: 4 | 5, events: LinkEvents) {
    this.version = version;
    this.events = events;
  }

  async publish(topic: string): Promise<void> {
    this.calls.push(`publish ${topic}`);
  }

  subscribe(filter: string, qos: Qos, id: number | undefined): Promise<void> {
    this.calls.push(`subscribe ${filter} ${qos} ${id}`);
    if (this.refused.has(filter)) return Promise.reject(new PeerError('mqtt-refused', 'no'));
    if (!this.manual) return Promise.resolve();
    return new Promise((grant, refuse) => this.pending.push({ filter, grant, refuse }));
  }

  async unsubscribe(filter: string): Promise<void> {
    this.calls.push(`unsubscribe ${filter}`);
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }

  destroy(reason: string): void {
    this.end({ reason });
  }

  connect(subscriptionIdentifiers = true): void {
    this.events.connected({ subscriptionIdentifiers, maximumPacketSize: 1000 });
  }

  end(end: Partial<LinkEnd> = {}): void {
    const error = new UnavailableError('mqtt-lost', 'ended');
    for (const { refuse } of this.pending.splice(0)) refuse(error);
    this.events.ended({ reason: 'ended', reached: true, refused: false, ...end });
  }

  deliver(topic: string, ids: readonly number[] = []): void {
    this.events.message({ topic, payload: utf8('x'), qos: 1, retain: false, dup: false }, ids);
  }
}

let links: FakeLink[];
let clock: ManualClock;
let transport: MendingTransport;
let states: (TransportState | string)[];
let prepare: (link: FakeLink) => void;
let warnings: string[];

/** Lets promises run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const link = (): FakeLink => {
  const last = links.at(-1);
  if (last === undefined) throw new Error('no connection was opened');
  return last;
};

beforeEach(() => {
  links = [];
  states = [];
  warnings = [];
  prepare = () => {};
  clock = new ManualClock();
  const logger: Logger = { ...silentLogger, warn: (message) => warnings.push(message) };
  transport = new MendingTransport({
    open: (version, events) => {
      const opened = new FakeLink(version, events);
      prepare(opened);
      links.push(opened);
      return opened;
    },
    config,
    clock,
    random: (length) => new Uint8Array(length).fill(0xff),
    logger,
  });
  transport.onState((state, reason) =>
    states.push(reason === undefined ? state : `${state}: ${reason.message}`),
  );
});

async function online(): Promise<void> {
  link().connect();
  await turn();
  expect(transport.state).toBe('online');
}

describe('the protocol version', () => {
  test('MQTT 5 first', async () => {
    expect(links.map(({ version }) => version)).toEqual([5]);
    await online();
    expect(transport.protocolVersion).toBe(5);
  });

  test('3.1.1 at once where the broker was reached and does not take 5', async () => {
    link().end();
    expect(links.map(({ version }) => version)).toEqual([5, 4]);
    expect(states).toEqual([]);
    await online();
    expect(transport.protocolVersion).toBe(4);
  });

  test('not 3.1.1 where nobody was reached or the broker refuses us', () => {
    link().end({ reached: false });
    expect(links).toHaveLength(1);
    clock.advance(1000);
    link().end({ refused: true });
    expect(links.map(({ version }) => version)).toEqual([5, 5]);
  });

  test('every round begins with 5 again: a broker may have been exchanged', async () => {
    link().end();
    await online();
    link().end();
    clock.advance(1000);
    expect(links.map(({ version }) => version)).toEqual([5, 4, 5]);
  });
});

describe('reconnecting', () => {
  test('delays double up to the maximum, and a connection that lasts resets them', async () => {
    const delays: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const count = links.length;
      link().end({ reached: false });
      const before = clock.now();
      while (links.length === count) clock.advance(1);
      delays.push(clock.now() - before);
    }
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
    await online();
    clock.advance(1000);
    const count = links.length;
    link().end();
    clock.advance(100);
    expect(links).toHaveLength(count + 1);
  });

  test('an outage is told once with its reason, and again when the reason changes', () => {
    link().end({ reached: false, reason: 'refused' });
    clock.advance(1000);
    link().end({ reached: false, reason: 'refused' });
    expect(states).toEqual(['offline: no connection to the broker: refused']);
    expect(warnings).toHaveLength(1);
    clock.advance(1000);
    link().end({ refused: true, reason: 'Bad User Name or Password' });
    expect(warnings).toHaveLength(2);
  });

  test('it is online when all subscriptions stand again, not before', async () => {
    await online();
    await transport.subscribe('a/+', 1, () => {});
    await transport.subscribe('b', 0, () => {});
    prepare = (opened) => {
      opened.manual = true;
    };
    link().end();
    clock.advance(1000);
    link().connect();
    await turn();
    expect(transport.state).toBe('offline');
    expect(link().calls).toEqual(['subscribe a/+ 1 1', 'subscribe b 0 2']);
    for (const { grant } of link().pending) grant();
    await turn();
    expect(states).toEqual(['online', 'offline: no connection to the broker: ended', 'online']);
  });

  test('a broker that never grants them is left', async () => {
    await online();
    await transport.subscribe('a', 1, () => {});
    prepare = (opened) => {
      opened.manual = true;
    };
    link().end();
    clock.advance(100);
    link().connect();
    clock.advance(5000);
    expect(transport.state).toBe('offline');
    clock.advance(1000);
    expect(links.length).toBeGreaterThanOrEqual(3);
  });

  test('events of an earlier connection are void', async () => {
    const old = link();
    old.end();
    await online();
    const received: MqttMessage[] = [];
    await transport.subscribe('a', 1, (message) => received.push(message));
    old.deliver('a');
    old.connect();
    old.end();
    await turn();
    expect(transport.state).toBe('online');
    expect(received).toEqual([]);
  });
});

describe('publishing', () => {
  test('is refused at once without a connection', async () => {
    await expect(transport.publish('a', utf8('x'))).rejects.toMatchObject({ code: 'mqtt-offline' });
    await online();
    await transport.publish('a', utf8('x'));
    link().end();
    await expect(transport.publish('a', utf8('x'))).rejects.toMatchObject({ code: 'mqtt-offline' });
    expect(links[0]?.calls).toEqual(['publish a']);
  });
});

describe('subscribing', () => {
  test('while offline: granted with the next connection, when one can publish too', async () => {
    const granted = transport.subscribe('a', 1, () => {}).then(() => transport.state);
    link().end({ reached: false });
    clock.advance(1000);
    await online();
    await expect(granted).resolves.toBe('online');
  });

  test('once for all handlers of a filter; the broker is told when the last has left', async () => {
    await online();
    const received: string[] = [];
    const leaveFirst = await transport.subscribe('a', 1, () => received.push('first'));
    const leaveSecond = await transport.subscribe('a', 1, () => received.push('second'));
    link().deliver('a');
    await leaveFirst();
    await leaveFirst();
    link().deliver('a');
    await leaveSecond();
    link().deliver('a');
    expect(received).toEqual(['first', 'second', 'second']);
    expect(link().calls).toEqual(['subscribe a 1 1', 'unsubscribe a']);
  });

  test('a broker that does not answer does not keep whoever leaves a topic', async () => {
    await online();
    const leave = await transport.subscribe('a', 1, () => {});
    link().unsubscribe = () => new Promise(() => {});
    let left = false;
    const leaving = leave().then(() => {
      left = true;
    });
    await turn();
    expect(left).toBe(false);
    clock.advance(1000);
    await leaving;
  });

  test('again where a later handler wants a higher QoS', async () => {
    await online();
    await transport.subscribe('a', 0, () => {});
    await transport.subscribe('a', 1, () => {});
    await transport.subscribe('a', 0, () => {});
    expect(link().calls).toEqual(['subscribe a 0 1', 'subscribe a 1 1']);
  });

  test('a refused filter is the error of who asked, and no trace of it stays', async () => {
    await online();
    link().refused.add('secret/#');
    await expect(transport.subscribe('secret/#', 1, () => {})).rejects.toMatchObject({
      code: 'mqtt-refused',
    });
    link().end();
    clock.advance(1000);
    await online();
    expect(link().calls).toEqual([]);
  });

  test('a filter that the broker takes back at a reconnect is logged, and asked for again later', async () => {
    await online();
    await transport.subscribe('a', 1, () => {});
    prepare = (opened) => {
      opened.refused.add('a');
    };
    link().end();
    clock.advance(1000);
    await online();
    expect(warnings).toContain('the broker refuses a subscription that it granted before');
    prepare = () => {};
    link().end();
    clock.advance(1000);
    await online();
    expect(link().calls).toEqual(['subscribe a 1 1']);
  });

  test('overlapping filters: each handler once, also where the broker sends a copy for each', async () => {
    await online();
    const received: string[] = [];
    await transport.subscribe('a/+', 1, () => received.push('a/+'));
    await transport.subscribe('a/#', 1, () => received.push('a/#'));
    await transport.subscribe('a/b', 1, () => received.push('a/b'));
    link().deliver('a/b', [1]);
    link().deliver('a/b', [2]);
    link().deliver('a/b', [3]);
    expect(received.splice(0)).toEqual(['a/+', 'a/#', 'a/b']);
    link().deliver('a/b', [1, 2, 3, 3, 99]);
    expect(received.splice(0)).toEqual(['a/+', 'a/#', 'a/b']);
    link().deliver('a/b');
    expect(received.sort()).toEqual(['a/#', 'a/+', 'a/b']);
  });

  test('without subscription identifiers where the broker has none', async () => {
    link().connect(false);
    await turn();
    await transport.subscribe('a', 1, () => {});
    expect(link().calls).toEqual(['subscribe a 1 undefined']);
  });

  test('a message that the filter does not match is nobody’s, whatever the broker says', async () => {
    await online();
    const received: string[] = [];
    await transport.subscribe('a', 1, ({ topic }) => received.push(topic));
    link().deliver('b', [1]);
    link().deliver('b');
    expect(received).toEqual([]);
  });

  test('a handler that throws harms neither the others nor the connection', async () => {
    await online();
    const received: string[] = [];
    await transport.subscribe('a', 1, () => {
      throw new PeerError('bad', 'bad');
    });
    await transport.subscribe('a', 1, ({ topic }) => received.push(topic));
    link().deliver('a');
    expect(received).toEqual(['a']);
    expect(transport.state).toBe('online');
  });
});

describe('closing', () => {
  test('ends the connection, its timers and what waits', async () => {
    const waiting = transport.subscribe('a', 1, () => {});
    await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'mqtt-offline' }), transport.close()]);
    expect(transport.state).toBe('closed');
    expect(link().calls).toEqual(['close']);
    link().end();
    clock.advance(100_000);
    expect(links).toHaveLength(1);
    expect(clock.pending).toBe(0);
    await expect(transport.subscribe('a', 1, () => {})).rejects.toMatchObject({ code: 'mqtt-offline' });
  });

  test('while it waits for the next round', async () => {
    link().end({ reached: false });
    await transport.close();
    expect(clock.pending).toBe(0);
    expect(states).toEqual(['offline: no connection to the broker: ended', 'closed']);
  });
});
