import { describe, expect, test } from '@jest/globals';
import { AccessControl } from '../../src/netconf/access/access-control.ts';
import type { ConfigTree } from '../../src/netconf/datastore/config-view.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { acme, acmeSchema, nacm, rule, rulesFor } from './access-fixture.ts';
import { connect, lampNamespace, parse, ScriptedBackend, startServer } from './protocol-fixture.ts';

/** A server with the rules of `content`, and a session of anna. */
function serve(content: string) {
  const state: { config: ConfigTree } = { config: nacm(content) };
  const logger = new RecordingLogger();
  const { served } = new ScriptedBackend();
  const access = new AccessControl({
    config: { running: () => state.config },
    backend: { modules: () => served },
  });
  const { server, backend } = startServer({}, { logger, access });
  return { state, logger, backend, server, anna: connect(server) };
}

const setLamp = `<setLamp xmlns="${lampNamespace}"><uuidInput>A</uuidInput></setLamp>`;

describe('access control of operations (RFC 8341 §3.4.4)', () => {
  test('a refused RPC is access-denied, names its path, and reaches nobody', async () => {
    const { anna, backend, logger } = serve(rulesFor('anna', rule('deny', '<rpc-name>setLamp</rpc-name>')));
    expect(await anna.call(setLamp)).toBe(
      '<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="1"><rpc-error>' +
        '<error-type>protocol</error-type><error-tag>access-denied</error-tag><error-severity>error</error-severity>' +
        `<error-path xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns:lamp="${lampNamespace}">/nc:rpc/lamp:setLamp</error-path>` +
        '<error-message>user anna may not call &lt;setLamp&gt;</error-message></rpc-error></rpc-reply>',
    );
    expect(backend.calls).toEqual([]);
    expect(logger.lines.filter(({ message }) => message.startsWith('access control denied'))).toEqual([
      {
        level: 'info',
        message: 'access control denied a NETCONF request',
        fields: {
          session: 1,
          username: 'anna',
          sourceHost: '192.0.2.7',
          operation: 'setLamp',
          path: '/nc:rpc/lamp:setLamp',
        },
      },
    ]);
  });

  test('it is refused before its input is looked at: nothing is learned of it', async () => {
    const { anna } = serve(rulesFor('anna', rule('deny')));
    const denied = '<error-tag>access-denied</error-tag>';
    expect(await anna.call(`<setLamp xmlns="${lampNamespace}"><nonsense/></setLamp>`)).toContain(denied);
    expect(await anna.call(`<unknown xmlns="${lampNamespace}"/>`)).toContain(denied);
    expect(await anna.call('<get><nonsense/></get>')).toContain(denied);
    expect(await anna.call('<close-session/>')).toContain('<ok/>');
  });

  test('another user may: rules are by user', async () => {
    const { server } = serve(rulesFor('anna', rule('deny')));
    const bert = connect(server, 'chunked', 'bert');
    expect(await bert.call(setLamp)).toContain('<ok/>');
  });

  test('kill-session is denied unless a rule permits it', async () => {
    const { anna, server, state } = serve('');
    const other = connect(server, 'chunked', 'bert');
    const kill = `<kill-session><session-id>${other.handle.id}</session-id></kill-session>`;
    expect(await anna.call(kill)).toContain('/nc:rpc/nc:kill-session</error-path>');
    state.config = nacm(rulesFor('anna', rule('permit', '<rpc-name>kill-session</rpc-name>')));
    expect(await anna.call(kill)).toContain('<ok/>');
    expect(other.port.aborts).toBe(1);
  });
});

describe('access control of data (RFC 8341 §3.2.4)', () => {
  const lamp = `<path xmlns:l="${lampNamespace}">/l:lamps/l:lamp`;
  const onlyTwo = rulesFor(
    'anna',
    rule('permit', `${lamp}[l:id='2']</path>`),
    rule('deny', `${lamp}</path>`),
  );
  const lamps = (content: string): string =>
    `<get><filter><lamps xmlns="${lampNamespace}">${content}</lamps></filter></get>`;

  test('what may not be read is left out without a word', async () => {
    const { anna } = serve(onlyTwo);
    const reply = await anna.call(lamps(''));
    expect(reply).toContain('<id>2</id>');
    expect(reply).not.toContain('<id>1</id>');
  });

  test('a content match does not tell what it says', async () => {
    const { anna } = serve(onlyTwo);
    expect(await anna.call(lamps('<lamp><room>hall</room></lamp>'))).toContain('<data/>');
    expect(await anna.call(lamps('<lamp><room>attic</room></lamp>'))).toContain('<id>2</id>');
  });
});

describe('access control of configuration (RFC 8341 §3.2.5, §3.2.6)', () => {
  const acmeModule = { schema: acmeSchema, conformance: 'implement', text: async () => '' } as const;

  /** A server with a configuration of acme, and a session of anna, who may write what `permitted` says. */
  function configured(...permitted: string[]) {
    const path = (text: string): string => `<path xmlns:acme="${acme}">${text}</path>`;
    const config = nacm(rulesFor('anna', ...permitted.map((one) => rule('permit', path(one)))));
    const access = new AccessControl({
      config: { running: () => config },
      backend: { modules: () => [acmeModule] },
    });
    const { server, datastores } = startServer({}, { access, schemas: [acmeSchema] });
    return { datastores, anna: connect(server) };
  }
  const edit = (content: string): string =>
    `<edit-config><target><running/></target><config><system xmlns="${acme}">${content}</system></config></edit-config>`;

  test('a refused write names its node, and changes nothing', async () => {
    const { anna, datastores } = configured('/acme:system/acme:hostname');
    expect(await anna.call(edit('<hostname>h</hostname><clock>c</clock>'))).toBe(
      '<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="1"><rpc-error>' +
        '<error-type>protocol</error-type><error-tag>access-denied</error-tag><error-severity>error</error-severity>' +
        `<error-path xmlns:acme="${acme}">/acme:system/acme:clock</error-path>` +
        '<error-message>the user may not write /acme:system/acme:clock</error-message></rpc-error></rpc-reply>',
    );
    expect(datastores.running()).toEqual([]);
    expect(await anna.call(edit('<hostname>h</hostname>'))).toContain('<ok/>');
    expect(datastores.running()).toHaveLength(1);
  });

  test('what a user may write is not what the user replaces along with it', async () => {
    const { anna, datastores } = configured('/acme:system/acme:hostname');
    const clock = `<config xmlns="urn:x"><system xmlns="${acme}"><clock>c</clock></system></config>`;
    await datastores.edit({ target: 'running', config: parse(clock) });
    const before = datastores.running();
    const replace = edit('<hostname>h</hostname>').replace(
      '<config>',
      '<default-operation>replace</default-operation><config>',
    );
    expect(await anna.call(replace)).toContain('/acme:system/acme:clock</error-path>');
    expect(datastores.running()).toBe(before);
  });

  test('running is copied to startup by whoever may call copy-config', async () => {
    const { anna, datastores } = configured();
    const host = `<config xmlns="urn:x"><system xmlns="${acme}"><hostname>h</hostname></system></config>`;
    await datastores.edit({ target: 'running', config: parse(host) });
    const copy = (source: string, target: string): Promise<string> =>
      anna.call(`<copy-config><target>${target}</target><source>${source}</source></copy-config>`);
    expect(await copy('<running/>', '<startup/>')).toContain('<ok/>');
    expect(datastores.read('startup')).toEqual(datastores.running());
    expect(await copy('<config/>', '<running/>')).toContain('/acme:system/acme:hostname</error-path>');
  });
});
