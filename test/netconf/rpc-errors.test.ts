import { describe, expect, test } from '@jest/globals';
import { deferred } from '../../src/base/deferred.ts';
import { errorMessage, UnavailableError } from '../../src/base/errors.ts';
import type { RpcOutput } from '../../src/netconf/backend.ts';
import { errorInfoNamespace, RpcError } from '../../src/netconf/rpc-error.ts';
import { element } from '../../src/xml/element.ts';
import type { YangType } from '../../src/yang/schema.ts';
import { checkValue } from '../../src/yang/value-check.ts';
import {
  connect,
  lampNamespace,
  type ScriptedBackend,
  type ScriptedClient,
  startServer,
} from './protocol-fixture.ts';

const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';

interface Row {
  readonly send: (client: ScriptedClient) => void;
  readonly backend?: (backend: ScriptedBackend) => void;
  /** Children of `<rpc-error>`, octet by octet. */
  readonly error: string;
  /** Attributes of the reply behind `xmlns`. */
  readonly attributes?: string;
}

const setLamp = (content: string) => (client: ScriptedClient) =>
  client.sendRpc(`<setLamp xmlns="${lampNamespace}">${content}</setLamp>`);

const refuseWith = (error: unknown) => (backend: ScriptedBackend) => {
  backend.answer = () => {
    throw error;
  };
};

const head = (type: string, tag: string): string =>
  `<error-type>${type}</error-type><error-tag>${tag}</error-tag><error-severity>error</error-severity>`;

const path = (to: string): string =>
  `<error-path xmlns:nc="${base}" xmlns:lamp="${lampNamespace}">/nc:rpc/lamp:setLamp${to}</error-path>`;

/** What the type's own check says; its words are not the protocol's. */
function reason(type: YangType, value: string): string {
  try {
    return `accepted ${checkValue(type, value)}`;
  } catch (error) {
    return errorMessage(error);
  }
}

