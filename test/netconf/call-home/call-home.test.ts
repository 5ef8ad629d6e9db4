import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CallHome } from '../../../src/netconf/call-home/call-home.ts';
import type { CallEvents } from '../../../src/netconf/call-home/call-home-client.ts';
import {
  type CallHomeTarget,
  configuredTargets,
  targetFromText,
} from '../../../src/netconf/call-home/call-home-config.ts';
import { bridgeNamespace } from '../../../src/netconf/namespaces.ts';
import { element, type XmlElement } from '../../../src/xml/element.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ManualConfig } from '../../support/manual-config.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const node = (name: string, content: readonly XmlElement[] | string): XmlElement =>
  element(bridgeNamespace, name, content);

/** `/mup:call-home` with these clients, leaves by name. */
function callHomeOf(...clients: readonly Record<string, string>[]): XmlElement[] {
  const entries = clients.map((leaves) =>
    node(
      'client',
      Object.entries(leaves).map(([name, value]) => node(name, value)),
    ),
  );
  return [node('call-home', entries)];
}

interface DialledCall {
  readonly target: CallHomeTarget;
  readonly events: CallEvents;
  hungUp: boolean;
}

function start(tree: readonly XmlElement[] = [], fixed: readonly CallHomeTarget[] = [], chance = 0xff) {
  const clock = new ManualClock();
  const config = new ManualConfig(tree);
  const logger = new RecordingLogger();
  const calls: DialledCall[] = [];
  const callHome = new CallHome(config, fixed, {
    dial: (target, events) => {
      const call = { target, events, hungUp: false };
      calls.push(call);
      return {
        hangUp() {
          call.hungUp = true;
          events.ended('hung up');
        },
      };
    },
    clock,
    random: (length) => new Uint8Array(length).fill(chance),
    logger,
  });
  const last = (): DialledCall => {
    const call = calls.at(-1);
    if (call === undefined) throw new RangeError('nobody was called');
    return call;
  };
  return { clock, config, logger, calls, callHome, last };
}

const wall = { name: 'wall', address: '192.0.2.1' };

describe('the clients that are called', () => {
  test('defaults are those of the module: port 4334 (RFC 8071 section 5), enabled', () => {
    expect(configuredTargets(callHomeOf(wall))).toEqual([
      { ...wall, port: 4334, reconnectMinMs: 1000, reconnectMaxMs: 60_000 },
    ]);
  });

  test('everything may be set, and a client that is not enabled is left out', () => {
    const set = { ...wall, port: '8000', enabled: 'true', 'reconnect-min': '5', 'reconnect-max': '50' };
    expect(configuredTargets(callHomeOf(set, { ...wall, name: 'off', enabled: 'false' }))).toEqual([
      { ...wall, port: 8000, reconnectMinMs: 5, reconnectMaxMs: 50 },
    ]);
  });

  test.each([
    ['noc.example.org', 'noc.example.org', 4334],
    ['192.0.2.1:5000', '192.0.2.1', 5000],
    ['2001:db8::1', '2001:db8::1', 4334],
    ['[2001:db8::1]', '2001:db8::1', 4334],
    ['[fe80::1%eth0]:4335', 'fe80::1%eth0', 4335],
  ])('%s names one', (text, address, port) => {
    expect(targetFromText(text)).toMatchObject({ name: text, address, port });
  });

  test.each(['', ':1', 'a b', 'host:', 'host:0', 'host:65536', '[::1', '[::1]x', 'a/b', 'x\n', 'user@host'])(
    '%j names none',
    (text) => {
      expect(targetFromText(text)).toBeUndefined();
    },
  );

  test('a text that names one names a port in range, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: -1, max: 100_000 }), (host, port) => {
        const target = targetFromText(`${host}:${port}`);
        expect(target === undefined || (target.port >= 1 && target.port <= 65_535)).toBe(true);
      }),
    );
  });
});

