import { beforeEach, describe, expect, test } from '@jest/globals';
import { type UserAccess, unrestricted } from '../../src/netconf/access/user-access.ts';
import { baseNamespace } from '../../src/netconf/namespaces.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import type { ModuleSchema } from '../../src/yang/schema.ts';
import {
  connect,
  lampModule,
  lampNamespace,
  leaf,
  type ScriptedClient,
  type ServerFixture,
  startServer,
} from './protocol-fixture.ts';

const nmda = 'urn:ietf:params:xml:ns:yang:ietf-netconf-nmda';
const identities = 'urn:ietf:params:xml:ns:yang:ietf-datastores';
const homeNamespace = 'urn:mup:yang:home';

const state = { config: false } as const;

/** Configuration with state in it: below containers, in list entries, beside them. */
const homeSchema: ModuleSchema = {
  name: 'home',
  namespace: homeNamespace,
  prefix: 'home',
  revision: '2026-01-01',
  rpcs: new Map(),
  data: [
    {
      kind: 'container',
      name: 'home',
      children: [
        leaf('street'),
        leaf('floors', undefined, { default: '1' }),
        leaf('doors', undefined, { default: '1' }),
        {
          kind: 'list',
          name: 'room',
          keys: ['name'],
          children: [
            leaf('name'),
            leaf('colour'),
            leaf('warmth', undefined, state),
            {
              kind: 'container',
              name: 'door',
              children: [leaf('lock'), leaf('angle', undefined, { ...state, default: '0' })],
            },
          ],
        },
      ],
    },
    {
      kind: 'container',
      name: 'weather',
      ...state,
      children: [
        { kind: 'container', name: 'wind', ...state, children: [leaf('speed', undefined, state)] },
        leaf('rain', undefined, { ...state, default: 'none' }),
      ],
    },
  ],
};

const node = (name: string, content: readonly XmlElement[] | string): XmlElement =>
  element(homeNamespace, name, content);
const room = (name: string, ...more: readonly XmlElement[]): XmlElement =>
  node('room', [node('name', name), ...more]);

let fixture: ServerFixture;
let client: ScriptedClient;
/** What the session's user may do. */
let access: UserAccess;

beforeEach(async () => {
  access = unrestricted;
  const forUser = (): UserAccess => ({
    mayCall: (namespace, name) => access.mayCall(namespace, name),
    mayRead: (path) => access.mayRead(path),
    readable: (data) => access.readable(data),
    mayReceive: () => true,
    mayWrite: (path, operations) => access.mayWrite(path, operations),
    refusedWrite: (before, after) => access.refusedWrite(before, after),
  });
  fixture = startServer({}, { schemas: [homeSchema], access: { forUser } });
  const { backend, datastores } = fixture;
  backend.served = [{ ...lampModule, schema: homeSchema }];
  const configured = node('home', [
    node('street', 'Elm'),
    node('doors', '1'),
    room('hall', node('colour', 'red'), node('door', [node('lock', 'old')])),
  ]);
  await datastores.edit({ target: 'running', config: element(baseNamespace, 'config', [configured]) });
  backend.data = [
    node('home', [room('attic', node('warmth', '9'), node('door', [node('angle', '0')]))]),
    node('weather', [node('wind', [node('speed', '3')]), node('rain', 'none')]),
  ];
  client = connect(fixture.server);
});

const tagOf = (reply: string): string | undefined => /<error-tag>([a-z-]+)</.exec(reply)?.[1];
const badOf = (reply: string): string | undefined => /<bad-element>([a-z-]+)</.exec(reply)?.[1];
/** Data without the namespaces, for which other tests are. */
const dataOf = (reply: string): string => {
  const data = /<data xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"(?:\/>|>(.*)<\/data>)/s.exec(
    reply,
  );
  return data === null ? reply : (data[1] ?? '').replace(/ xmlns(:\w+)?="[^"]*"/g, '');
};
const datastore = (name: string): string => `<datastore xmlns:d="${identities}">d:${name}</datastore>`;
const getData = (name: string, content = ''): Promise<string> =>
  client.call(`<get-data xmlns="${nmda}">${datastore(name)}${content}</get-data>`);
const read = async (name: string, content = ''): Promise<string> => dataOf(await getData(name, content));
const subtree = (content: string): string => `<subtree-filter>${content}</subtree-filter>`;
const home = (content: string): string => `<home xmlns="${homeNamespace}">${content}</home>`;
const xpath = (text: string): string =>
  `<xpath-filter xmlns:h="${homeNamespace}" xmlns:l="${lampNamespace}">${text}</xpath-filter>`;

