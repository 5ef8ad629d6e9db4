import { utf8 } from '../src/base/bytes.ts';
import { element } from '../src/xml/element.ts';
import { bareMqtt, bareSsh } from './support/baselines.ts';
import type { Figure } from './support/report.ts';
import { median, timed } from './support/stats.ts';
import { startWorld } from './support/world.ts';

const rounds = 7;
const perRound = 200;
const uuid = 'BENCH-RPC';

/**
 * An RPC from a NETCONF client through bridge, Mosquitto and device and back, beside the sum of a bare
 * ssh2 echo and a bare MQTT round trip of messages of the same size; interleaved, median of all.
 */
export async function rpcRoundTrip(): Promise<Figure[]> {
  const world = await startWorld();
  const ssh = await bareSsh();
  const mqtt = await bareMqtt(world.broker.url);
  try {
    await world.device(uuid);
    const client = await world.client();
    const namespace = 'urn:mup:yang:mqtt-demo-board';
    const request = element(namespace, 'relayOn', [element(namespace, 'uuidInput', uuid)]);
    const sshMessage = utf8('x'.repeat(350));
    const mqttMessage = utf8('0123456789abcdef;RELAY-ON');
    const times = { rpc: [] as number[], ssh: [] as number[], mqtt: [] as number[] };
    for (let round = 0; round <= rounds; round += 1) {
      for (let i = 0; i < perRound; i += 1) {
        const rpc = await timed(() => client.rpc(request));
        const bareS = await timed(() => ssh.exchange(sshMessage));
        const bareM = await timed(() => mqtt.exchange(mqttMessage));
        if (round === 0) continue; // warm-up
        times.rpc.push(rpc);
        times.ssh.push(bareS);
        times.mqtt.push(bareM);
      }
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
    await ssh.close();
    await mqtt.close();
    await world.close();
  }
}
