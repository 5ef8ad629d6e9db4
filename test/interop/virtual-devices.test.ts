import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leafOf, Ncclient, rpcXml } from '../support/ncclient.ts';
import { describeWith, root } from '../support/peers.ts';
import type { Program } from '../support/program.ts';
import {
  type BridgeProcess,
  operator,
  run,
  startBridgeProcess,
  startDeviceProcess,
} from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { yangdump, yanglint } from '../support/yang-tools.ts';

const bridgeModule = 'urn:mup:yang:mup-bridge';
const floorModule = 'urn:mup:yang:mqtt-floor';
const floor = 'FLOOR-0001';
const board = 'BOARD-0001';
const relays = ['RELAY-0001', 'RELAY-0002', 'RELAY-0003'] as const;

const example = (name: string): string => join(root, 'ontologies', 'examples', `${name}.jsonld`);

describeWith(['ncclient', 'yanglint', 'yangdump'], 'a virtual device of three relays and a board', () => {
  let directory: string;
  let bridge: BridgeProcess;
  let client: Ncclient;
  const devices = new Map<string, Program>();

  const start = async (uuid: string, description: string, extra: readonly string[] = []): Promise<void> => {
    const stateDir = join(directory, uuid);
    const { mqttUrl } = bridge;
    devices.set(uuid, await startDeviceProcess({ uuid, mqttUrl, stateDir, description, extra }));
  };
  const switchAll = () =>
    client.dispatch(rpcXml(floorModule, 'setRelay', { uuidInput: floor, closed: 'true' }));
  /** The entry of the virtual device. */
  const entry = async (): Promise<string> => {
    const filter = `<devices xmlns="${bridgeModule}"><device><uuid>${floor}</uuid></device></devices>`;
    return (await client.perform({ op: 'get', filter })).reply ?? '';
  };
  const membersIn = (reply = ''): Record<string, string> =>
    Object.fromEntries(
      [...reply.matchAll(/<member(?: [^>]*)?><uuid>([^<]*)<\/uuid>(.*?)<\/member>/g)].map(
        ([, uuid = '', rest = '']) => [uuid, leafOf(rest, 'retval') ?? leafOf(rest, 'error-app-tag') ?? rest],
      ),
    );

  beforeAll(async () => {
    directory = await temporaryDirectory();
    bridge = await startBridgeProcess(join(directory, 'bridge'));
    client = await Ncclient.connect({ port: bridge.port, ...operator });
    const state = ['--state-dir', bridge.stateDir];
    const added = await run(['description', 'add', example('virtual-floor'), '--uuid', floor, ...state]);
    expect(added).toContain('mqtt-floor');
    for (const uuid of relays) await start(uuid, example('relay'));
  }, 120_000);

  afterAll(async () => {
    await client?.stop();
    for (const device of devices.values()) await device.stop();
    await bridge?.program.stop();
  });

  test('one call goes to all, and tells of the member that never came', async () => {
    const { reply, error } = await switchAll();
    expect(error).toBeUndefined();
    expect(leafOf(reply, 'retval')).toBe('PARTIAL');
    expect(membersIn(reply)).toEqual({
      [board]: 'instance-required',
      ...Object.fromEntries(relays.map((uuid) => [uuid, '10_OK'])),
    });
  });

  test('the board that came later measures for it, and has no relay to switch', async () => {
    await start(board, example('updatable-device'), ['--telemetry-interval-ms', '100']);
    expect(leafOf((await switchAll()).reply, 'retval')).toBe('OK');
    const filter = `<telemetry xmlns="${floorModule}"><device><uuid>${floor}</uuid></device></telemetry>`;
    let reply = '';
    // It measures in its own time.
    for (let attempt = 0; attempt < 500 && !reply.includes('<member>'); attempt += 1)
      reply = (await client.perform({ op: 'get', filter })).reply ?? '';
    expect(reply).toMatch(
      new RegExp(
        `<device><uuid>${floor}</uuid><member><uuid>${board}</uuid><temperature><value>-?[0-9.]+</value>`,
      ),
    );
  });

  test('a relay that leaves has failed until it returns', async () => {
    const [first] = relays;
    await devices.get(first)?.stop();
    const { reply } = await switchAll();
    expect(leafOf(reply, 'retval')).toBe('PARTIAL');
    expect(membersIn(reply)).toEqual({
      ...Object.fromEntries(relays.map((uuid) => [uuid, '10_OK'])),
      [first]: 'device-offline',
    });
    expect(leafOf(await entry(), 'presence')).toBe('online');
    await start(first, example('relay'));
    const { reply: again } = await switchAll();
    expect(leafOf(again, 'retval')).toBe('OK');
    expect(Object.keys(membersIn(again))).toEqual([...relays]);
  });

  test('a relay that is removed is no member until it registers again', async () => {
    const [, , last] = relays;
    await devices.get(last)?.stop();
    await client.dispatch(rpcXml(bridgeModule, 'remove-device', { device: last }));
    expect(Object.keys(membersIn((await switchAll()).reply))).toEqual(relays.slice(0, 2));
    expect(await entry()).not.toContain(`<member>${last}</member>`);
    await start(last, example('relay'));
    expect(Object.keys(membersIn((await switchAll()).reply))).toEqual([...relays]);
    expect(await entry()).toContain(`<member>${last}</member>`);
  });

  test('all of them gone is an rpc-error that names each', async () => {
    for (const device of devices.values()) await device.stop();
    const { error } = await switchAll();
    expect(error).toMatchObject({ tag: 'operation-failed', appTag: 'members-failed' });
    for (const uuid of relays) expect(error?.info).toContain(`<uuid>${uuid}</uuid>`);
    expect(leafOf(await entry(), 'presence')).toBe('offline');
  });

  test('its module is clean, and ncclient had nothing to complain about', async () => {
    const { schema = '' } = await client.perform({ op: 'get_schema', name: 'mqtt-floor' });
    expect(yanglint({ 'mqtt-floor': schema })).toBe('');
    expect(yangdump({ 'mqtt-floor': schema })).toBe('');
    expect(client.complaints).toBe('');
  });
});