const hall = '<room><name>hall</name><colour>red</colour><door><lock>old</lock></door></room>';
const attic = '<room><name>attic</name><warmth>9</warmth><door><angle>0</angle></door></room>';
const weather = '<weather><wind><speed>3</speed></wind><rain>none</rain></weather>';

describe('get-data (RFC 8526 §3.1.1)', () => {
  test('of a datastore of configuration is what get-config answers', async () => {
    const running = `<home><street>Elm</street><doors>1</doors>${hall}</home>`;
    expect(await read('running')).toBe(running);
    expect(await read('startup')).toBe('');
    await fixture.datastores.copy('running', 'startup');
    expect(await read('startup')).toBe(running);
  });

  test('of operational is configuration and state, with the defaults in use (RFC 8342 §5.3)', async () => {
    const all = `<home><street>Elm</street><doors>1</doors>${hall}${attic}<floors>1</floors></home>${weather}`;
    expect((await read('operational')).replace(/<netconf-state>.*/s, '')).toBe(all);
  });

  test('the server’s own state is there too', async () => {
    expect(await read('operational')).toContain('<netconf-state>');
    expect(await read('operational', xpath('/*/l:x | //*[local-name()="content-id"]'))).toMatch(
      /^<yang-library><content-id>\w+<\/content-id><\/yang-library>$/,
    );
  });

  test.each([
    ['a subtree filter', subtree(home('<street/>')), '<home><street>Elm</street></home>'],
    ['a subtree filter that is empty', subtree(''), ''],
    [
      'a content match',
      subtree(home('<room><name>attic</name><warmth/></room>')),
      '<home><room><name>attic</name><warmth>9</warmth></room></home>',
    ],
    ['an XPath', xpath('//h:speed'), '<weather><wind><speed>3</speed></wind></weather>'],
    [
      'an XPath with white space around it',
      xpath('\n //h:warmth '),
      '<home><room><name>attic</name><warmth>9</warmth></room></home>',
    ],
  ])('selects by %s', async (_, filter, data) => {
    expect(await read('operational', filter)).toBe(data);
  });

  const config = (value: boolean): string => `<config-filter>${value}</config-filter>`;
  const depth = (levels: number | string): string => `<max-depth>${levels}</max-depth>`;
  const ours = xpath('/h:*');

  test.each([
    [
      'configuration',
      ours + config(true),
      `<home><street>Elm</street><doors>1</doors>${hall}<room><name>attic</name><door/></room><floors>1</floors></home>`,
    ],
    ['state, with what holds it and keys', ours + config(false), `<home>${attic}</home>${weather}`],
    [
      'what both filters select, and no more',
      xpath('//h:warmth | //h:street') + config(true),
      '<home><street>Elm</street></home>',
    ],
    [
      'likewise of a subtree',
      subtree(home('<room><door/></room>')) + config(false),
      '<home><room><name>attic</name><door><angle>0</angle></door></room></home>',
    ],
    ['nothing, where nothing is of both', xpath('//h:street') + config(false), ''],
    ['the nodes alone', ours + depth(1), '<home/><weather/>'],
    [
      'two levels, entries with their keys',
      ours + depth(2),
      '<home><street>Elm</street><doors>1</doors><room><name>hall</name></room><room><name>attic</name></room>' +
        '<floors>1</floors></home><weather><wind/><rain>none</rain></weather>',
    ],
    [
      'levels below what is selected, not below the root',
      xpath("//h:room[h:name='hall']") + depth(2),
      '<home><room><name>hall</name><colour>red</colour><door/></room></home>',
    ],
    [
      'likewise of a subtree',
      subtree(home('<room><name>hall</name><door/></room>')) + depth(1),
      '<home><room><name>hall</name><door/></room></home>',
    ],
    [
      'what is selected below what is cut off',
      xpath('/h:weather | //h:speed') + depth(1),
      '<weather><wind><speed>3</speed></wind></weather>',
    ],
    ['all levels', xpath('/h:weather') + depth('unbounded'), weather],
    ['all levels, if there are not as many', xpath('/h:weather') + depth(65535), weather],
    ['a text as its leaf', xpath('//h:rain/text()') + depth(1), '<weather><rain>none</rain></weather>'],
    ['all, by the root', `${xpath('/')}${depth(1)}${config(true)}`, '<home/>'],
    ['both at once', ours + config(false) + depth(2), '<weather><wind/><rain>none</rain></weather>'],
  ])('config-filter and max-depth: %s', async (_, content, data) => {
    expect(await read('operational', content)).toBe(data);
  });

  test('without a filter, the top-level nodes are the selected ones', async () => {
    expect(await read('running', depth(1))).toBe('<home/>');
    expect(await read('running', config(false))).toBe('');
    expect(await read('running', config(true))).toBe(await read('running'));
  });

  const mode = (name: string): string => `<with-defaults>${name}</with-defaults>`;

  test.each([
    ['explicit', '<doors>1</doors>'],
    ['trim', ''],
    ['report-all', '<doors>1</doors><floors>1</floors>'],
    ['report-all-tagged', '<doors>1</doors><floors ns1:default="true">1</floors>'],
  ])('with-defaults of configuration (RFC 6243): %s', async (name, data) => {
    const filter = xpath('//h:doors | //h:floors');
    expect(await read('running', filter + mode(name))).toBe(data && `<home>${data}</home>`);
  });

  const tagged = ' ns1:default="true"';

  test.each([
    ['explicit', '<doors>1</doors>', '<angle>0</angle>', '<floors>1</floors>'],
    ['report-all', '<doors>1</doors>', '<angle>0</angle>', '<floors>1</floors>'],
    [
      'report-all-tagged',
      `<doors${tagged}>1</doors>`,
      `<angle${tagged}>0</angle>`,
      `<floors${tagged}>1</floors>`,
    ],
  ])('with-defaults of operational (§3.1.1.2): %s', async (name, doors, angle, floors) => {
    expect(await read('operational', xpath('//h:doors | //h:floors | //h:angle') + mode(name))).toBe(
      `<home>${doors}<room><name>attic</name><door>${angle}</door></room>${floors}</home>`,
    );
  });

  test('with-defaults of operational: trim leaves out defaults, of state too', async () => {
    expect(await read('operational', ours + mode('trim'))).toBe(
      `<home><street>Elm</street>${hall}<room><name>attic</name><warmth>9</warmth></room></home>` +
        '<weather><wind><speed>3</speed></wind></weather>',
    );
  });

  test.each([
    ['no datastore', '', 'missing-element', 'datastore'],
    ['one that is not served', datastore('candidate'), 'invalid-value', 'datastore'],
    ['one that is not served', datastore('intended'), 'invalid-value', 'datastore'],
    ['an identity that is none', datastore('other'), 'invalid-value', 'datastore'],
    ['the base of all', datastore('datastore'), 'invalid-value', 'datastore'],
    ['none at all', '<datastore/>', 'invalid-value', 'datastore'],
    ['no prefix', '<datastore>running</datastore>', 'invalid-value', 'datastore'],
    ['a prefix that is not declared', '<datastore>x:running</datastore>', 'invalid-value', 'datastore'],
    [
      'an identity of another module',
      '<datastore xmlns:d="urn:x">d:running</datastore>',
      'invalid-value',
      'datastore',
    ],
    [
      'two prefixes',
      `<datastore xmlns:d="${identities}">x:d:running</datastore>`,
      'invalid-value',
      'datastore',
    ],
    ['two datastores', datastore('running') + datastore('startup'), 'bad-element', 'datastore'],
    [
      'both filters',
      `${datastore('running')}${subtree('')}${xpath('/h:home')}`,
      'bad-element',
      'xpath-filter',
    ],
    [
      'an XPath that selects no nodes',
      datastore('running') + xpath('1 + 1'),
      'invalid-value',
      'xpath-filter',
    ],
    ['an XPath that is none', datastore('running') + xpath('//*['), 'invalid-value', 'xpath-filter'],
    [
      'an XPath with an unknown prefix',
      datastore('running') + xpath('/u:x'),
      'invalid-value',
      'xpath-filter',
    ],
    [
      'an XPath that is too long',
      datastore('running') + xpath(`/a${'/a'.repeat(3000)}`),
      'too-big',
      undefined,
    ],
    ['a subtree that is too big', datastore('running') + subtree('<a/>'.repeat(1001)), 'too-big', undefined],
    [
      'a config-filter that is no boolean',
      `${datastore('running')}<config-filter>yes</config-filter>`,
      'invalid-value',
      'config-filter',
    ],
    ...['0', '65536', '-1', 'all', '', '1.5', '1e3'].map((text): [string, string, string, string] => [
      `a max-depth of ${JSON.stringify(text)}`,
      `${datastore('running')}<max-depth>${text}</max-depth>`,
      'invalid-value',
      'max-depth',
    ]),
    [
      'a mode that is none',
      `${datastore('running')}<with-defaults>all</with-defaults>`,
      'invalid-value',
      'with-defaults',
    ],
    [
      'the same of operational',
      `${datastore('operational')}<with-defaults>all</with-defaults>`,
      'invalid-value',
      'with-defaults',
    ],
    ...['with-origin', 'origin-filter', 'negated-origin-filter'].map(
      (name): [string, string, string, string] => [
        `a feature that is not announced: ${name}`,
        `${datastore('operational')}<${name}/>`,
        'unknown-element',
        name,
      ],
    ),
    [
      'a parameter of another namespace',
      `${datastore('running')}<max-depth xmlns="urn:x">1</max-depth>`,
      'unknown-namespace',
      'max-depth',
    ],
    ['a filter as get has it', `${datastore('running')}<filter/>`, 'unknown-element', 'filter'],
  ])('refuses %s', async (_, content, tag, bad) => {
    const reply = await client.call(`<get-data xmlns="${nmda}">${content}</get-data>`);
    expect([tagOf(reply), badOf(reply)]).toEqual([tag, bad]);
  });

  test('the default namespace may be that of the identity (RFC 7950 §9.10.3)', async () => {
    const reply = await client.call(
      `<n:get-data xmlns:n="${nmda}" xmlns="${identities}"><n:datastore>running</n:datastore></n:get-data>`,
    );
    expect(dataOf(reply)).toContain('<street>');
  });

  test('what a user may not read is left out before the filter (RFC 8341 §3.2.4)', async () => {
    access = {
      ...unrestricted,
      readable: (data) => data.filter(({ name }) => name !== 'weather'),
    };
    expect(await read('operational', xpath("/h:home[/h:weather/h:rain='none']"))).toBe('');
    expect(await read('operational', xpath('/h:weather'))).toBe('');
    expect(await read('operational', xpath('//h:street'))).toContain('Elm');
  });
});

