// The bare parts that the bridge is made of, as processes of their own: an ssh2 server that echoes one
// subsystem, and an MQTT client that answers each request. Started by the benchmarks as
// `echo-peers.ts ssh`, `echo-peers.ts mqtt URL`, or `echo-peers.ts subsystem PROGRAM SOCKET`, which starts
// netconf-subsystem of yuma123 for each session; prints one line of JSON when it serves.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { connect } from 'mqtt';
import ssh2 from 'ssh2';

function ready(facts: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ ready: true, ...facts })}\n`);
}

function serveSsh(serve: (channel: ssh2.ServerChannel, port: number) => void): void {
  const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private;
  let port = 0;
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('authentication', (context) => context.accept());
    client.on('error', () => {});
    client.on('session', (accept) =>
      accept().on('subsystem', (acceptSubsystem) => {
        serve(acceptSubsystem(), port);
      }),
    );
  });
  const listener = createServer({ noDelay: true }, (socket) => server.injectSocket(socket));
  listener.listen(0, '127.0.0.1', () => {
    const address = listener.address();
    if (typeof address === 'object' && address !== null) port = address.port;
    ready({ port });
  });
}

function echo(channel: ssh2.ServerChannel): void {
  channel.on('data', (data: Buffer) => channel.write(data));
}

/** netconf-subsystem takes its client from the variables that sshd sets, and wants the port it expects. */
function startSubsystem(program: string, socket: string): (channel: ssh2.ServerChannel) => void {
  return (channel) => {
    const env = {
      ...process.env,
      SSH_CONNECTION: '127.0.0.1 40000 127.0.0.1 830',
      USER: userInfo().username,
    };
    const child = spawn(program, [`--ncxserver-sockname=830@${socket}`], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    channel.on('error', () => {});
    child.stdin.on('error', () => {});
    channel.pipe(child.stdin);
    child.stdout.pipe(channel);
    channel.on('close', () => child.kill());
    child.on('exit', () => channel.close());
  };
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

const [kind, first = '', second = ''] = process.argv.slice(2);
if (kind === 'ssh') serveSsh(echo);
else if (kind === 'subsystem') serveSsh(startSubsystem(first, second));
else serveMqtt(first);
