import { describe, expect, test } from '@jest/globals';
import { AccessControl } from '../../src/netconf/access-control.ts';
import type { ConfigTree } from '../../src/netconf/config-view.ts';
import { nacm, rule, rulesFor } from './access-fixture.ts';
import { connect, ListLogger, lampNamespace, ScriptedBackend, startServer } from './protocol-fixture.ts';

/** A server with the rules of `content`, and a session of anna. */
function serve(content: string) {
  const state: { config: ConfigTree } = { config: nacm(content) };
  const logger = new ListLogger();
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