/** The table of netconf-wire.md. */
const rows: Record<string, Row> = {
  'no message-id': {
    send: (client) => client.send(`<rpc xmlns="${base}"><get/></rpc>`),
    attributes: '',
    error:
      head('rpc', 'missing-attribute') +
      '<error-message>&lt;rpc&gt; needs the attribute message-id</error-message>' +
      '<error-info><bad-attribute>message-id</bad-attribute><bad-element>rpc</bad-element></error-info>',
  },
  'not well-formed, base:1.1': {
    send: (client) => client.send('<rpc>'),
    attributes: '',
    error:
      head('rpc', 'malformed-message') +
      '<error-message>the message is not well-formed XML: unclosed tag: rpc (line 1, column 6)</error-message>',
  },
  'unknown RPC of a served module': {
    send: (client) => client.sendRpc(`<explode xmlns="${lampNamespace}"/>`),
    error:
      head('protocol', 'operation-not-supported') +
      `<error-message>no operation &lt;explode&gt; is served in the namespace "${lampNamespace}"</error-message>` +
      '<error-info><bad-element>explode</bad-element></error-info>',
  },
  'unknown child': {
    send: setLamp('<uuidInput>A</uuidInput><volume>1</volume>'),
    error:
      head('application', 'unknown-element') +
      path('') +
      '<error-message>&lt;setLamp&gt; has no element &lt;volume&gt;</error-message>' +
      '<error-info><bad-element>volume</bad-element></error-info>',
  },
  'unknown namespace': {
    send: setLamp('<uuidInput xmlns="urn:x">A</uuidInput>'),
    error:
      head('application', 'unknown-namespace') +
      path('') +
      '<error-message>&lt;uuidInput&gt; in &lt;setLamp&gt; is of the namespace "urn:x", which does not belong there</error-message>' +
      '<error-info><bad-element>uuidInput</bad-element><bad-namespace>urn:x</bad-namespace></error-info>',
  },
  'missing mandatory input': {
    send: setLamp('<mode>blink</mode>'),
    error:
      head('protocol', 'missing-element') +
      path('/lamp:uuidInput') +
      '<error-message>&lt;setLamp&gt; needs &lt;uuidInput&gt;</error-message>' +
      '<error-info><bad-element>uuidInput</bad-element></error-info>',
  },
  'value outside its range': {
    send: setLamp('<uuidInput>A</uuidInput><colour><red>256</red></colour>'),
    error:
      head('application', 'invalid-value') +
      path('/lamp:colour/lamp:red') +
      `<error-message>&lt;red&gt;: ${reason({ base: 'uint8', ranges: [] }, '256')}</error-message>` +
      '<error-info><bad-element>red</bad-element></error-info>',
  },
  'value outside its enumeration': {
    send: setLamp('<uuidInput>A</uuidInput><mode>off</mode>'),
    error:
      head('application', 'invalid-value') +
      path('/lamp:mode') +
      `<error-message>&lt;mode&gt;: ${reason({ base: 'enumeration', names: ['steady', 'blink'] }, 'off')}</error-message>` +
      '<error-info><bad-element>mode</bad-element></error-info>',
  },
  'UUID of no registered device': {
    send: setLamp('<uuidInput>A</uuidInput>'),
    backend: refuseWith(
      new RpcError('application', 'data-missing', 'no device A', {
        appTag: 'instance-required',
        path: 'uuidInput',
      }),
    ),
    error:
      head('application', 'data-missing') +
      '<error-app-tag>instance-required</error-app-tag>' +
      path('/lamp:uuidInput') +
      '<error-message>no device A</error-message>',
  },
  'device answered with an error code': {
    send: setLamp('<uuidInput>A</uuidInput>'),
    backend: refuseWith(
      new RpcError('application', 'operation-failed', '', {
        appTag: 'device-error',
        info: [element(errorInfoNamespace, 'state', '12_ERROR')],
      }),
    ),
    error:
      head('application', 'operation-failed') +
      '<error-app-tag>device-error</error-app-tag><error-message>operation-failed</error-message>' +
      `<error-info><state xmlns="${errorInfoNamespace}">12_ERROR</state></error-info>`,
  },
  'lock held': {
    send: setLamp('<uuidInput>A</uuidInput>'),
    backend: refuseWith(
      new RpcError('protocol', 'lock-denied', 'locked', { info: [element(base, 'session-id', '0')] }),
    ),
    error:
      head('protocol', 'lock-denied') +
      '<error-message>locked</error-message><error-info><session-id>0</session-id></error-info>',
  },
  'anything that nobody foresaw': {
    send: setLamp('<uuidInput>A</uuidInput>'),
    backend: refuseWith(new UnavailableError('disk-full', 'secret of the host', { where: '/var' })),
    error:
      head('application', 'operation-failed') +
      '<error-message>the operation failed; the server logged why</error-message>',
  },
  'an answer that cannot be written': {
    send: setLamp('<uuidInput>A</uuidInput>'),
    backend: (backend) => {
      backend.answer = () => [element(lampNamespace, 'not a name')];
    },
    error:
      head('application', 'operation-failed') +
      '<error-message>the operation failed; the server logged why</error-message>',
  },
  'request nested too deep': {
    send: (client) => client.sendRpc('<a>'.repeat(300)),
    attributes: '',
    error: `${head('application', 'too-big')}<error-message>elements are nested over 256 deep</error-message>`,
  },
  'another document': {
    send: (client) => client.send(`<notification xmlns="${base}"/>`),
    attributes: '',
    error:
      head('application', 'unknown-element') +
      `<error-message>a session takes &lt;rpc&gt; of the namespace "${base}", ` +
      `not &lt;notification&gt; of the namespace "${base}"</error-message>` +
      '<error-info><bad-element>notification</bad-element></error-info>',
  },
  'rpc of no namespace': {
    send: (client) => client.send('<rpc message-id="1"><get/></rpc>'),
    error:
      head('application', 'unknown-namespace') +
      `<error-message>a session takes &lt;rpc&gt; of the namespace "${base}", ` +
      'not &lt;rpc&gt; of the namespace ""</error-message>' +
      '<error-info><bad-element>rpc</bad-element><bad-namespace/></error-info>',
  },
  'no operation': {
    send: (client) => client.sendRpc(''),
    error:
      head('protocol', 'missing-element') +
      '<error-message>&lt;rpc&gt; needs &lt;rpcOperation&gt;</error-message>' +
      '<error-info><bad-element>rpcOperation</bad-element></error-info>',
  },
  'two operations': {
    send: (client) => client.sendRpc('<get/><get-config/>'),
    error:
      head('application', 'unknown-element') +
      '<error-message>&lt;rpc&gt; has no element &lt;get-config&gt;</error-message>' +
      '<error-info><bad-element>get-config</bad-element></error-info>',
  },
  'text beside the operation': {
    send: (client) => client.sendRpc('x<get/>'),
    error:
      head('rpc', 'malformed-message') +
      '<error-message>&lt;rpc&gt; holds text beside its operation</error-message>',
  },
};

const reply = (attributes: string, error: string): string =>
  `<rpc-reply xmlns="${base}"${attributes}><rpc-error>${error}</rpc-error></rpc-reply>`;