const configOf = (content: string): string => `<config xmlns:nc="${baseNamespace}">${content}</config>`;
const editData = (content: string): Promise<string> =>
  client.call(`<edit-data xmlns="${nmda}">${content}</edit-data>`);

describe('edit-data (RFC 8526 §3.1.2)', () => {
  test.each(['running', 'startup'])('edits %s', async (name) => {
    expect(await editData(datastore(name) + configOf(home('<street>Oak</street>')))).toContain('<ok/>');
    expect(await read(name, xpath('//h:street'))).toBe('<home><street>Oak</street></home>');
  });

  test.each([
    ['merge', '<home><street>Oak</street><doors>1</doors></home>'],
    ['replace', '<home><street>Oak</street></home>'],
    ['none', '<home><street>Elm</street><doors>1</doors></home>'],
  ])('default-operation %s', async (operation, data) => {
    const content = home(operation === 'none' ? '' : '<street>Oak</street>');
    const edit = `${datastore('running')}<default-operation>${operation}</default-operation>${configOf(content)}`;
    expect(await editData(edit)).toContain('<ok/>');
    expect(await read('running', xpath('/h:home/*[not(self::h:room)]'))).toBe(data);
  });

  test('merges unless told otherwise, and takes the attribute operation of RFC 6241', async () => {
    const content = home('<street nc:operation="delete"/><floors>2</floors>');
    expect(await editData(datastore('running') + configOf(content))).toContain('<ok/>');
    expect(await read('running', xpath('//h:street | //h:floors'))).toBe('<home><floors>2</floors></home>');
  });

  test('an error leaves all as it was', async () => {
    const before = await read('running');
    const content = home('<floors>2</floors><street nc:operation="create">Oak</street>');
    expect(tagOf(await editData(datastore('running') + configOf(content)))).toBe('data-exists');
    expect(await read('running')).toBe(before);
  });

  test('a lock of another session holds (RFC 6241 §7.5)', async () => {
    await connect(fixture.server).call('<lock><target><running/></target></lock>');
    expect(tagOf(await editData(datastore('running') + configOf('')))).toBe('in-use');
  });

  test('what a user may not write is refused (RFC 8341 §3.2.5)', async () => {
    access = {
      ...unrestricted,
      refusedWrite: () => [{ namespace: homeNamespace, name: 'home' }],
    };
    const edit = datastore('running') + configOf(home('<street>Oak</street>'));
    expect(tagOf(await editData(edit))).toBe('access-denied');
  });

  const edit = configOf(home('<street>Oak</street>'));

  test.each([
    ['no datastore', edit, 'missing-element', 'datastore'],
    ['operational, which is only read', datastore('operational') + edit, 'invalid-value', 'datastore'],
    ['a datastore that is not served', datastore('candidate') + edit, 'invalid-value', 'datastore'],
    ['an identity that is none', datastore('other') + edit, 'invalid-value', 'datastore'],
    ['no edit', datastore('running'), 'missing-element', 'config'],
    ['a URL', `${datastore('running')}<url>file:///etc/passwd</url>`, 'operation-not-supported', 'url'],
    [
      'an operation that is none',
      `${datastore('running')}<default-operation>delete</default-operation>${edit}`,
      'invalid-value',
      'default-operation',
    ],
    [
      'an option of edit-config',
      `${datastore('running')}<error-option>stop-on-error</error-option>${edit}`,
      'unknown-element',
      'error-option',
    ],
    ['two edits', datastore('running') + edit + edit, 'bad-element', 'config'],
    [
      'a config of another namespace',
      `${datastore('running')}<config xmlns="urn:x"/>`,
      'unknown-namespace',
      'config',
    ],
    [
      'state',
      datastore('running') + configOf(`<weather xmlns="${homeNamespace}"/>`),
      'unknown-element',
      'weather',
    ],
  ])('refuses %s', async (_, content, tag, bad) => {
    const before = await read('running');
    const reply = await editData(content);
    expect([tagOf(reply), badOf(reply)]).toEqual([tag, bad]);
    expect(await read('running')).toBe(before);
  });
});

