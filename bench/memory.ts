import { connectAsync } from 'mqtt';
import { defaultConfig } from '../dist/base/config.js';
import { register } from './registration.ts';
import { newCategory } from './support/descriptions.ts';
import type { Figure } from './support/report.ts';
import { startWorld } from './support/world.ts';

const devices = 1000;
const categories = 5;
const settleMs = 3000;

/** Memory of the bridge's process idle and with 1,000 devices of 5 categories, and the time of its start. */
export async function memory(): Promise<Figure[]> {
  const world = await startWorld();
  const mqtt = await connectAsync(world.broker.url, { protocolVersion: 5 });
  await mqtt.subscribeAsync('mup/description/+/status', { qos: 1 });
  mqtt.setMaxListeners(0);
  try {
    await settle();
    const idle = await world.rssMib();
    const texts = await Promise.all(
      Array.from({ length: categories }, (_, i) => newCategory(`CATEGORY-${i}`)),
    );
    for (let i = 0; i < devices; i += 1) await register(mqtt, `DEVICE-${i}`, texts[i % categories] ?? '');
    const busy = await world.rssMib();
    await settle(defaultConfig.registration.workerIdleMs);
    const full = await world.rssMib();
    return [
      { name: 'start to serving', value: world.startMs / 1000, unit: 's', limit: 2 },
      { name: 'memory idle', value: idle, unit: 'MiB', limit: 150 },
      { name: `more with ${devices} devices, reader gone`, value: full - idle, unit: 'MiB', limit: 50 },
      { name: `more with ${devices} devices, reader still there`, value: busy - idle, unit: 'MiB' },
    ];
  } finally {
    await mqtt.endAsync();
    await world.close();
  }
}

function settle(more = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, settleMs + more));
}
