import { describe, expect, test } from '@jest/globals';
import type { ServedModule } from '../../../src/netconf/backend.ts';
import type { NetconfEvent } from '../../../src/netconf/events/event.ts';
import { ModuleWatch, moduleEvents } from '../../../src/netconf/events/module-events.ts';
import { ModuleCatalog, ModuleIndex } from '../../../src/netconf/module-catalog.ts';
import { monitoringNamespace as monitoring } from '../../../src/netconf/namespaces.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  connect,
  imported,
  lampModule,
  lampNamespace,
  lampSchema,
  ScriptedBackend,
  settled,
  startServer,
} from '../protocol-fixture.ts';

const library = 'urn:ietf:params:xml:ns:yang:ietf-yang-library';
const baseEvents = 'urn:ietf:params:xml:ns:yang:ietf-netconf-notifications';

const fan: ServedModule = {
  ...lampModule,
  schema: { ...lampSchema, name: 'mqtt-fan', namespace: 'urn:mup:yang:mqtt-fan' },
};
const newLamp: ServedModule = { ...lampModule, schema: { ...lampSchema, revision: '2026-01-03' } };

const libraryCapability = (index: ModuleIndex): string =>
  `urn:ietf:params:netconf:capability:yang-library:1.1?revision=2019-01-04&amp;content-id=${index.contentId}`;

function eventsOf(before: readonly ServedModule[], after: readonly ServedModule[]): string[] {
  return moduleEvents(new ModuleIndex(before), new ModuleIndex(after)).map(writeXml);
}

describe('what subscribers learn of modules', () => {
  test('RFC 6470 §2.2: capabilities that came, went, or have other parameters', () => {
    const before = [lampModule, imported('types', '2020-01-01')];
    const after = [newLamp, fan];
    const index = new ModuleIndex(after);
    const [change] = eventsOf(before, after);
    expect(change).toBe(
      `<netconf-capability-change xmlns="${baseEvents}"><changed-by><server/></changed-by>` +
        '<added-capability>urn:mup:yang:mqtt-fan?module=mqtt-fan&amp;revision=2026-01-02</added-capability>' +
        `<modified-capability>${libraryCapability(index)}</modified-capability>` +
        `<modified-capability>${lampNamespace}?module=mqtt-lamp&amp;revision=2026-01-03</modified-capability>` +
        '</netconf-capability-change>',
    );
    expect(eventsOf(after, before)[0]).toContain(
      '<deleted-capability>urn:mup:yang:mqtt-fan?module=mqtt-fan&amp;revision=2026-01-02</deleted-capability>',
    );
  });

  test('RFC 8525 §3, RFC 7895 §2.2: the new content-id, and the module-set-id', () => {
    const { contentId } = new ModuleIndex([fan]);
    expect(eventsOf([lampModule], [fan]).slice(1)).toEqual([
      `<yang-library-update xmlns="${library}"><content-id>${contentId}</content-id></yang-library-update>`,
      `<yang-library-change xmlns="${library}"><module-set-id>${contentId}</module-set-id></yang-library-change>`,
    ]);
  });

  test('nothing when no client sees a difference', () => {
    expect(eventsOf([lampModule], [{ ...lampModule }, { ...newLamp, conformance: 'superseded' }])).toEqual(
      [],
    );
  });
});

describe('the watch on the modules', () => {
  function watched() {
    const backend = new ScriptedBackend();
    const clock = new ManualClock();
    const events: NetconfEvent[] = [];
    const catalog = new ModuleCatalog(backend);
    const watch = new ModuleWatch({
      backend,
      catalog,
      clock,
      events: { emit: (event) => events.push(event) },
    });
    const names = (): string[] => events.splice(0).map(({ content }) => content.name);
    return { backend, clock, watch, names };
  }
  const all = ['netconf-capability-change', 'yang-library-update', 'yang-library-change'];

  test('changes that come together are told together', () => {
    const { backend, clock, names } = watched();
    backend.serve([lampModule]);
    backend.serve([lampModule, fan]);
    expect(names()).toEqual([]);
    clock.advance(100);
    expect(names()).toEqual(all);
    backend.serve([fan]);
    clock.advance(100);
    expect(names()).toEqual(all);
  });

  test('what comes and goes at once is not told', () => {
    const { backend, clock, names } = watched();
    const { served } = backend;
    backend.serve([...served, fan]);
    backend.serve([...served]);
    clock.advance(1000);
    expect(names()).toEqual([]);
  });

  test('nothing is told once it is closed', () => {
    const { backend, clock, watch, names } = watched();
    backend.serve([fan]);
    watch.close();
    backend.serve([lampModule]);
    clock.advance(1000);
    expect(names()).toEqual([]);
  });
});

describe('a module that goes while a session is open', () => {
  const reset = `<reset xmlns="${lampNamespace}"/>`;
  const subscription =
    '<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"></create-subscription>';

  test('its RPCs are answered operation-not-supported, and the session goes on', async () => {
    const { server, backend } = startServer();
    const client = connect(server);
    expect(await client.call(reset)).toContain('<ok/>');
    backend.serve([fan]);
    expect(await client.call(reset)).toContain('<error-tag>operation-not-supported</error-tag>');
    expect(await client.call(`<reset xmlns="${fan.schema.namespace}"/>`)).toContain('<ok/>');
    backend.serve([lampModule]);
    expect(await client.call(reset)).toContain('<ok/>');
  });

  test('whoever has subscribed is told', async () => {
    const { server, backend, clock } = startServer();
    const client = connect(server);
    expect(await client.call(subscription)).toContain('<ok/>');
    backend.serve([fan]);
    clock.advance(1000);
    await settled();
    const told = client.takeMessages().join('');
    expect(told).toContain(`<deleted-capability>${lampNamespace}?module=mqtt-lamp&amp;`);
    expect(told).toContain('<yang-library-update xmlns=');
    expect(told).toContain('<yang-library-change xmlns=');
  });

  test('an earlier revision stays readable by get-schema, and is listed', async () => {
    const { server, backend } = startServer();
    const client = connect(server);
    const earlier: ServedModule = { ...lampModule, conformance: 'superseded', text: async () => 'earlier' };
    backend.serve([newLamp, earlier]);
    const getSchema = (version: string): string =>
      `<get-schema xmlns="${monitoring}"><identifier>mqtt-lamp</identifier>${version}</get-schema>`;
    expect(await client.call(getSchema('<version>2026-01-02</version>'))).toContain('>earlier</data>');
    expect(await client.call(getSchema(''))).toContain('data-not-unique');
    const listed = await client.call(
      `<get><filter><netconf-state xmlns="${monitoring}"><schemas/></netconf-state></filter></get>`,
    );
    expect(listed.match(/<version>[^<]+/g)).toEqual(['<version>2026-01-03', '<version>2026-01-02']);
  });
});
