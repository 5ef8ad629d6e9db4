import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { AccessControl } from '../../src/netconf/access/access-control.ts';
import type { NetconfEvent } from '../../src/netconf/events/event.ts';
import { baseNamespace, bridgeNamespace, nacmNamespace } from '../../src/netconf/namespaces.ts';
import { NetconfServer } from '../../src/netconf/server.ts';
import { rule, rulesFor } from '../netconf/access-fixture.ts';
import {
  connect,
  memoryDatastores,
  parse,
  type ScriptedClient,
  settled,
} from '../netconf/protocol-fixture.ts';
import { dataPoint, description, operation } from '../support/example-description.ts';
import { eventStreams } from '../support/memory-event-log.ts';
import { RecordingEvents } from '../support/recording-events.ts';
import { BenchBridge, newWorld } from './bench-bridge.ts';

const one = deviceUuid('dev-1');
const two = deviceUuid('dev-2');
const lampNamespace = 'urn:mup:yang:mqtt-lamp';

const lamp = description({
  operations: [operation('blink', { states: [{ name: '10_OK' }] })],
  dataPoints: [dataPoint('temperature')],
});

/** Passes events on, as the bridge of a server has them. */
class ForwardedEvents extends RecordingEvents {
  to: (event: NetconfEvent) => void = () => {};

  override emit(event: NetconfEvent): void {
    super.emit(event);
    this.to(event);
  }
}

const device = (uuid = ''): string =>
  `<path xmlns:mup="${bridgeNamespace}">/mup:devices/mup:device${uuid && `[mup:uuid='${uuid}']`}</path>`;

describe('a group that may read one device only (RFC 8341 §3.4.5)', () => {
  let bench: BenchBridge;
  let anna: ScriptedClient;
  let bert: ScriptedClient;

  beforeEach(async () => {
    const events = new ForwardedEvents();
    const world = { ...newWorld(), events };
    bench = await BenchBridge.start(world);
    const { backend, clock } = bench;
    const schemas = backend.modules().map(({ schema }) => schema);
    const datastores = memoryDatastores(
      schemas.filter(({ namespace }) => namespace === nacmNamespace || namespace === bridgeNamespace),
      clock,
    );
    const rules = rulesFor('anna', rule('permit', device(one)), rule('deny', device()));
    const config = parse(
      `<config xmlns="${baseNamespace}"><nacm xmlns="${nacmNamespace}">${rules}</nacm></config>`,
    );
    await datastores.edit({ target: 'running', config });
    const streams = eventStreams(clock);
    events.to = (event) => streams.emit(event);
    const server = new NetconfServer({
      backend,
      datastores,
      access: new AccessControl({ config: datastores, backend }),
      events: streams,
      config: defaultConfig.netconf,
      clock,
      logger: silentLogger,
    });
    await bench.register(lamp, 'lamp', one);
    await bench.register(lamp, 'lamp', two);
    bench.broker.inject('telemetry/temperature/dev-1', '20', { qos: 0 });
    bench.broker.inject('telemetry/temperature/dev-2', '30', { qos: 0 });
    await bench.settled();
    anna = connect(server, 'chunked', 'anna');
    bert = connect(server, 'chunked', 'bert');
  });
  afterEach(() => bench.close());

  const blink = (uuid: string): string =>
    `<blink xmlns="${lampNamespace}"><uuidInput>${uuid}</uuidInput></blink>`;

  test.each([
    ['everything', '<get/>'],
    ['the devices', `<get><filter><devices xmlns="${bridgeNamespace}"/></filter></get>`],
    ['its telemetry', `<get><filter><telemetry xmlns="${lampNamespace}"/></filter></get>`],
    [
      'the other device by its key',
      `<get><filter><devices xmlns="${bridgeNamespace}"><device><uuid>dev-2</uuid></device></devices></filter></get>`,
    ],
  ])('get of %s shows nothing of another device', async (what, get) => {
    const reply = await anna.call(get);
    expect(reply).not.toContain('dev-2');
    expect(reply.includes('dev-1')).toBe(!what.startsWith('the other'));
    expect(await bert.call(get)).toContain('dev-2');
  });

  test('an RPC to another device answers as for one that does not exist', async () => {
    bench.play('device/dev-1', 'mup/response/dev-1', () => '10_OK');
    const heard = bench.play('device/dev-2', 'mup/response/dev-2', () => '10_OK');
    const unknown = (await anna.call(blink('dev-9'))).replaceAll('dev-9', 'UUID');
    expect(unknown).toContain('<error-tag>data-missing</error-tag>');
    expect((await anna.call(blink('dev-2'))).replaceAll('dev-2', 'UUID')).toBe(unknown);
    expect(heard).toEqual([]);
    anna.sendRpc(blink('dev-1'));
    await bench.settled();
    expect(await anna.reply()).toContain('10_OK');
    const remove = (uuid: string): string =>
      `<remove-device xmlns="${bridgeNamespace}"><device>${uuid}</device></remove-device>`;
    expect(await bert.call(remove('dev-1'))).toContain('<error-tag>access-denied</error-tag>');
  });

  test('its notifications come, those of another device do not (§3.4.6)', async () => {
    const subscribe = '<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"/>';
    for (const client of [anna, bert]) expect(await client.call(subscribe)).toContain('<ok/>');
    bench.broker.inject('telemetry/temperature/dev-2', '31', { qos: 0 });
    bench.broker.inject('telemetry/temperature/dev-1', '21', { qos: 0 });
    bench.broker.inject('mup/status/dev-2', 'offline', { retain: true });
    await bench.settled();
    bench.clock.advance(0);
    await settled();
    const about = (client: ScriptedClient): string[] =>
      client
        .takeMessages()
        .flatMap(
          (message) =>
            /<uuid>(dev-\d)<\/uuid>|<device>(dev-\d)<\/device>/.exec(message)?.slice(1).filter(Boolean) ?? [],
        );
    expect(new Set(about(anna))).toEqual(new Set(['dev-1']));
    expect(new Set(about(bert))).toEqual(new Set(['dev-1', 'dev-2']));
  });
});
