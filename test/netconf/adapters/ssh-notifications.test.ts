import { afterEach, describe, expect, test } from '@jest/globals';
import type ssh2 from 'ssh2';
import { systemClock } from '../../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../../src/base/config.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { RunningSshServer } from '../../../src/netconf/adapters/ssh-server.ts';
import { FrameDecoder } from '../../../src/netconf/framing.ts';
import { base11 } from '../../../src/netconf/hello.ts';
import { NetconfServer } from '../../../src/netconf/server.ts';
import { element } from '../../../src/xml/element.ts';
import { eventStreams } from '../../support/memory-event-log.ts';
import {
  asText,
  clientHello,
  connect,
  lampSchema,
  memoryDatastores,
  permitAll,
  ScriptedBackend,
} from '../protocol-fixture.ts';
import { connectAlice, openChannel, startTestServer, until } from './ssh-fixture.ts';

let ssh: RunningSshServer | undefined;
let client: ssh2.Client | undefined;

afterEach(async () => {
  client?.end();
  await ssh?.close();
});

const namespace = 'urn:ietf:params:xml:ns:netconf:notification:1.0';
const create = `<create-subscription xmlns="${namespace}"><stream>telemetry</stream></create-subscription>`;
const rpc = (operation: string): string => {
  const xml = `<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="1">${operation}</rpc>`;
  return `\n#${xml.length}\n${xml}\n##\n`;
};

describe('a subscriber over SSH that does not read', () => {
  test('has no more in the memory than its buffers hold, and misses nothing when it reads again', async () => {
    const limits = { maxEvents: 20_000, maxBytes: 64 * 1024 * 1024 };
    const events = eventStreams(systemClock, { limits });
    const server = new NetconfServer({
      backend: new ScriptedBackend(),
      datastores: memoryDatastores([lampSchema], systemClock),
      access: permitAll,
      events,
      config: defaultConfig.netconf,
      clock: systemClock,
      logger: silentLogger,
    });
    ssh = await startTestServer({ server });
    client = await connectAlice(ssh.port);
    const channel = await openChannel(client);
    const decoder = new FrameDecoder({ maxMessageBytes: 1e6 });
    let [messages, framed] = [[] as string[], false];
    channel.on('data', (bytes: Uint8Array) => {
      messages.push(...decoder.push(bytes).map(asText));
      if (framed || messages.length === 0) return;
      framed = true;
      messages.push(...decoder.begin('chunked').map(asText));
    });
    channel.write(clientHello(base11) + rpc(create));
    await until(() => messages.some((message) => message.includes('<ok/>')));
    messages = [];
    channel.pause();

    const text = 'x'.repeat(2000);
    const count = 15_000;
    for (let n = 0; n < count; n += 1) {
      const content = element('urn:x', 'e', [
        element('urn:x', 'n', String(n)),
        element('urn:x', 'text', text),
      ]);
      events.emit({ stream: 'telemetry', content });
    }
    const observer = connect(server);
    const sent = async (): Promise<number> => {
      const state = await observer.call(
        '<get><filter><netconf-state xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><statistics>' +
          '<out-notifications/></statistics></netconf-state></filter></get>',
      );
      return Number(/<out-notifications>(\d+)</.exec(state)?.[1]);
    };
    // Until no more are sent: the client's window, and what stands before it, are full.
    let [now, since] = [0, systemClock.monotonic()];
    while (now === 0 || systemClock.monotonic() - since < 100) {
      const next = await sent();
      if (next !== now) [now, since] = [next, systemClock.monotonic()];
    }
    expect(now * text.length).toBeLessThan(8 * 1024 * 1024);

    channel.resume();
    await until(() => messages.length === count);
    expect(messages.map((message) => Number(/<n>(\d+)</.exec(message)?.[1]))).toEqual(
      Array.from({ length: count }, (_, n) => n),
    );
  }, 60_000);
});
