import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { dateAndTime } from '../../src/base/clock.ts';
import { Ncclient, type NcclientAnswer, NcclientSessions } from '../support/ncclient.ts';
import { describeWith } from '../support/peers.ts';
import { type BridgeProcess, operator, startBridgeProcess, startDeviceProcess } from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const bridgeModule = 'urn:mup:yang:mup-bridge';
const events = 'urn:ietf:params:xml:ns:yang:ietf-netconf-notifications';

describeWith(['ncclient'], 'notifications, as ncclient takes them (RFC 5277)', () => {
  let directory: string;
  let bridge: BridgeProcess;
  const sessions = new NcclientSessions();

  beforeAll(async () => {
    directory = await temporaryDirectory();
    bridge = await startBridgeProcess(join(directory, 'bridge'));
  }, 60_000);

  afterEach(async () => {
    for (const complaints of await sessions.stop()) expect(complaints).toBe('');
  });

  afterAll(() => bridge?.program.stop());

  const login = (): Promise<Ncclient> => sessions.login({ port: bridge.port, ...operator });

  const subscribe = (
    client: Ncclient,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<NcclientAnswer> => client.perform({ op: 'create_subscription', ...more });

  /** Takes notifications up to the one that holds `text`. */
  async function takeUntil(client: Ncclient, text: string): Promise<string[]> {
    const taken: string[] = [];
    while (!taken.at(-1)?.includes(text)) {
      const { notification } = await client.perform({ op: 'take_notification', timeout: 20 });
      if (typeof notification !== 'string') throw new TypeError(`no ${text} after ${taken.join('\n')}`);
      taken.push(notification);
    }
    return taken;
  }

  const contents = (notifications: readonly string[]): string[] =>
    notifications.map((one) => /<\/eventTime><([\w-]+)/.exec(one)?.[1] ?? one);

  test('hello announces :notification and :interleave, /netconf/streams what there is', async () => {
    const client = await login();
    const { capabilities } = await client.perform({ op: 'capabilities' });
    expect(capabilities).toEqual(
      expect.arrayContaining([
        'urn:ietf:params:netconf:capability:notification:1.0',
        'urn:ietf:params:netconf:capability:interleave:1.0',
      ]),
    );
    const { reply } = await client.perform({
      op: 'get',
      filter:
        '<netconf xmlns="urn:ietf:params:xml:ns:netmod:notification"><streams><stream><name/></stream></streams></netconf>',
    });
    expect([...(reply ?? '').matchAll(/<name>(\w+)<\/name>/g)].map(([, name]) => name)).toEqual([
      'NETCONF',
      'devices',
      'updates',
      'telemetry',
    ]);
  }, 30_000);

  test('sessions that begin and end are told, and requests are served meanwhile', async () => {
    const [watcher, other] = [await login(), await login()];
    expect((await subscribe(watcher)).reply).toContain('<ok/>');
    await (await login()).close();
    const told = await takeUntil(watcher, '<netconf-session-end');
    expect(contents(told)).toEqual(['netconf-session-start', 'netconf-session-end']);
    expect(told[1]).toContain('<termination-reason>closed</termination-reason>');
    expect(told[1]).toContain(`<username>${operator.username}</username>`);
    const { sessionId } = await other.perform({ op: 'capabilities' });
    expect((await watcher.perform({ op: 'kill_session', id: sessionId })).reply).toContain('<ok/>');
    const [killed] = (await takeUntil(watcher, '<netconf-session-end')).slice(-1);
    const { sessionId: killer } = await watcher.perform({ op: 'capabilities' });
    expect(killed).toContain(
      `<killed-by>${killer}</killed-by><termination-reason>killed</termination-reason>`,
    );
  }, 30_000);

  test('a device that registers is told in the stream devices, and its module as a change of capabilities', async () => {
    const [watcher, modules] = [await login(), await login()];
    await subscribe(watcher, { stream: 'devices' });
    const filter = ['subtree', `<netconf-capability-change xmlns="${events}"/>`];
    await subscribe(modules, { filter });
    const device = await startDeviceProcess({
      uuid: 'NOTIFYING-0001',
      mqttUrl: bridge.mqttUrl,
      stateDir: join(directory, 'device'),
    });
    const registered = (await takeUntil(watcher, '<device-registered')).at(-1);
    expect(registered).toContain(`<device-registered xmlns="${bridgeModule}"><uuid>NOTIFYING-0001</uuid>`);
    const changed = await takeUntil(modules, '<netconf-capability-change');
    expect(changed).toHaveLength(1);
    expect(changed[0]).toContain('module=mqtt-demo-board');
    await device.stop();
    await takeUntil(watcher, '<presence>offline</presence>');
  }, 60_000);

  test('a replay, over a restart of the bridge, until its stop time', async () => {
    const client = await Ncclient.connect({ port: bridge.port, ...operator });
    const start = dateAndTime(Date.now() - 600_000);
    await client.close();
    await bridge.program.stop();
    // The users and the events are those of the run before.
    bridge = await startBridgeProcess(bridge.stateDir);
    const later = await login();
    const stop = dateAndTime(Date.now() + 3000);
    await subscribe(later, { stream: 'devices', start, stop });
    const told = await takeUntil(later, '<notificationComplete');
    expect(contents(told)).toEqual(expect.arrayContaining(['device-registered']));
    expect(contents(told).slice(-2)).toEqual(['replayComplete', 'notificationComplete']);
    expect((await subscribe(later, { stream: 'devices' })).reply).toContain('<ok/>');
  }, 60_000);

  test('what cannot be subscribed to is refused as ncclient understands it', async () => {
    const client = await login();
    expect((await subscribe(client, { stream: 'rivers' })).error).toMatchObject({
      type: 'application',
      tag: 'invalid-value',
    });
    const future = dateAndTime(Date.now() + 60_000);
    expect((await subscribe(client, { start: future })).error).toMatchObject({ tag: 'bad-element' });
    await subscribe(client);
    expect((await subscribe(client)).error).toMatchObject({ type: 'protocol', tag: 'in-use' });
  }, 30_000);
});