describe('lock, unlock and validate of a datastore by its identity (RFC 8526 §3.2)', () => {
  const identified = (name: string): string =>
    `<datastore xmlns="${nmda}" xmlns:d="${identities}">d:${name}</datastore>`;
  const call = (operation: string, content: string): Promise<string> => {
    const holder = operation === 'validate' ? 'source' : 'target';
    return client.call(`<${operation}><${holder}>${content}</${holder}></${operation}>`);
  };

  test.each(['running', 'startup'] as const)('%s', async (name) => {
    expect(await call('lock', identified(name))).toContain('<ok/>');
    expect(fixture.datastores.locks().map(({ datastore: locked }) => locked)).toEqual([name]);
    expect(await call('unlock', `<${name}/>`)).toContain('<ok/>');
    expect(await call('lock', `<${name}/>`)).toContain('<ok/>');
    expect(await call('unlock', identified(name))).toContain('<ok/>');
    expect(fixture.datastores.locks()).toEqual([]);
    expect(await call('validate', identified(name))).toContain('<ok/>');
  });

  test.each(
    ['lock', 'unlock', 'validate'].flatMap((operation) =>
      [
        ['operational', identified('operational'), 'invalid-value', 'datastore'],
        ['candidate', identified('candidate'), 'invalid-value', 'datastore'],
        ['both ways', `<running/>${identified('running')}`, 'unknown-element', 'running'],
        ['another namespace', '<datastore xmlns="urn:x"/>', 'unknown-namespace', 'datastore'],
        ['none', `<datastore>running</datastore>`, 'unknown-element', 'datastore'],
      ].map((row) => [operation, ...row]),
    ),
  )('%s refuses %s', async (operation = '', _, content = '', tag, bad) => {
    const reply = await call(operation, content);
    expect([tagOf(reply), badOf(reply)]).toEqual([tag, bad]);
  });

  test('no other operation has it', async () => {
    const reply = await client.call(`<get-config><source>${identified('running')}</source></get-config>`);
    expect([tagOf(reply), badOf(reply)]).toEqual(['unknown-namespace', 'datastore']);
  });
});

describe('access to the operations (RFC 8341 §3.2.3)', () => {
  test.each(['get-data', 'edit-data'])('%s is refused before its input is looked at', async (name) => {
    access = { ...unrestricted, mayCall: (namespace, called) => namespace !== nmda || called !== name };
    expect(tagOf(await client.call(`<${name} xmlns="${nmda}"><nonsense/></${name}>`))).toBe('access-denied');
  });

  test.each([
    ['one that is none', `<get-datum xmlns="${nmda}"/>`],
    ['in the namespace of RFC 6241', '<get-data/>'],
  ])('%s is not supported', async (_, operation) => {
    expect(tagOf(await client.call(operation))).toBe('operation-not-supported');
  });
});
