import { describe, expect, test } from '@jest/globals';
import { UnavailableError } from '../../src/base/errors.ts';
import { deviceUuid, digest } from '../../src/base/ids.ts';
import { LastingSession } from '../../src/cli/lasting-session.ts';
import { runUpdateJob } from '../../src/cli/update-order.ts';
import { RpcReplyError } from '../../src/netconf/client.ts';
import { baseNamespace, bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { childElements, element, type XmlElement } from '../../src/xml/element.ts';
import { eagerClock } from '../support/eager-clock.ts';

const uuid = deviceUuid('dev-1');
const image = digest('ab'.repeat(32));
const lost = new UnavailableError('netconf-closed', 'the connection was lost');
const slow = new UnavailableError('netconf-timeout', 'no reply');
const down = new UnavailableError('netconf-unreachable', 'connection refused');

const node = (name: string, content: readonly XmlElement[] | string): XmlElement =>
  element(bridgeNamespace, name, content);
const leavesOf = (values: Readonly<Record<string, string>>): XmlElement[] =>
  Object.entries(values).map(([name, value]) => node(name, value));

/** What comes of an order: whether the bridge takes it, and what is heard of that. */
type Outcome = 'answered' | 'taken and lost' | 'lost' | 'late';

/** A bridge whose jobs end as soon as somebody looks, and whose connections break at orders. */
class BreakingBridge {
  readonly jobs: { readonly id: string; readonly image: string }[] = [];
  orders = 0;
  readonly #outcomes: Outcome[];
  #late = false;

  constructor(...outcomes: Outcome[]) {
    this.#outcomes = outcomes;
  }

  async rpc(operation: XmlElement): Promise<XmlElement> {
    if (operation.name === 'update-firmware') return this.#order();
    const [asked] = childElements(childElements(operation)[0] ?? operation);
    if (asked?.name === 'devices')
      return this.#data('devices', [
        node('device', leavesOf({ uuid, module: 'mqtt-x', presence: 'online' })),
      ]);
    if (asked?.name === 'firmware')
      return this.#data('firmware', [node('image', leavesOf({ digest: image }))]);
    const jobs = this.jobs.map((job) =>
      leavesOf({ ...job, device: uuid, state: 'succeeded', 'new-version': '2' }),
    );
    return this.#data(
      'update-jobs',
      jobs.map((leaves) => node('job', leaves)),
    );
  }

  #order(): XmlElement {
    this.orders += 1;
    if (this.#late) {
      // The order before this one has arrived meanwhile.
      this.#take();
      throw inProgress('1');
    }
    const outcome = this.#outcomes.shift() ?? 'answered';
    this.#late = outcome === 'late';
    if (outcome === 'late') throw slow;
    if (outcome === 'lost') throw lost;
    this.#take();
    if (outcome === 'taken and lost') throw lost;
    return element(baseNamespace, 'rpc-reply', [node('job', String(this.jobs.length))]);
  }

  #take(): void {
    this.jobs.push({ id: String(this.jobs.length + 1), image });
  }

  #data(name: string, entries: readonly XmlElement[]): XmlElement {
    return element(baseNamespace, 'rpc-reply', [element(baseNamespace, 'data', [node(name, entries)])]);
  }
}

function inProgress(job: string): RpcReplyError {
  const error = { type: 'application', tag: 'in-use', severity: 'error', appTag: 'update-in-progress' };
  return new RpcReplyError([{ ...error, message: `updated by job ${job}`, info: [node('job', job)] }]);
}

/** Orders an update at a bridge; connections to it can be made as often as said. */
async function update(bridge: BreakingBridge, connections = 10) {
  const clock = eagerClock();
  const { signal } = new AbortController();
  let left = connections;
  let standing = true;
  const rpc = async (operation: XmlElement): Promise<XmlElement> => {
    if (!standing) throw lost;
    try {
      return await bridge.rpc(operation);
    } catch (error) {
      standing = error !== lost;
      throw error;
    }
  };
  const connect = async () => {
    left -= 1;
    if (left < 0) throw down;
    standing = true;
    return { rpc, putFile: async () => {}, close: async () => {} };
  };
  const session = new LastingSession({
    ...{ first: await connect(), connect, clock, signal },
    ...{ onLost: () => {}, onBack: () => {} },
  });
  return runUpdateJob(
    { uuid, digest: image },
    {
      ...{ session, clock, signal },
      ...{ putFile: async () => {}, onStep: () => {}, onChange: () => {} },
    },
  );
}

describe('an order whose bridge is lost before it answers', () => {
  test('stands: its job is found and followed, and nothing is ordered again', async () => {
    const bridge = new BreakingBridge('taken and lost');
    bridge.jobs.push({ id: 'earlier', image }, { id: 'other', image: 'cd'.repeat(32) });
    expect(await update(bridge)).toEqual({ firmwareVersion: 2, job: '3' });
    expect(bridge.orders).toBe(1);
  });

  test('does not stand: it is given again', async () => {
    const bridge = new BreakingBridge('lost', 'lost');
    expect(await update(bridge)).toEqual({ firmwareVersion: 2, job: '1' });
    expect(bridge.orders).toBe(3);
  });

  test('arrives while it is given again: the one job of the two is followed', async () => {
    const bridge = new BreakingBridge('late');
    expect(await update(bridge)).toEqual({ firmwareVersion: 2, job: '1' });
    expect([bridge.orders, bridge.jobs.length]).toEqual([2, 1]);
  });

  test('of a bridge that does not come back: said that it is not known, and how to know', async () => {
    await expect(update(new BreakingBridge('taken and lost'), 1)).rejects.toMatchObject({
      ...{ exitCode: 6, code: 'netconf-closed' },
      hint: expect.stringContaining(`mup jobs --device ${uuid}`),
    });
  });
});

test('an update of which another one is in the way names that one, and how to follow it', async () => {
  const bridge = new BreakingBridge();
  bridge.rpc = ((rpc) => async (operation: XmlElement) => {
    if (operation.name === 'update-firmware') throw inProgress('1');
    return rpc.call(bridge, operation);
  })(bridge.rpc);
  await expect(update(bridge)).rejects.toMatchObject({
    ...{ exitCode: 3, code: 'update-in-progress' },
    hint: expect.stringContaining('mup job 1'),
  });
});