describe('RFC 8071 section 4.1, a persistent connection', () => {
  test('every client is called at once', () => {
    const fixed = targetFromText('192.0.2.9');
    const { calls } = start(
      callHomeOf(wall, { ...wall, name: 'desk', port: '5000' }),
      fixed === undefined ? [] : [fixed],
    );
    expect(calls.map(({ target }) => target.name)).toEqual(['192.0.2.9', 'wall', 'desk']);
  });

  test('who is named in the settings and in the configuration, or twice, is called once', () => {
    const fixed = [targetFromText('NOC.example.org:5000'), targetFromText('noc.example.org:5000')];
    const noc = { name: 'noc', address: 'noc.example.org', port: '5000' };
    const targets = fixed.filter((target) => target !== undefined);
    const { calls, config, clock } = start(callHomeOf(noc, wall, { ...wall, name: 'door' }), targets);
    const called = (): readonly string[] => calls.map(({ target }) => target.name);
    expect(called()).toEqual(['NOC.example.org:5000', 'wall']);
    config.commit(callHomeOf({ ...wall, name: 'door' }));
    clock.advance(0);
    expect(calls.map(({ target, hungUp }) => [target.name, hungUp])).toEqual([
      ['NOC.example.org:5000', false],
      ['wall', true],
      ['door', false],
    ]);
  });

  test('waits double up to the longest, and stay there', () => {
    const { calls, clock, last } = start(callHomeOf({ ...wall, 'reconnect-max': '5000' }));
    for (const wait of [1000, 2000, 4000, 5000, 5000, 5000]) {
      last().events.ended('refused');
      const before = calls.length;
      clock.advance(wait - 1);
      expect(calls).toHaveLength(before);
      clock.advance(1);
      expect(calls).toHaveLength(before + 1);
    }
  });

  test('chance halves a wait at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 40 }), (chance, failures) => {
        const { calls, clock, last } = start(callHomeOf(wall), [], chance);
        for (let i = 0; i < failures; i += 1) {
          last().events.ended('refused');
          clock.advance(60_000);
        }
        const before = calls.length;
        last().events.ended('refused');
        const wait = Math.min(60_000, 1000 * 2 ** failures);
        clock.advance(wait / 2 - 1);
        expect(calls).toHaveLength(before);
        clock.advance(wait / 2 + 1);
        expect(calls).toHaveLength(before + 1);
      }),
    );
  });

  test('a login makes waits short again; a mere connection does not', () => {
    const { calls, clock, last } = start(callHomeOf(wall));
    for (let i = 0; i < 10; i += 1) {
      last().events.ended('refused');
      clock.advance(60_000);
    }
    last().events.loggedIn();
    last().events.ended('closed');
    const before = calls.length;
    clock.advance(1000);
    expect(calls).toHaveLength(before + 1);
  });

  test('at any time there is one call or one wait', () => {
    const { clock, last } = start(callHomeOf(wall));
    expect(clock.pending).toBe(0);
    last().events.ended('refused');
    expect(clock.pending).toBe(1);
    clock.advance(1000);
    expect(clock.pending).toBe(0);
  });

  test('each change is logged once', () => {
    const { clock, logger, last } = start(callHomeOf(wall));
    for (let i = 0; i < 5; i += 1) {
      last().events.ended('refused');
      clock.advance(60_000);
    }
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
    expect(logger.lines[0]?.fields).toMatchObject({ client: 'wall', reason: 'refused' });
    last().events.loggedIn();
    last().events.loggedIn();
    last().events.ended('closed');
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn', 'info', 'info']);
  });
});

describe('the configuration changes', () => {
  test('a client that is added is called', () => {
    const { config, calls } = start();
    config.commit(callHomeOf(wall));
    expect(calls).toHaveLength(1);
  });

  test.each([
    ['removed', []],
    ['disabled', callHomeOf({ ...wall, enabled: 'false' })],
  ])('a client that is %s is disconnected, after the reply, and called no more', (_, tree) => {
    const { config, calls, clock, last } = start(callHomeOf(wall));
    last().events.loggedIn();
    config.commit(tree);
    expect(last().hungUp).toBe(false);
    clock.advance(0);
    expect(last().hungUp).toBe(true);
    clock.advance(120_000);
    expect(calls).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('a client that is removed while it is waited for is called no more', () => {
    const { config, calls, clock, last } = start(callHomeOf(wall));
    last().events.ended('refused');
    config.commit([]);
    clock.advance(120_000);
    expect(calls).toHaveLength(1);
  });

  test('a client with another address is called there', () => {
    const { config, calls, clock } = start(callHomeOf(wall));
    config.commit(callHomeOf({ ...wall, address: '192.0.2.2' }));
    clock.advance(0);
    expect(calls.map(({ target, hungUp }) => [target.address, hungUp])).toEqual([
      ['192.0.2.1', true],
      ['192.0.2.2', false],
    ]);
  });

  test('other waits hold at once, and nobody is disconnected for them', () => {
    const { config, calls, clock, last } = start(callHomeOf({ ...wall, 'reconnect-min': '50000' }));
    last().events.ended('refused');
    config.commit(callHomeOf({ ...wall, 'reconnect-min': '10' }));
    clock.advance(20);
    expect(calls).toHaveLength(2);
    config.commit(callHomeOf({ ...wall, 'reconnect-min': '20' }));
    clock.advance(0);
    expect(last().hungUp).toBe(false);
  });

  test('a commit about something else changes no wait', () => {
    const { config, calls, clock, last } = start(callHomeOf(wall));
    last().events.ended('refused');
    for (let i = 0; i < 10; i += 1) {
      clock.advance(100);
      config.commit(callHomeOf(wall));
    }
    expect(calls).toHaveLength(2);
  });

  test('after close nobody is called, and the configuration is not followed', () => {
    const { callHome, config, calls, clock, last } = start(callHomeOf(wall));
    callHome.close();
    clock.advance(0);
    expect(last().hungUp).toBe(true);
    config.commit(callHomeOf({ ...wall, name: 'desk' }));
    clock.advance(120_000);
    expect(calls).toHaveLength(1);
    expect(config.listeners).toBe(0);
  });
});
