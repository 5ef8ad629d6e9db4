import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { publishPacketSize } from '../../src/mqtt/publish-packet.ts';
import type { NetconfClient } from '../../src/netconf/client.ts';
import { RpcReplyError } from '../../src/netconf/client.ts';
import { textOf } from '../../src/xml/element.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { MqttConnections } from '../support/mqtt-connections.ts';
import { describeWith } from '../support/peers.ts';
import { mup } from '../support/program.ts';
import { ScriptedDevice } from '../support/scripted-device.ts';
import { Site } from '../support/site.ts';
import { SliceObserver } from '../support/slice-observer.ts';
import { exampleDescription } from '../support/system.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { resultOf, startUpdate } from '../support/update-command.ts';
import { ended, operatorSession, orderUpdate } from '../support/update-orders.ts';

const patience = 240_000;
/** 1,000 slices, four of them in flight. */
const imageBytes = 600_000;
const window = 4;
const uuid = 'RESUMES';

const settings = `
[update]
initialTimeoutMs = 500
minTimeoutMs = 100
maxTimeoutMs = 500
restartDeadlineMs = 10000
`;

describeWith(['mosquitto'], 'a transfer that was interrupted goes on where it was', () => {
  const connections = new MqttConnections();
  let broker: Mosquitto;
  /** Between device and broker. */
  let radio: TcpProxy;
  let site: Site;
  let session: NetconfClient;
  let seen: SliceObserver;
  let version = 1;

  beforeAll(async () => {
    broker = await startMosquitto();
    radio = await startTcpProxy(broker.port);
    site = await Site.start({ mqttUrl: broker.url, settings });
    session = await operatorSession(site.bridge);
    await site.startDevice(uuid, { mqttUrl: `mqtt://127.0.0.1:${radio.port}` });
    seen = await SliceObserver.watch(await connections.online(broker.url), uuid);
  }, patience);

  afterAll(async () => {
    await session?.close();
    await connections.closeAll();
    await site?.stop();
    await radio?.close();
    await broker?.stop();
  });

  beforeEach(() => seen.reset());

  /** An update, of which a part has arrived when this resolves. */
  async function underWay(): Promise<string> {
    version += 1;
    const { digest } = await site.addImage(version, imageBytes);
    const job = await orderUpdate(session, uuid, digest);
    await seen.until(({ acknowledged }) => acknowledged > imageBytes / 10);
    return job;
  }

  /** It ends well, and nothing that the device had is sent again but what was in flight. */
  async function goesOn(job: string, acknowledged: number, since: number): Promise<void> {
    const end = await ended(session, job);
    expect([end.state, end.failure, end.round]).toEqual(['succeeded', undefined, 1]);
    const again = seen.slices.slice(since).filter(({ offset, length }) => offset + length <= acknowledged);
    expect(new Set(again.map(({ offset }) => offset)).size).toBeLessThanOrEqual(window);
    await site.device(uuid).json({ event: 'restarted', version });
  }

  test(
    'when the connection of the device broke',
    async () => {
      const job = await underWay();
      const { acknowledged } = seen;
      radio.cut();
      await goesOn(job, acknowledged, seen.slices.length);
    },
    patience,
  );

  test(
    'when the broker died and came back',
    async () => {
      const job = await underWay();
      const { acknowledged } = seen;
      await broker.kill();
      const since = seen.slices.length;
      await broker.start();
      await goesOn(job, acknowledged, since);
    },
    patience,
  );

  test(
    'when the bridge was killed and started again; who followed the job follows it to its end',
    async () => {
      radio.hold(imageBytes / 4);
      const job = await underWay();
      const follower = mup(['job', job, '--json', '--state-dir', site.stateDir]);
      await follower.json({ state: 'transferring' });
      const { acknowledged } = seen;
      await site.bridge.program.kill();
      const since = seen.slices.length;
      await site.serve();
      session = await operatorSession(site.bridge);
      radio.release();
      await goesOn(job, acknowledged, since);
      expect(await follower.exited).toBe(0);
      expect(follower.lines.at(-1)?.json).toMatchObject({ job, state: 'succeeded' });
      expect(follower.stderr).toMatch(/waiting for the bridge\nmup: the bridge is back\n$/);
    },
    patience,
  );

  test(
    'mup update over a bridge that is killed in mid-transfer, to the end of its job',
    async () => {
      radio.hold(imageBytes / 4);
      version += 1;
      const { file } = await site.addImage(version, imageBytes);
      const update = startUpdate(['--device', uuid, '--image', file, '--state-dir', site.stateDir]);
      await update.line(({ json }) => Object(json)['bytesSent'] > 0);
      await site.bridge.program.kill();
      await site.serve();
      session = await operatorSession(site.bridge);
      radio.release();
      const { code, steps, stderr } = await resultOf(update);
      expect([code, steps.at(-1)]).toMatchObject([0, { result: 'succeeded', firmwareVersion: version }]);
      expect(steps.filter(({ step }) => step === 'ordered')).toHaveLength(1);
      expect(stderr).toMatch(/waiting for the bridge\nmup: the bridge is back\n$/);
    },
    patience,
  );

  test(
    'when the device was stopped for longer than the timeout of a slice',
    async () => {
      const job = await underWay();
      site.device(uuid).signal('SIGSTOP');
      const stopped = seen.slices.length;
      // What is in flight, and then all of it again, twice.
      await seen.until(({ slices }) => slices.length > stopped + 4 * window);
      const { acknowledged } = seen;
      const since = seen.slices.length;
      site.device(uuid).signal('SIGCONT');
      await goesOn(job, acknowledged, since);
    },
    patience,
  );

  test(
    'of two operators who start the same update at once one succeeds, and the other gets its job',
    async () => {
      version += 1;
      const { digest } = await site.addImage(version, imageBytes);
      const other = await operatorSession(site.bridge);
      const orders = await Promise.allSettled([session, other].map((one) => orderUpdate(one, uuid, digest)));
      await other.close();
      const job = orders.find((order) => order.status === 'fulfilled')?.value ?? '';
      const refusals = orders.filter((order) => order.status === 'rejected').map(({ reason }) => reason);
      expect(refusals).toHaveLength(1);
      const refusal: unknown = refusals[0];
      expect(refusal).toBeInstanceOf(RpcReplyError);
      expect(refusal).toMatchObject({ code: 'update-in-progress' });
      const info = refusal instanceof RpcReplyError ? (refusal.errors[0]?.info ?? []) : [];
      expect(info.filter(({ name }) => name === 'job').map(textOf)).toEqual([job]);
      expect((await ended(session, job)).state).toBe('succeeded');
      // Exactly one image went to the device.
      expect(seen.slices.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(2 * imageBytes);
    },
    patience,
  );

  test(
    'a device that comes back with an older firmware than it was given ends the job with that failure',
    async () => {
      const description = await readFile(exampleDescription, 'utf8');
      const older = await connections.online(broker.url);
      await ScriptedDevice.start(older, 'OLDER', description, { comesBackWith: 1 });
      const { digest } = await site.addImage(90, 6000);
      const end = await ended(session, await orderUpdate(session, 'OLDER', digest));
      expect([end.state, end.step, end.failure]).toEqual(['failed', 'restarting', 'version-not-installed']);
    },
    patience,
  );

  test(
    'a device whose broker drops what is over its Maximum Packet Size gets slices that fit, and as big as that',
    async () => {
      const packetBytes = 1000;
      const description = (await readFile(exampleDescription, 'utf8')).replace(
        '"mup:maxSliceSize": 600',
        `"mup:maxSliceSize": 2000, "mup:maximumPacketSize": ${packetBytes}`,
      );
      const narrow = await connections.online(broker.url, { maxPacketBytes: packetBytes });
      const describedBy = await connections.online(broker.url);
      await ScriptedDevice.start(narrow, 'NARROW', description, { comesBackWith: 91, describedBy });
      const wide = await SliceObserver.watch(describedBy, 'NARROW');
      const { digest } = await site.addImage(91, 20_000);
      const end = await ended(session, await orderUpdate(session, 'NARROW', digest));
      expect([end.state, end.failure]).toEqual(['succeeded', undefined]);
      const [first] = wide.slices;
      const bytes = publishPacketSize('mup/firmware/NARROW/image', 4 + (first?.length ?? 0), { qos: 0 }, 5);
      expect(bytes).toBeLessThanOrEqual(packetBytes);
      expect(bytes).toBeGreaterThan(packetBytes - 10);
    },
    patience,
  );
});
