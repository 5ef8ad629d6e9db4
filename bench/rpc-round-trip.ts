import { utf8 } from '../dist/base/bytes.js';
import { bareMqtt, bareSsh } from './support/baselines.ts';
import { BenchError } from './support/bench-error.ts';
import { chunked, rawNetconf } from './support/raw-netconf.ts';
import type { Figure } from './support/report.ts';
import { median, series } from './support/stats.ts';
import { startWorld } from './support/world.ts';

const warmUp = 8;
const rounds = 7;
const perRound = 500;
const uuid = 'BENCH-RPC';
const namespace = 'urn:mup:yang:mqtt-demo-board';

/**
 * An RPC from a NETCONF client through bridge, Mosquitto and device and back, beside the sum of a bare
 * ssh2 echo and a bare MQTT round trip of messages of the same size; the three take turns, median of all.
 */
export async function rpcRoundTrip(): Promise<Figure[]> {
  const world = await startWorld();
  const ssh = await bareSsh();
  const mqtt = await bareMqtt(world.broker.url);
  await world.device(uuid);
  const netconf = await rawNetconf(world.bridge.port);
  try {
    const operation = `<relayOn xmlns="${namespace}"><uuidInput>${uuid}</uuidInput></relayOn>`;
    const request = chunked(operation);
    const reply = await netconf.exchange(request);
    if (!reply.includes('10_OK')) throw new BenchError(`the device did not do it: ${reply}`);
    const sshMessage = new Uint8Array(request.length).fill(0x78);
    const mqttMessage = utf8('0123456789abcdef;RELAY-ON');
    const times = { rpc: [] as number[], ssh: [] as number[], mqtt: [] as number[] };
    for (let round = 0; round < warmUp + rounds; round += 1) {
      const rpc = await series(perRound, () => netconf.exchange(request));
      const bareS = await series(perRound, () => ssh.exchange(sshMessage));
      const bareM = await series(perRound, () => mqtt.exchange(mqttMessage));
      if (round < warmUp) continue;
      times.rpc.push(...rpc);
      times.ssh.push(...bareS);
      times.mqtt.push(...bareM);
    }
    const bare = median(times.ssh) + median(times.mqtt);
    const value = median(times.rpc);
    return [
      {
        name: 'RPC round trip, median',
        value,
        unit: 'ms',
        baseline: { name: 'bare ssh2 echo + bare MQTT', value: bare },
      },
      { name: 'RPC round trip / (ssh2 echo + MQTT)', value: value / bare, unit: 'ratio', limit: 1.5 },
    ];
  } finally {
    netconf.close();
    await ssh.close();
    await mqtt.close();
    await world.close();
  }
}
