import { describe, expect, test } from '@jest/globals';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import { type SliceSending, SliceTurns } from '../../src/bridge/slice-turns.ts';

/** A connection that takes a slice when it is told to. */
class Connection {
  readonly sent: string[] = [];
  readonly #open: Deferred<void>[] = [];

  take(slice: string): Promise<void> {
    this.sent.push(slice);
    const taken = deferred();
    this.#open.push(taken);
    return taken.promise;
  }

  get waiting(): number {
    return this.#open.length;
  }

  /** Takes so many of those that wait, the oldest first. */
  async taken(count: number): Promise<void> {
    for (const one of this.#open.splice(0, count)) one.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function transfer(name: string, slices: number, connection: Connection): SliceSending {
  let sent = 0;
  let sending = false;
  return {
    get hasMore() {
      return !sending && sent < slices;
    },
    async send() {
      sending = true;
      sent += 1;
      await connection.take(name);
      sending = false;
    },
  };
}

describe('the turns of transfers', () => {
  test('a transfer with a thousand slices waits for those with a few after each of its own', async () => {
    const connection = new Connection();
    const turns = new SliceTurns();
    turns.enter(transfer('wide', 1000, connection));
    for (const name of ['a', 'b', 'c']) turns.enter(transfer(name, 3, connection));
    while (connection.sent.length < 16) await connection.taken(1);
    for (const name of ['a', 'b', 'c'])
      expect(connection.sent.slice(0, 12).filter((sent) => sent === name)).toHaveLength(3);
    expect(connection.sent.slice(12)).toEqual(connection.sent.slice(12).map(() => 'wide'));
  });

  test('a connection that takes nothing is given no more than a few slices, whatever waits', async () => {
    const connection = new Connection();
    const turns = new SliceTurns();
    for (let i = 0; i < 1000; i += 1) turns.enter(transfer(`${i}`, 16, connection));
    await connection.taken(0);
    expect(connection.waiting).toBe(16);
    await connection.taken(1000);
    expect(connection.waiting).toBe(16);
    expect(new Set(connection.sent).size).toBe(32);
  });

  test('who has left gets no turn, and who has nothing to send holds nobody up', async () => {
    const connection = new Connection();
    const turns = new SliceTurns();
    for (let i = 0; i < 16; i += 1) turns.enter(transfer(`first ${i}`, 1, connection));
    const gone = transfer('gone', 1, connection);
    turns.enter(gone);
    turns.enter(transfer('idle', 0, connection));
    turns.enter(transfer('last', 1, connection));
    turns.leave(gone);
    await connection.taken(16);
    expect(connection.sent.slice(16)).toEqual(['last']);
  });
});
