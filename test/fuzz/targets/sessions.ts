import { systemClock } from '../../../src/base/adapters/node-runtime.ts';
import { concatBytes, uint32ToBytes, utf8 } from '../../../src/base/bytes.ts';
import { deviceUuid } from '../../../src/base/ids.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { deviceOf } from '../../../src/cli/device-entry.ts';
import { jobOf, jobsOf } from '../../../src/cli/job-entry.ts';
import { RpcReplyError } from '../../../src/netconf/client.ts';
import { ClientSession } from '../../../src/netconf/client-session.ts';
import { SftpSession } from '../../../src/netconf/sftp/sftp-session.ts';
import { UploadBudget } from '../../../src/netconf/sftp/upload.ts';
import { sshString, sshUint64 } from '../../../src/netconf/ssh-data.ts';
import { readXml } from '../../../src/xml/adapters/saxes-reader.ts';
import { element } from '../../../src/xml/element.ts';
import {
  connect,
  lampNamespace,
  type ServerFixture,
  settled,
  startServer,
} from '../../netconf/protocol-fixture.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { decoded, hold, same } from '../oracle.ts';
import { type Target, texts } from '../target.ts';

const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const rpc = (operation: string): string => `<rpc xmlns="${base}" message-id="1">${operation}</rpc>`;

const requests = [
  `<get><filter type="subtree"><lamps xmlns="${lampNamespace}"><lamp><id>1</id></lamp></lamps></filter></get>`,
  `<get><filter type="xpath" xmlns:l="${lampNamespace}" select="/l:lamps/l:lamp[l:id='2']/l:state"/></get>`,
  `<setLamp xmlns="${lampNamespace}"><uuidInput>DEV-1</uuidInput><mode>blink</mode><colour><red>7</red></colour></setLamp>`,
  '<get-config><source><running/></source></get-config>',
  '<edit-config><target><candidate/></target><config><x xmlns="urn:x"/></config></edit-config>',
  '<lock><target><running/></target></lock>',
  '<get-schema xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><identifier>mqtt-lamp</identifier></get-schema>',
  '<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><startTime>2026-01-01T00:00:00Z</startTime></create-subscription>',
  '<get-data xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"><datastore xmlns:ds="urn:ietf:params:xml:ns:yang:ietf-datastores">ds:operational</datastore><max-depth>2</max-depth></get-data>',
  '<kill-session><session-id>77</session-id></kill-session>',
  '<commit><confirmed/><confirm-timeout>5</confirm-timeout></commit>',
];

let netconf: (ServerFixture & { readonly log: RecordingLogger }) | undefined;

const netconfRequest: Target = {
  name: 'netconf-request',
  seeds: texts(...requests.map(rpc)),
  words: [
    ...[
      '<get/>',
      '<filter type="subtree"/>',
      'message-id="2"',
      '<source>',
      '<running/>',
      '<candidate/>',
      ' operation="delete"',
    ],
    ...[
      'xmlns="urn:x"',
      '<lamp/>',
      '<id>',
      '</id>',
      'nc:',
      '<with-defaults xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults">report-all</with-defaults>',
    ],
    ...[
      '<test-option>set</test-option>',
      '<error-option>rollback-on-error</error-option>',
      '<url>file:///etc/passwd</url>',
    ],
  ],
  run: async (input) => {
    const log = new RecordingLogger();
    netconf ??= { ...startServer({ maxMessageBytes: 20_000, maxQueuedRequests: 8 }, { logger: log }), log };
    const client = connect(netconf.server, 'end-of-message');
    client.raw(concatBytes([input, utf8(']]>]]>')]));
    client.raw(`${rpc('<close-session/>')}]]>]]>`);
    for (let turn = 0; turn < 200 && client.port.ends + client.port.aborts === 0; turn += 1) {
      netconf.clock.advance(20);
      await settled();
    }
    const answers = client.takeMessages();
    hold(client.port.ends + client.port.aborts > 0, 'the session ends when it is asked to, or is ended');
    const broken = answers.find((answer) => answer.includes('the server logged why'));
    hold(
      broken === undefined,
      `a request made the server fail: ${JSON.stringify(netconf.log.lines.splice(0))}`,
    );
    for (const answer of answers) readXml(answer, { maxBytes: 1e7, maxDepth: 300, maxAttributes: 100 });
    netconf.log.lines.length = 0;
  },
};

const packet = (type: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const body = concatBytes([Uint8Array.of(type), uint32ToBytes(1), ...parts]);
  return concatBytes([Uint8Array.of(body.length & 255), body]);
};

