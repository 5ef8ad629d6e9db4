import { describe, expect, test } from '@jest/globals';
import type { ServedModule } from '../../src/netconf/backend.ts';
import { ModuleIndex } from '../../src/netconf/module-catalog.ts';
import { libraryContentId, modulesState, yangLibrary } from '../../src/netconf/yang-library.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';
import { connect, imported, lampModule, lampNamespace, lampSchema, startServer } from './protocol-fixture.ts';

const library = 'urn:ietf:params:xml:ns:yang:ietf-yang-library';

const superseded: ServedModule = {
  ...lampModule,
  schema: { ...lampSchema, revision: '2026-01-01' },
  conformance: 'superseded',
};
const modern: ServedModule = {
  ...lampModule,
  schema: { ...lampSchema, name: 'modern', namespace: 'urn:modern', revision: '', yangVersion: '1.1' },
};
const modules: readonly ServedModule[] = [
  { ...lampModule, features: ['blinking', 'dimming'] },
  superseded,
  modern,
  imported('types', '2020-01-01'),
];

describe('the YANG library', () => {
  const index = new ModuleIndex(modules);

  test('RFC 8525 §3: one module set for the datastores, without revisions that were superseded', () => {
    expect(writeXml(yangLibrary(index))).toBe(
      `<yang-library xmlns="${library}"><module-set><name>served</name>` +
        `<module><name>mqtt-lamp</name><revision>2026-01-02</revision><namespace>${lampNamespace}</namespace>` +
        '<feature>blinking</feature><feature>dimming</feature></module>' +
        '<module><name>modern</name><namespace>urn:modern</namespace></module>' +
        '<import-only-module><name>types</name><revision>2020-01-01</revision><namespace>urn:types</namespace></import-only-module>' +
        '</module-set><schema><name>served</name><module-set>served</module-set></schema>' +
        '<datastore><name xmlns:ds="urn:ietf:params:xml:ns:yang:ietf-datastores">ds:running</name><schema>served</schema></datastore>' +
        '<datastore><name xmlns:ds="urn:ietf:params:xml:ns:yang:ietf-datastores">ds:startup</name><schema>served</schema></datastore>' +
        '<datastore><name xmlns:ds="urn:ietf:params:xml:ns:yang:ietf-datastores">ds:operational</name><schema>served</schema></datastore>' +
        `<content-id>${index.contentId}</content-id></yang-library>`,
    );
  });

  test('RFC 7895 §2: modules-state, which is what libnetconf2 reads', () => {
    expect(writeXml(modulesState(index))).toBe(
      `<modules-state xmlns="${library}"><module-set-id>${index.contentId}</module-set-id>` +
        `<module><name>mqtt-lamp</name><revision>2026-01-02</revision><namespace>${lampNamespace}</namespace>` +
        '<feature>blinking</feature><feature>dimming</feature><conformance-type>implement</conformance-type></module>' +
        '<module><name>modern</name><revision/><namespace>urn:modern</namespace><conformance-type>implement</conformance-type></module>' +
        '<module><name>types</name><revision>2020-01-01</revision><namespace>urn:types</namespace><conformance-type>import</conformance-type></module>' +
        '</modules-state>',
    );
  });

  test('is made once for a set of modules', () => {
    expect(yangLibrary(index)).toBe(yangLibrary(index));
    expect(modulesState(index)).toBe(modulesState(index));
  });

  test('the content-id is the same for the same modules, in whatever order, and changes with each part', () => {
    const id = libraryContentId(modules);
    expect(libraryContentId([...modules].reverse())).toBe(id);
    expect(libraryContentId(modules.filter((one) => one !== superseded))).toBe(id);
    const others = [
      modules.slice(1),
      [...modules, imported('more', '2020-01-01')],
      [lampModule, ...modules.slice(1)],
      [imported('types', '2020-01-02'), ...modules.slice(0, 3)],
      modules.map((one) => ({ ...one, conformance: 'import' as const })),
    ];
    expect(new Set([id, ...others.map(libraryContentId)]).size).toBe(others.length + 1);
  });

  test('both are state data of the server, whatever the backend has', async () => {
    const client = connect(startServer().server);
    const reply = await client.call(
      `<get><filter><yang-library xmlns="${library}"><content-id/></yang-library><modules-state xmlns="${library}"><module-set-id/></modules-state></filter></get>`,
    );
    const [, contentId] = /<content-id>([0-9a-f]{16})<\/content-id>/.exec(reply) ?? [];
    expect(reply).toContain(`<module-set-id>${contentId}</module-set-id>`);
    expect(contentId).toBe(libraryContentId(startServer().backend.served));
  });
});

describe('hello', () => {
  const { capabilities, contentId } = new ModuleIndex(modules);
  const announced = capabilities.filter((uri) => uri.includes('?module='));

  test('RFC 6020 §5.6.4: lists YANG 1 modules that are implemented, with their features', () => {
    expect(announced).toEqual([
      'urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring?module=ietf-netconf-monitoring&revision=2010-10-04',
      `${lampNamespace}?module=mqtt-lamp&revision=2026-01-02&features=blinking,dimming`,
    ]);
  });

  test('RFC 7950 §5.6.4: leaves modules of YANG 1.1 to the library', () => {
    expect(capabilities.join()).not.toContain('modern');
    expect(capabilities).toContain(
      `urn:ietf:params:netconf:capability:yang-library:1.1?revision=2019-01-04&content-id=${contentId}`,
    );
  });

  test('netconf-wire: no white space, nothing twice', () => {
    expect(capabilities.filter((uri) => /\s/.test(uri))).toEqual([]);
    expect(new Set(capabilities).size).toBe(capabilities.length);
  });

  test('RFC 6241 §8: a capability for each thing that is served beyond the base', () => {
    expect(
      capabilities
        .filter((uri) => uri.startsWith('urn:ietf:params:netconf:'))
        .map((uri) => uri.split('?')[0]),
    ).toEqual([
      'urn:ietf:params:netconf:base:1.0',
      'urn:ietf:params:netconf:base:1.1',
      ...[
        'writable-running:1.0',
        'rollback-on-error:1.0',
        'validate:1.1',
        'startup:1.0',
        'xpath:1.0',
        'notification:1.0',
        'interleave:1.0',
        'with-defaults:1.0',
        'with-operational-defaults:1.0',
        'yang-library:1.1',
      ].map((name) => `urn:ietf:params:netconf:capability:${name}`),
    ]);
  });
});
