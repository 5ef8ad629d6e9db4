import { describe, expect, test } from '@jest/globals';
import { testModule, testNamespace } from '../config-fixture.ts';
import { connect, type ScriptedClient, type ServerFixture, startServer } from '../protocol-fixture.ts';

const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';

function start(): ServerFixture {
  const fixture = startServer({}, { schemas: [testModule] });
  const { schema, ...rest } = fixture.backend.served[0] ?? { schema: testModule, conformance: 'implement' };
  const text = async (): Promise<string> => `module ${schema.name} {}`;
  fixture.backend.served = [{ ...rest, schema: testModule, text }];
  fixture.backend.data = [];
  return fixture;
}

/** The reply without its envelope. */
async function call(client: ScriptedClient, operation: string): Promise<string> {
  const reply = await client.call(operation);
  return reply.replace(/^<rpc-reply [^>]*>|<\/rpc-reply>$/g, '').replace(/^<rpc-error>|<\/rpc-error>$/g, '');
}

const ok = '<ok/>';
const target = (name: string): string => `<target><${name}/></target>`;
const source = (name: string): string => `<source><${name}/></source>`;
const config = (content: string): string =>
  `<config xmlns:nc="${base}"><top xmlns="${testNamespace}">${content}</top></config>`;
const edit = (content: string, options = ''): string =>
  `<edit-config>${target('running')}${options}${config(content)}</edit-config>`;
const getConfig = (datastore: string): string => `<get-config>${source(datastore)}</get-config>`;
const data = (content: string): string =>
  content === '' ? '<data/>' : `<data><top xmlns="${testNamespace}">${content}</top></data>`;

const head = (type: string, tag: string, appTag = ''): string =>
  `<error-type>${type}</error-type><error-tag>${tag}</error-tag><error-severity>error</error-severity>` +
  (appTag === '' ? '' : `<error-app-tag>${appTag}</error-app-tag>`);
const path = (to: string): string => `<error-path xmlns:t="${testNamespace}">${to}</error-path>`;
const message = (text: string): string =>
  `<error-message>${text.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</error-message>`;
const info = (content: string): string => `<error-info>${content}</error-info>`;
const bad = (name: string): string => `<bad-element>${name}</bad-element>`;

describe('configuration over a session (RFC 6241 §7)', () => {
  test('edit-config, get-config, copy-config and delete-config', async () => {
    const { server } = start();
    const client = connect(server);
    expect(await call(client, edit('<name>a</name>'))).toBe(ok);
    expect(await call(client, getConfig('running'))).toBe(data('<name>a</name>'));
    expect(await call(client, getConfig('startup'))).toBe(data(''));
    expect(await call(client, `<copy-config>${target('startup')}${source('running')}</copy-config>`)).toBe(
      ok,
    );
    expect(await call(client, getConfig('startup'))).toBe(data('<name>a</name>'));
    expect(await call(client, `<delete-config>${target('startup')}</delete-config>`)).toBe(ok);
    expect(await call(client, getConfig('startup'))).toBe(data(''));
  });

  test('every option of edit-config that RFC 6241 has', async () => {
    const client = connect(start().server);
    for (const options of [
      '<default-operation>none</default-operation>',
      '<test-option>test-then-set</test-option>',
      '<test-option>set</test-option><error-option>stop-on-error</error-option>',
      '<error-option>continue-on-error</error-option>',
      '<error-option> rollback-on-error </error-option>',
      '<test-option>test-only</test-option>',
    ])
      expect(await call(client, edit('<extra nc:operation="remove"/>', options))).toBe(ok);
    const replace = edit('<name>b</name>', '<default-operation>replace</default-operation>');
    expect(await call(client, replace)).toBe(ok);
  });

  test('copy-config and validate take a whole configuration', async () => {
    const client = connect(start().server);
    const inline = `<source>${config('<size>1</size>')}</source>`;
    expect(await call(client, `<validate>${inline}</validate>`)).toBe(ok);
    expect(await call(client, getConfig('running'))).toBe(data(''));
    expect(await call(client, `<copy-config>${target('running')}${inline}</copy-config>`)).toBe(ok);
    expect(await call(client, getConfig('running'))).toBe(data('<size>1</size>'));
    for (const name of ['running', 'startup'])
      expect(await call(client, `<validate>${source(name)}</validate>`)).toBe(ok);
  });

  test('a lock keeps other sessions from writing until its session ends (§7.5)', async () => {
    const { server } = start();
    const holder = connect(server);
    const other = connect(server);
    expect(await call(holder, `<lock>${target('running')}</lock>`)).toBe(ok);
    expect(await call(holder, edit('<name>a</name>'))).toBe(ok);
    expect(await call(other, edit('<name>b</name>'))).toContain('<error-tag>in-use</error-tag>');
    expect(await call(other, `<lock>${target('running')}</lock>`)).toBe(
      head('protocol', 'lock-denied') +
        message('the datastore running is locked by session 1') +
        info('<session-id>1</session-id>'),
    );
    holder.handle.closed();
    expect(await call(other, `<lock>${target('running')}</lock>`)).toBe(ok);
    expect(await call(other, `<unlock>${target('running')}</unlock>`)).toBe(ok);
  });

  test('kill-session releases the locks of whom it kills (§7.9)', async () => {
    const { server, datastores } = start();
    const holder = connect(server);
    const other = connect(server);
    await call(holder, `<lock>${target('startup')}</lock>`);
    expect(datastores.locks()).toHaveLength(1);
    await call(other, '<kill-session><session-id>1</session-id></kill-session>');
    expect(datastores.locks()).toEqual([]);
  });

  test('with-defaults of get-config and copy-config (RFC 6243 §4.5)', async () => {
    const client = connect(start().server);
    const mode = (name: string): string =>
      `<with-defaults xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults">${name}</with-defaults>`;
    await call(client, edit('<size>7</size>'));
    const read = (name: string) => call(client, `<get-config>${source('running')}${mode(name)}</get-config>`);
    expect(await read('explicit')).toBe(data('<size>7</size>'));
    expect(await read('trim')).toBe('<data/>');
    expect(await read('report-all')).toBe(data('<size>7</size><inner><depth>1</depth></inner>'));
    expect(await read('report-all-tagged')).toMatch(
      /<depth xmlns:(\w+)="urn:ietf:params:xml:ns:netconf:default:1.0" \1:default="true">1</,
    );
    const copy = `<copy-config>${target('startup')}${source('running')}${mode('trim')}</copy-config>`;
    expect(await call(client, copy)).toBe(ok);
    expect(await call(client, getConfig('startup'))).toBe('<data/>');
  });
});

