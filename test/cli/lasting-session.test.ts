import { describe, expect, test } from '@jest/globals';
import { PeerError, UnavailableError } from '../../src/base/errors.ts';
import { type ClosableSession, LastingSession, reconnectMs } from '../../src/cli/lasting-session.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import { eagerClock } from '../support/eager-clock.ts';

const question = element('urn:x', 'get', '');
const answer = element('urn:x', 'reply', '');
const lost = new UnavailableError('netconf-closed', 'the connection was lost');
const refused = new UnavailableError('netconf-unreachable', 'connection refused');

/** A session that answers, or fails, each time as the next outcome says. */
class ScriptedSession implements ClosableSession {
  closed = 0;
  readonly #outcomes: (XmlElement | Error)[];

  constructor(...outcomes: (XmlElement | Error)[]) {
    this.#outcomes = outcomes;
  }

  async rpc(): Promise<XmlElement> {
    const next = this.#outcomes.shift() ?? answer;
    if (next instanceof Error) throw next;
    return next;
  }

  async putFile(): Promise<void> {
    await this.rpc();
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

function lasting(
  first: ScriptedSession,
  attempts: (ScriptedSession | Error)[],
  stop = new AbortController(),
) {
  const clock = eagerClock();
  const said: string[] = [];
  const session = new LastingSession({
    first,
    async connect() {
      const next = attempts.shift() ?? refused;
      if (next instanceof Error) throw next;
      return next;
    },
    clock,
    signal: stop.signal,
    onLost: (reason) => said.push(`lost: ${reason}`),
    onBack: () => said.push('back'),
  });
  return { session, clock, said };
}

describe('a session that outlives a restart of the bridge', () => {
  test('what was asked is asked again when the bridge is back, and who follows is told of both', async () => {
    const first = new ScriptedSession(answer, lost);
    const second = new ScriptedSession();
    const { session, said } = lasting(first, [refused, refused, second]);
    expect(await session.rpc(question)).toBe(answer);
    expect(said).toEqual([]);
    expect(await session.rpc(question)).toBe(answer);
    expect(said).toEqual(['lost: the connection was lost', 'back']);
    await session.close();
    expect([first.closed, second.closed]).toEqual([1, 1]);
  });

  test('a file whose upload broke off is sent again; one that is refused is not', async () => {
    const no = new PeerError('sftp-refused', 'the disk is full');
    const second = new ScriptedSession();
    const broken = lasting(new ScriptedSession(no, lost), [second]);
    await broken.session.putFile('x', new Uint8Array());
    expect(broken.said).toEqual(['lost: the connection was lost', 'back']);
    const refusing = lasting(new ScriptedSession(no, answer), []);
    await expect(refusing.session.putFile('x', new Uint8Array())).rejects.toBe(no);
  });

  test('what must not be asked twice is not, and mended by the next request', async () => {
    const { session, said } = lasting(new ScriptedSession(lost, lost), [new ScriptedSession()]);
    await expect(session.once(question)).rejects.toBe(lost);
    expect(said).toEqual([]);
    expect(await session.rpc(question)).toBe(answer);
  });

  test('a bridge that does not come back is given up, with what was lost', async () => {
    const { session, clock, said } = lasting(new ScriptedSession(lost), []);
    const from = clock.monotonic();
    await expect(session.rpc(question)).rejects.toBe(lost);
    expect(clock.monotonic() - from).toBe(reconnectMs);
    expect(said).toEqual(['lost: the connection was lost']);
  });

  test('what the bridge refuses, and a login that is refused when it is back, is not tried again', async () => {
    const no = new PeerError('access-denied', 'no');
    await expect(lasting(new ScriptedSession(no), []).session.rpc(question)).rejects.toBe(no);
    const login = new UnavailableError('login-refused', 'removed meanwhile');
    const { session } = lasting(new ScriptedSession(lost), [login]);
    await expect(session.rpc(question)).rejects.toBe(login);
  });

  test('who stops looking does not wait for it', async () => {
    const stop = new AbortController();
    stop.abort();
    const { session, said } = lasting(new ScriptedSession(lost), [], stop);
    await expect(session.rpc(question)).rejects.toBe(lost);
    expect(said).toEqual([]);
  });
});
