import ssh2 from 'ssh2';
import { operator } from '../../test/support/system.ts';

/** A NETCONF session over bare ssh2 that sends prepared bytes: what is measured is the server. */
export interface RawNetconf {
  /** Sends a request, given as XML, and resolves when its reply is complete. */
  exchange(request: Uint8Array): Promise<string>;
  close(): void;
}

const hello =
  '<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities>' +
  '<capability>urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>]]>]]>';

/** A request in chunked framing (RFC 6242 §4.2). */
export function chunked(operation: string): Uint8Array {
  const xml = `<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="1">${operation}</rpc>`;
  return Buffer.from(`\n#${Buffer.byteLength(xml)}\n${xml}\n##\n`);
}

/** Logs in as the tests' operator and exchanges hellos. */
export async function rawNetconf(port: number): Promise<RawNetconf> {
  const client = new ssh2.Client();
  await new Promise((resolve, reject) => {
    client.on('ready', () => resolve(undefined)).on('error', reject);
    client.connect({ host: '127.0.0.1', port, ...operator });
  });
  client.setNoDelay(true);
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
    client.subsys('netconf', (error, opened) => (error === undefined ? resolve(opened) : reject(error))),
  );
  const until = (end: string): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      const take = (data: Buffer): void => {
        text += data.toString('latin1');
        if (!text.endsWith(end)) return;
        channel.off('data', take);
        resolve(text);
      };
      channel.on('data', take);
    });
  const greeted = until(']]>]]>');
  channel.write(hello);
  await greeted;
  return {
    exchange: (request) => {
      const reply = until('\n##\n');
      channel.write(request);
      return reply;
    },
    close: () => client.end(),
  };
}