describe('the error table of netconf-wire.md, octet by octet', () => {
  test.each(Object.entries(rows))('%s', async (_, { send, backend, error, attributes }) => {
    const fixture = startServer();
    backend?.(fixture.backend);
    const client = connect(fixture.server);
    send(client);
    expect(await client.reply()).toBe(reply(attributes ?? ' message-id="1"', error));
    expect(await client.call('<get/>', '2')).toContain('<data>');
  });

  test('an operation that needs a capability we do not announce', async () => {
    const client = connect(startServer().server);
    for (const name of ['commit', 'discard-changes', 'cancel-commit', 'nothing'])
      expect(await client.call(`<${name}/>`)).toContain(
        `<error-type>protocol</error-type><error-tag>operation-not-supported</error-tag>`,
      );
  });

  test('not well-formed, base:1.0: the session ends without a reply', async () => {
    const client = connect(startServer().server, 'end-of-message');
    client.sendRpc('<a>');
    expect(await client.reply()).toBe('(nothing)');
    expect(client.port.ends).toBe(1);
  });

  test('queue full: what is over it is refused, in order, with its message-id', async () => {
    const { server, backend } = startServer({ maxQueuedRequests: 2 });
    let answer = (): void => {};
    backend.answer = () =>
      new Promise((resolve) => {
        answer = () => resolve([]);
      });
    const client = connect(server);
    client.sendRpc(`<reset xmlns="${lampNamespace}"/>`, 'slow');
    for (const id of ['1', '2', '3'])
      client.sendRpc('<get-config><source><running/></source></get-config>', id);
    answer();
    const replies = [await client.reply(), await client.reply(), await client.reply(), await client.reply()];
    expect(replies.map((one) => /message-id="(\w+)"/.exec(one)?.[1])).toEqual(['slow', '1', '2', '3']);
    expect(replies[3]).toBe(
      reply(
        ' message-id="3"',
        head('application', 'resource-denied') +
          '<error-message>over 2 requests of this session wait for their turn</error-message>',
      ),
    );
  });

  test('queue full: what is refused counts as the correct <rpc> that it is (RFC 6022 §2.1.5)', async () => {
    const { server, backend } = startServer({ maxQueuedRequests: 2 });
    const slow = deferred<RpcOutput>();
    backend.answer = () => slow.promise;
    const client = connect(server);
    client.sendRpc(`<reset xmlns="${lampNamespace}"/>`);
    for (const id of ['1', '2', 'refused']) client.sendRpc('<get><filter/></get>', id);
    client.send('<rpc');
    slow.resolve([]);
    for (let n = 0; n < 5; n += 1) await client.reply();
    expect(await client.call('<get><filter type="xpath" select="/*/statistics"/></get>')).toContain(
      '<in-rpcs>5</in-rpcs><in-bad-rpcs>1</in-bad-rpcs><out-rpc-errors>2</out-rpc-errors>',
    );
  });

  test.each(['chunked', 'end-of-message'] as const)(
    'request over the limit: too-big, then the session ends (%s)',
    async (framing) => {
      const { server } = startServer({ maxMessageBytes: 1000 });
      const client = connect(server, framing);
      client.sendRpc('<get/>');
      client.sendRpc('x'.repeat(1000));
      client.sendRpc('<get/>', '3');
      expect(await client.reply()).toContain('<data>');
      expect(await client.reply()).toBe(
        reply(
          '',
          `${head('application', 'too-big')}<error-message>the message is over 1000 octets</error-message>`,
        ),
      );
      expect(await client.reply()).toBe('(nothing)');
      expect(client.port.ends).toBe(1);
    },
  );

  test('a request of too many elements: too-big, and the session goes on (netconf.maxRequestNodes)', async () => {
    const client = connect(startServer({ maxRequestNodes: 100 }).server);
    client.sendRpc(`<get><filter type="subtree">${'<a/>'.repeat(100)}</filter></get>`);
    expect(await client.reply()).toContain('<error-tag>too-big</error-tag>');
    expect(await client.call(`<get><filter type="subtree">${'<a/>'.repeat(90)}</filter></get>`)).toContain(
      '<data',
    );
  });

  test.each([
    ['elements within one another', { maxDepth: 16 }, `${'<a>'.repeat(16)}${'</a>'.repeat(16)}`],
    [
      'attributes of an element',
      { maxAttributes: 8 },
      `<a ${Array.from({ length: 9 }, (_, i) => `a${i}=""`).join(' ')}/>`,
    ],
  ])('too many %s: too-big, and the session goes on', async (_, limits, filter) => {
    const client = connect(startServer(limits).server);
    client.sendRpc(`<get><filter type="subtree">${filter}</filter></get>`);
    expect(await client.reply()).toContain('<error-tag>too-big</error-tag>');
    expect(await client.call('<get-config><source><running/></source></get-config>')).toContain('<data');
  });

  test('broken framing: malformed-message, then the session ends (RFC 6242 §4.2)', async () => {
    const client = connect(startServer().server);
    client.raw('\n#0\n');
    expect(await client.reply()).toContain('<error-tag>malformed-message</error-tag>');
    expect(client.port.ends).toBe(1);
  });

  test('an error reply is whole in one chunk, however long (scrapli)', async () => {
    const { server, backend } = startServer();
    refuseWith(new RpcError('application', 'operation-failed', 'x'.repeat(100_000)))(backend);
    const client = connect(server);
    client.port.written = [];
    client.sendRpc(`<reset xmlns="${lampNamespace}"/>`);
    await client.reply();
    expect(client.port.written).toHaveLength(1);
  });
});
