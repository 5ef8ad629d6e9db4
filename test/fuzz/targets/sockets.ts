import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { systemClock, systemRandom } from '../../../src/base/adapters/node-runtime.ts';
import { concatBytes, uint32ToBytes, utf8 } from '../../../src/base/bytes.ts';
import { defaultConfig } from '../../../src/base/config.ts';
import { type EmbeddedBroker, startBroker } from '../../../src/mqtt/adapters/aedes-broker.ts';
import { connectMqtt } from '../../../src/mqtt/adapters/mqtt-js.ts';
import type { RunningSshServer } from '../../../src/netconf/adapters/ssh-server.ts';
import { sshString } from '../../../src/netconf/ssh-data.ts';
import { startTestServer } from '../../netconf/adapters/ssh-fixture.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { same } from '../oracle.ts';
import type { Target } from '../target.ts';

/** A connection to a port of this machine, with some octets sent. */
async function sent(port: number, octets: Uint8Array): Promise<Socket> {
  const socket = createConnection(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  await new Promise<void>((resolve) => socket.write(octets, () => resolve()));
  return socket;
}

/** The first octets that a server answers with; whoever is answered finds it alive. */
async function answered(port: number, octets: Uint8Array): Promise<string> {
  const socket = createConnection(port, '127.0.0.1');
  socket.write(octets);
  const [chunk] = await once(socket, 'data');
  socket.destroy();
  return Buffer.from(chunk).subarray(0, 4).toString('latin1');
}

/** CONNECT of MQTT 3.1.1 with a client id of one letter. */
const connect = (flags: number, id = 'r'): Buffer =>
  Buffer.from([0x10, 13, 0, 4, ...Buffer.from('MQTT'), 4, flags, 0, 60, 0, 1, id.charCodeAt(0)]);

const subscribe = Buffer.from([0x82, 6, 0, 1, 0, 1, 0x61, 1]);
const publish = Buffer.from([0x32, 7, 0, 1, 0x61, 0, 9, 1, 2]);

let broker: Promise<EmbeddedBroker> | undefined;
const brokerLog = new RecordingLogger();

const embedded: Target = {
  name: 'embedded-broker',
  seeds: () => [
    Buffer.concat([connect(2), subscribe, publish, Buffer.from([0xc0, 0, 0xe0, 0])]),
    Buffer.concat([connect(2), Buffer.from([0x34, 5, 0, 1, 0x61, 0, 3, 0x62, 2, 0, 3, 0x50, 2, 0, 3])]),
    Buffer.concat([connect(0), Buffer.from([0xa2, 5, 0, 2, 0, 1, 0x61]), Buffer.from([0x31, 3, 0, 1, 0x61])]),
    Buffer.from([0x10, 19, 0, 4, ...Buffer.from('MQTT'), 4, 0x0e, 0, 60, 0, 1, 0x72, 0, 1, 0x61, 0, 1, 0x62]),
    Buffer.from([0x10, 16, 0, 4, ...Buffer.from('MQTT'), 5, 2, 0, 60, 3, 0x21, 0, 9, 0, 1, 0x72]),
  ],
  maxBytes: 4096,
  run: async (input) => {
    broker ??= startBroker({ ...defaultConfig.mqtt.embedded, port: 0 }, { logger: brokerLog });
    const { port } = await broker;
    const socket = await sent(port, input);
    same(await answered(port, connect(2, 'p')), '\x20\x02\0\0', 'the broker goes on');
    same(brokerLog.messages('error'), [], 'nothing fails inside');
    brokerLog.lines.length = 0;
    socket.destroy();
  },
  close: async () => (await broker)?.close(),
};

/** A packet of SSH before keys are exchanged (RFC 4253 §6). */
function sshPacket(payload: Uint8Array): Uint8Array {
  const padding = 8 - ((payload.length + 5) % 8) + 8;
  const head = concatBytes([uint32ToBytes(1 + payload.length + padding), Uint8Array.of(padding)]);
  return concatBytes([head, payload, new Uint8Array(padding)]);
}

const lists = [
  ...['curve25519-sha256', 'ssh-ed25519', 'aes128-ctr', 'aes128-ctr', 'hmac-sha2-256', 'hmac-sha2-256'],
  ...['none', 'none', '', ''],
];
const keyExchange = sshPacket(
  concatBytes([
    Uint8Array.of(20),
    new Uint8Array(16),
    ...lists.map((list) => sshString(list)),
    new Uint8Array(5),
  ]),
);
const identification = utf8('SSH-2.0-x\r\n');

let ssh: Promise<RunningSshServer> | undefined;
const sshLog = new RecordingLogger();

const sshServer: Target = {
  name: 'ssh-server',
  seeds: () => [
    concatBytes([
      identification,
      keyExchange,
      sshPacket(concatBytes([Uint8Array.of(30), sshString(new Uint8Array(32).fill(9))])),
    ]),
    concatBytes([
      identification,
      keyExchange,
      sshPacket(Uint8Array.of(21)),
      sshPacket(Uint8Array.of(5, 0, 0, 0, 1, 0x61)),
    ]),
    concatBytes([
      identification,
      sshPacket(Uint8Array.of(1, 0, 0, 0, 2)),
      sshPacket(Uint8Array.of(2, 0, 0, 0, 0)),
    ]),
    utf8('SSH-1.99-OpenSSH_2.9\r\n'),
  ],
  words: ['SSH-2.0-', '\r\n', 'curve25519-sha256', 'kex-strict-c-v00@openssh.com', 'ext-info-c', ','],
  maxBytes: 40_000,
  run: async (input) => {
    ssh ??= startTestServer({ logger: sshLog });
    const { port } = await ssh;
    const socket = await sent(port, input);
    same(await answered(port, identification), 'SSH-', 'the server goes on');
    same(sshLog.messages('error'), [], 'nothing fails inside');
    sshLog.lines.length = 0;
    socket.destroy();
  },
  close: async () => (await ssh)?.close(),
};

const clientLog = new RecordingLogger();

/** What the server says to whoever connects. */
let said: Uint8Array = new Uint8Array();
let hostile: Server | undefined;
/** Called when a client has left. */
let heardOut = (): void => {};

async function hostileBroker(): Promise<number> {
  hostile ??= createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(said));
    socket.once('close', () => heardOut());
  }).listen(0, '127.0.0.1');
  if (!hostile.listening) await once(hostile, 'listening');
  const address = hostile.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const connack = Buffer.from([0x20, 3, 0, 0, 0]);

