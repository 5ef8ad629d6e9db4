import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leafOf, Ncclient, rpcXml } from '../support/ncclient.ts';
import { describeWith } from '../support/peers.ts';
import { Site } from '../support/site.ts';
import { operator } from '../support/system.ts';

const bridgeModule = 'urn:mup:yang:mup-bridge';
const uuid = 'EVENTS-0001';

describeWith(['ncclient'], 'what ncclient learns of devices and updates while it happens', () => {
  let site: Site;
  let client: Ncclient;
  const connect = (): Promise<Ncclient> => Ncclient.connect({ port: site.bridge.port, ...operator });

  beforeAll(async () => {
    site = await Site.start();
    await site.startDevice(uuid, { extra: ['--telemetry-interval-ms', '200'] });
    await site.addImage(2, 3000);
    client = await connect();
  }, 120_000);

  afterAll(async () => {
    await client?.stop();
    await site?.stop();
  });

  /** Subscribes to a stream, and takes its notifications until one is it. */
  const follow = async (stream: string, found: (notification: string) => boolean): Promise<string[]> => {
    const follower = await connect();
    await follower.perform({ op: 'create_subscription', stream, start: '2026-01-01T00:00:00Z' });
    const taken: string[] = [];
    while (!found(taken.at(-1) ?? '')) {
      const { notification } = await follower.perform({ op: 'take_notification', timeout: 60 });
      if (typeof notification !== 'string') throw new Error(`it did not come: ${taken.join('\n')}`);
      taken.push(notification);
    }
    await follower.close();
    expect(follower.complaints).toBe('');
    return taken;
  };

  test('a slice size that edit-config sets holds for the next update, whose states are told in order', async () => {
    const settings = `<settings xmlns="${bridgeModule}"><slice-size>100</slice-size></settings>`;
    const edit =
      '<edit-config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><target><running/></target>' +
      `<config>${settings}</config></edit-config>`;
    expect((await client.dispatch(edit)).error).toBeUndefined();
    const { reply } = await client.perform({ op: 'get', filter: `<firmware xmlns="${bridgeModule}"/>` });
    const digest = leafOf(reply, 'digest') ?? '';
    const ordered = await client.dispatch(rpcXml(bridgeModule, 'update-firmware', { device: uuid, digest }));
    const job = leafOf(ordered.reply, 'job');
    const told = await follow('updates', (text) => /<state>(?:succeeded|failed)</.test(text));
    const states = told
      .filter((text) => text.includes('<update-state '))
      .map((text) => leafOf(text, 'state'));
    expect(states).toEqual([
      'requesting-token',
      'sending-manifest',
      'transferring',
      'verifying',
      'restarting',
      'succeeded',
    ]);
    expect(new Set(told.map((text) => leafOf(text, 'job')))).toEqual(new Set([job]));
    const slices = site.device(uuid).lines.map(({ json }) => json as { event?: string; length?: number });
    const lengths = slices.filter(({ event }) => event === 'slice').map(({ length }) => length);
    expect(new Set(lengths)).toEqual(new Set([100]));
  });

  test('its device registered, and came back with the new firmware', async () => {
    const told = await follow('devices', (text) => leafOf(text, 'firmware-version') === '2');
    expect(told[0]).toContain(`<device-registered xmlns="${bridgeModule}"><uuid>${uuid}</uuid>`);
  });

  test('its measurements come as notifications of its own module', async () => {
    const told = await follow('telemetry', (text) => text.includes('<measurement '));
    expect(told.at(-1)).toMatch(
      new RegExp(
        `<measurement xmlns="urn:mup:yang:mqtt-demo-board"><uuid>${uuid}</uuid><\\w+><value>[^<]+</value><time>`,
      ),
    );
  });

  test('ncclient had nothing to complain about', () => {
    expect(client.complaints).toBe('');
  });
});