describe('errors of the configuration operations, byte for byte', () => {
  const item = "/t:top/t:item[t:id='1']";

  test.each([
    [
      'data-exists',
      edit('<item nc:operation="create"><id>1</id></item>'),
      head('application', 'data-exists') + path(item) + message('<item> is there already'),
    ],
    [
      'data-missing',
      edit('<name nc:operation="delete"/>'),
      head('application', 'data-missing') + path('/t:top/t:name') + message('there is no such <name>'),
    ],
    [
      'unknown-element',
      edit('<nix/>'),
      head('application', 'unknown-element') +
        path('/t:top') +
        message('<top> has no element <nix>') +
        info(bad('nix')),
    ],
    [
      'missing-element: a key',
      edit('<item/>'),
      head('protocol', 'missing-element') +
        path('/t:top/t:item') +
        message('<item> needs <id>') +
        info(bad('id')),
    ],
    [
      'invalid-value',
      edit('<size>x</size>'),
      head('application', 'invalid-value') +
        path('/t:top/t:size') +
        message('<size>: "x" is not valid: expected a whole number 0 to 255') +
        info(bad('size')),
    ],
    [
      'a mandatory leaf',
      edit('<rule><name>r</name></rule>'),
      head('application', 'data-missing') +
        path("/t:top/t:rule[t:name='r']/t:action") +
        message('<action> is mandatory') +
        info(bad('action')),
    ],
    [
      'bad-attribute',
      edit('<name nc:operation="no"/>'),
      head('application', 'bad-attribute') +
        message('the attribute operation of <name> is one of merge, replace, create, delete, remove') +
        info(`<bad-attribute>operation</bad-attribute>${bad('name')}`),
    ],
    [
      'missing-instance (RFC 6020 §13.8)',
      edit('<step xmlns:yang="urn:ietf:params:xml:ns:yang:1" yang:insert="after" yang:value="9">1</step>'),
      head('application', 'bad-attribute', 'missing-instance') +
        path("/t:top/t:step[.='1']") +
        message('the attribute value of <step> names no other entry that is there') +
        info(`<bad-attribute>value</bad-attribute>${bad('step')}`),
    ],
    [
      'no target',
      '<edit-config><config/></edit-config>',
      head('protocol', 'missing-element') + message('<edit-config> needs <target>') + info(bad('target')),
    ],
    [
      'no config',
      `<edit-config>${target('running')}</edit-config>`,
      head('protocol', 'missing-element') + message('<edit-config> needs <config>') + info(bad('config')),
    ],
    [
      'candidate, whose capability is not announced',
      `<lock>${target('candidate')}</lock>`,
      head('protocol', 'operation-not-supported') +
        message('<candidate> is not supported, only <running> and <startup> are') +
        info(bad('candidate')),
    ],
    [
      'url, whose capability is not announced',
      `<edit-config>${target('running')}<url>file:///x</url></edit-config>`,
      head('protocol', 'operation-not-supported') +
        message('<url> is not supported, only <config> is') +
        info(bad('url')),
    ],
    [
      'a default-operation that is none',
      edit('', '<default-operation>delete</default-operation>'),
      head('application', 'invalid-value') +
        message('<default-operation> is one of merge, replace, none') +
        info(bad('default-operation')),
    ],
    [
      'delete-config of running',
      `<delete-config>${target('running')}</delete-config>`,
      head('application', 'unknown-element') +
        message('<target> has no element <running>') +
        info(bad('running')),
    ],
    [
      'a copy to itself',
      `<copy-config>${target('running')}${source('running')}</copy-config>`,
      head('application', 'invalid-value') +
        message('the source and the target of a copy are two different datastores') +
        info(bad('target')),
    ],
    [
      'unlock of what is not locked',
      `<unlock>${target('startup')}</unlock>`,
      head('protocol', 'operation-failed') + message('the datastore startup is not locked'),
    ],
  ])('%s', async (_, operation, error) => {
    const client = connect(start().server);
    await call(client, edit('<item><id>1</id></item>'));
    expect(await call(client, operation)).toBe(error);
  });

  test('continue-on-error: an rpc-error each (RFC 6241 §4.3)', async () => {
    const client = connect(start().server);
    const options = '<error-option>continue-on-error</error-option>';
    const reply = await call(client, edit('<nix/><size>x</size><name>a</name>', options));
    expect(reply.match(/<error-tag>[a-z-]+/g)).toEqual([
      '<error-tag>unknown-element',
      '<error-tag>invalid-value',
    ]);
    expect(await call(client, getConfig('running'))).toBe(data('<name>a</name>'));
  });
});
