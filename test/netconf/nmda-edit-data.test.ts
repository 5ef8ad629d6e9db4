import { describe, expect, test } from '@jest/globals';
import {
  badOf,
  client,
  configOf,
  datastore,
  editData,
  fixture,
  grant,
  home,
  homeNamespace,
  identities,
  nmda,
  read,
  tagOf,
  xpath,
} from './nmda-fixture.ts';
import { connect } from './protocol-fixture.ts';

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
    grant({ refusedWrite: () => [{ namespace: homeNamespace, name: 'home' }] });
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
    grant({ mayCall: (namespace, called) => namespace !== nmda || called !== name });
    expect(tagOf(await client.call(`<${name} xmlns="${nmda}"><nonsense/></${name}>`))).toBe('access-denied');
  });

  test.each([
    ['one that is none', `<get-datum xmlns="${nmda}"/>`],
    ['in the namespace of RFC 6241', '<get-data/>'],
  ])('%s is not supported', async (_, operation) => {
    expect(tagOf(await client.call(operation))).toBe('operation-not-supported');
  });
});