const client: Target = {
  name: 'mqtt-client',
  seeds: () => [
    Buffer.concat([connack, Buffer.from([0x32, 6, 0, 1, 0x61, 0, 9, 0]), Buffer.from([0x90, 4, 0, 1, 0, 0])]),
    Buffer.concat([Buffer.from([0x20, 6, 0, 0, 3, 0x21, 0, 9]), Buffer.from([0x30, 5, 0, 1, 0x61, 0, 1])]),
    Buffer.concat([
      connack,
      Buffer.from([0x40, 2, 0, 1, 0x50, 2, 0, 1, 0x62, 2, 0, 1, 0x70, 2, 0, 1, 0xd0, 0]),
    ]),
    Buffer.concat([connack, Buffer.from([0xe0, 2, 0x8b, 0]), Buffer.from([0xf0, 2, 0x18, 0])]),
    Buffer.from([0x20, 2, 0, 5]),
  ],
  maxBytes: 4096,
  run: async (input) => {
    said = input;
    const left = new Promise<void>((resolve) => {
      heardOut = resolve;
    });
    const url = `mqtt://127.0.0.1:${await hostileBroker()}`;
    const deps = { logger: clientLog, clock: systemClock, random: systemRandom };
    const transport = connectMqtt(
      { ...defaultConfig.mqtt, url, reconnectMinMs: 60_000, reconnectMaxMs: 60_000 },
      deps,
    );
    const heard = transport.subscribe('#', 1, () => {}).catch(() => {});
    await left;
    await transport.close();
    await heard;
    same(clientLog.messages('error'), [], 'nothing fails inside');
    clientLog.lines.length = 0;
  },
  close: async () => void hostile?.close(),
};

/**
 * What npm packages read from the network for us. An error that one of them throws where nobody catches it ends the
 * process, which is what it would do to the bridge.
 */
export const socketTargets: readonly Target[] = [embedded, sshServer, client];
