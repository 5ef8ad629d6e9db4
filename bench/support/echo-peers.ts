// The bare parts that the bridge is made of, as processes of their own: an ssh2 server that echoes one
// subsystem, and an MQTT client that answers each request. Started by the benchmarks as
// `echo-peers.ts ssh` or `echo-peers.ts mqtt URL`; prints one line of JSON when it serves.
import { createServer } from 'node:net';
import { connect } from 'mqtt';
import ssh2 from 'ssh2';

function ready(facts: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ ready: true, ...facts })}\n`);
}

function serveSsh(): void {
  const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private;
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('authentication', (context) => context.accept());
    client.on('error', () => {});
    client.on('session', (accept) =>
      accept().on('subsystem', (acceptSubsystem) => {
        const channel = acceptSubsystem();
        channel.on('data', (data: Buffer) => channel.write(data));
      }),
    );
  });
  const listener = createServer({ noDelay: true }, (socket) => server.injectSocket(socket));
  listener.listen(0, '127.0.0.1', () => {
    const address = listener.address();
    if (typeof address === 'object' && address !== null) ready({ port: address.port });
  });
}

function serveMqtt(url: string): void {
  const client = connect(url, { protocolVersion: 5 });
  client.on('connect', () => {
    if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function')
      client.stream.setNoDelay(true);
    client.subscribe(['bench/request', 'bench/slice'], { qos: 1 }, () => ready({}));
  });
  client.on('message', (topic, payload) => {
    if (topic === 'bench/request') client.publish('bench/response', payload, { qos: 1 });
    else client.publish('bench/ack', payload.subarray(0, 4), { qos: 0 });
  });
}

const [kind, url = ''] = process.argv.slice(2);
if (kind === 'ssh') serveSsh();
else serveMqtt(url);
