import { describe, expect, test } from '@jest/globals';
import type { PerformedRequest } from '../../src/netconf/audit.ts';
import type { RpcOutput } from '../../src/netconf/backend.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import { connect, idOf, reset, settled, startServer } from './protocol-fixture.ts';

describe('the order of requests', () => {
  test('requests of a session run and are answered in order, one at a time', async () => {
    const { server, backend } = startServer();
    const answers: (() => void)[] = [];
    backend.answer = () => new Promise<RpcOutput>((resolve) => answers.push(() => resolve([])));
    const client = connect(server);
    for (const id of ['1', '2']) client.sendRpc(reset, id);
    client.sendRpc('<get/>', '3');
    await settled();
    expect([answers.length, client.takeMessages()]).toEqual([1, []]);
    answers[0]?.();
    expect(idOf(await client.reply())).toBe('1');
    expect(answers).toHaveLength(2);
    answers[1]?.();
    expect([idOf(await client.reply()), idOf(await client.reply())]).toEqual(['2', '3']);
  });

  test('requests that take long together leave the others a turn', async () => {
    const { server, backend, clock } = startServer();
    backend.get = async () => {
      clock.busy(4);
      return [];
    };
    const client = connect(server);
    for (let i = 0; i < 6; i += 1) client.sendRpc('<get/>', `${i}`);
    await settled();
    // The turn begins when a further request waits.
    expect(client.takeMessages()).toHaveLength(4);
    clock.advance(0);
    await settled();
    expect(client.takeMessages()).toHaveLength(2);
  });

  /** A top-level node of a hundred leaves, each of which takes a millisecond to be written. */
  const longState = (clock: { busy(ms: number): void }): { readonly top: XmlElement; written(): number } => {
    let written = 0;
    const leaf = {
      ...element('urn:x', 'leaf'),
      get name() {
        written += 1;
        clock.busy(1);
        return 'leaf';
      },
    };
    return { top: element('urn:x', 'top', new Array<XmlElement>(100).fill(leaf)), written: () => written };
  };

  test('a long reply is written in turns, and others are answered meanwhile', async () => {
    const { server, backend, clock } = startServer();
    backend.data = [longState(clock).top];
    const [slow, other] = [connect(server), connect(server, 'chunked', 'other')];
    slow.sendRpc('<get/>', '1');
    await settled();
    other.sendRpc('<get><filter/></get>', '2');
    await settled();
    expect(slow.takeMessages()).toEqual([]);
    expect(other.takeMessages()).toEqual([expect.stringContaining('<data/>')]);
    for (let turns = 0; turns < 100; turns += 1) {
      clock.advance(0);
      await settled();
    }
    expect(slow.takeMessages()[0]?.match(/<leaf\/>/g)).toHaveLength(100);
  });

  test('a long reply to a session that is gone is not written to its end', async () => {
    const { server, backend, clock } = startServer();
    const { top, written } = longState(clock);
    backend.data = [top];
    const client = connect(server);
    client.sendRpc('<get/>', '1');
    await settled();
    const before = written();
    expect(before).toBeLessThan(100);
    client.handle.closed();
    for (let turns = 0; turns < 100; turns += 1) {
      clock.advance(0);
      await settled();
    }
    // The entry that was to come next, and no other.
    expect(written()).toBeLessThan(before + 5);
  });

  test('the sessions share a turn: many of them take no longer than one', async () => {
    const { server, backend, clock } = startServer();
    const served: string[] = [];
    backend.get = async (filter) => {
      served.push(filter?.maySelect('urn:other', 'x') === true ? 'other' : 'crowd');
      clock.busy(6);
      return [];
    };
    const crowd = [1, 2, 3, 4].map(() => connect(server));
    for (const client of crowd) for (let i = 0; i < 3; i += 1) client.sendRpc('<get/>', `${i}`);
    const other = connect(server, 'chunked', 'other');
    other.sendRpc('<get><filter><x xmlns="urn:other"/></filter></get>', '1');
    await settled();
    // One request of each, and what else there was time for; then it is everybody's turn again.
    expect(served.indexOf('other')).toBeLessThan(8);
    for (let turns = 0; turns < 12; turns += 1) {
      clock.advance(0);
      await settled();
    }
    expect(served).toHaveLength(13);
  });

  test('a session whose device is slow does not keep another waiting', async () => {
    const { server, backend } = startServer();
    backend.answer = () => new Promise(() => {});
    const [slow, quick] = [connect(server), connect(server)];
    slow.sendRpc(reset);
    expect(await quick.call('<get><filter/></get>')).toContain('<data/>');
  });

  test('the answer to a session that is gone goes nowhere', async () => {
    const { server, backend } = startServer();
    let answer = (): void => {};
    backend.answer = () =>
      new Promise((resolve) => {
        answer = () => resolve([]);
      });
    const client = connect(server);
    client.sendRpc(reset);
    await settled();
    client.handle.closed();
    const written = client.port.written.length;
    answer();
    await settled();
    expect([client.port.written.length, backend.calls[0]?.context.signal.aborted]).toEqual([written, true]);
    expect([client.port.ends, client.port.aborts]).toEqual([0, 0]);
  });

  test('a request whose session ends before the answer is in the account all the same', async () => {
    const performed: PerformedRequest[] = [];
    const audit = { performed: (request: PerformedRequest) => void performed.push(request) };
    const { server, backend } = startServer({}, { audit });
    backend.answer = ({ context: { signal } }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const client = connect(server);
    client.sendRpc(reset);
    await settled();
    client.handle.closed();
    await settled();
    expect(performed).toMatchObject([{ operation: { name: 'reset' }, reply: [], unanswered: true }]);
  });
});
