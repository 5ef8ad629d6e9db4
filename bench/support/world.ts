import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { connectNetconf } from '../../dist/netconf/adapters/ssh-client.js';
import type { NetconfClient } from '../../dist/netconf/client.js';
import { type Mosquitto, startMosquitto } from '../../test/support/mosquitto.ts';
import { Program } from '../../test/support/program.ts';
import {
  type BridgeProcess,
  exampleDescription,
  operator,
  prepareTrust,
  run,
  startBridgeProcess,
} from '../../test/support/system.ts';
import type { DevicePeerOptions } from './device-peer.ts';
import type { LoadTarget } from './netconf-load.ts';

/** A Mosquitto and a bridge, each its own process, on a directory of their own. */
export interface World {
  readonly directory: string;
  readonly broker: Mosquitto;
  readonly bridge: BridgeProcess;
  readonly vendorKey: string;
  /** Milliseconds from the start of the bridge's process until it served. */
  readonly startMs: number;
  device(uuid: string, description?: string): Promise<Program>;
  client(): Promise<NetconfClient>;
  /** Resident memory of the bridge, MiB. */
  rssMib(): Promise<number>;
  close(): Promise<void>;
}

/** Starts a {@link World}. */
export async function startWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'mup-bench-'));
  const broker = await startMosquitto();
  const vendorKey = join(directory, 'vendor.pem');
  const stateDir = join(directory, 'bridge');
  await prepareTrust(stateDir, vendorKey);
  // The first start makes keys; what is measured is every other one.
  const first = await startBridgeProcess(stateDir, { mqttUrl: broker.url });
  await first.program.stop();
  const start = performance.now();
  const bridge = await startBridgeProcess(stateDir, { mqttUrl: broker.url });
  const startMs = bridge.readyAt - start;
  const programs: Program[] = [];
  const clients: NetconfClient[] = [];
  return {
    directory,
    broker,
    bridge,
    vendorKey,
    startMs,
    async device(uuid, description = exampleDescription) {
      const options: DevicePeerOptions = {
        uuid,
        url: broker.url,
        stateDir: join(directory, uuid),
        vendorKey: vendorKey.replace(/\.pem$/, '.pub.pem'),
        description,
      };
      const peer = join(import.meta.dirname, 'device-peer.ts');
      const device = new Program(process.execPath, ['--import', 'tsx', peer, JSON.stringify(options)]);
      programs.push(device);
      await device.json({ event: 'registered' });
      return device;
    },
    async client() {
      const client = await connectNetconf({
        host: '127.0.0.1',
        port: bridge.port,
        ...operator,
        acceptHostKey: () => true,
      });
      clients.push(client);
      return client;
    },
    rssMib: () => residentMib(bridge.program.pid),
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await Promise.all(programs.map((program) => program.stop()));
      await bridge.program.stop();
      await broker.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A user whose logins cost little, unlike those by password: what is measured is the sessions. */
export async function userWithKey({ bridge, directory }: World): Promise<LoadTarget> {
  const username = 'key-holder';
  const key = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const file = join(directory, `${username}.pub`);
  await writeFile(file, `${key.public}\n`);
  const user = ['user', 'add', username, '--authorized-key', file, '--group', 'admin'];
  await run([...user, '--state-dir', bridge.stateDir]);
  return { port: bridge.port, username, privateKey: key.private };
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}