const handle = sshString('1');

const sftpRequests: Target = {
  name: 'sftp-requests',
  seeds: () => [
    concatBytes([
      packet(3, sshString('/lamp.bin'), uint32ToBytes(26), uint32ToBytes(0)),
      packet(6, handle, sshUint64(0), sshString('octets')),
      packet(8, handle),
      packet(4, handle),
    ]),
    concatBytes([packet(11, sshString('/')), packet(12, handle), packet(12, handle), packet(4, handle)]),
    concatBytes([packet(16, sshString('./../x/.')), packet(17, sshString('/lamp.bin')), packet(20)]),
  ],
  words: ['/lamp.bin', '/lamp.json', '../..', '\x00\x00\x00\x01', '\x06', '\x03'],
  run: async (input) => {
    const files = new Map<string, number>();
    const budget = new UploadBudget(1 << 20);
    const complaints: string[] = [];
    const session = new SftpSession({
      username: 'a',
      sourceHost: '192.0.2.1',
      drop: {
        put: async (_user, name, content) => void files.set(name, content.length),
        maxBytes: (name) => (name.endsWith('.bin') ? 100_000 : 0),
        list: async () => [...files].map(([name, size]) => ({ name, size, modified: 0 })),
      },
      budget,
      clock: systemClock,
      logger: silentLogger,
      complain: (text) => complaints.push(text),
    });
    await session.answer(Uint8Array.of(1, 0, 0, 0, 3));
    for (let at = 0; at < input.length; at += 1 + (input[at] ?? 0)) {
      const request = input.subarray(at + 1, at + 1 + (input[at] ?? 0));
      if (request.length < 5) continue;
      const answer = await session.answer(request);
      hold(answer.length <= 64 * 1024, 'an answer is bounded');
      same(answer.slice(5, 9), request.slice(1, 5), 'an answer has the id of its request');
      hold(!Buffer.from(answer).includes('an internal error'), 'no request makes the server fail');
    }
    session.close();
    same(budget.left, 1 << 20, 'what a session held is given back');
    hold(
      complaints.every((text) => text.length < 1000),
      'complaints are bounded',
    );
  },
};

const bridgeNamespace = 'urn:mup:yang:mup-bridge';
const greeting = `<hello xmlns="${base}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities><session-id>1</session-id></hello>]]>]]>`;
const reply = (content: string): string =>
  `${greeting}<rpc-reply xmlns="${base}" message-id="1">${content}</rpc-reply>]]>]]>`;

const clientCodes = [
  ...['netconf-closed', 'bad-netconf-server', 'bad-hello', 'bad-framing', 'message-too-big'],
  ...['xml-malformed', 'xml-too-big'],
];

const clientSession: Target = {
  name: 'netconf-client',
  seeds: texts(
    reply(
      `<data><devices xmlns="${bridgeNamespace}"><device><uuid>dev-1</uuid><module>m</module></device></devices></data>`,
    ),
    reply(
      `<data><update-jobs xmlns="${bridgeNamespace}"><job><id>7</id><state>queued</state><rate>5</rate></job></update-jobs></data>`,
    ),
    reply(
      '<rpc-error><error-type>rpc</error-type><error-tag>too-big</error-tag><error-severity>error</error-severity></rpc-error>',
    ),
    `${greeting}<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><eventTime>x</eventTime></notification>]]>]]>`,
  ),
  words: [
    ']]>]]>',
    '<ok/>',
    '<rpc-error>',
    '</rpc-error>',
    '<error-tag>',
    'message-id="1"',
    '<data>',
    '<job>',
    '<uuid>dev-1</uuid>',
  ],
  run: async (input) => {
    let ended = 0;
    const session: ClientSession = new ClientSession(
      { write: () => {}, end: () => {} },
      systemClock,
      () => {},
      () => {
        ended += 1;
      },
    );
    session.start();
    const answered = session.rpc(element(base, 'get')).then(
      (data) => {
        jobsOf(data);
        jobOf(data, '7');
        decoded(['bad-reply', 'device-pending'], () => deviceOf(data, deviceUuid('dev-1')));
      },
      (error: unknown) => {
        // Its code and message are the server's own.
        if (error instanceof RpcReplyError) return;
        decoded(clientCodes, () => {
          throw error;
        });
      },
    );
    session.receive(input);
    session.closed();
    hold(ended === 1, 'the end of a session is told once');
    await answered;
  },
};

/** Whole sessions: what their parts do together. */
export const sessionTargets: readonly Target[] = [netconfRequest, sftpRequests, clientSession];
