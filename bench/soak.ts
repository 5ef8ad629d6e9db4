import { connectAsync } from 'mqtt';
import type ssh2 from 'ssh2';
import { register } from './registration.ts';
import { newCategory } from './support/descriptions.ts';
import { connectSsh, LoadSession, type LoadTarget, request } from './support/netconf-load.ts';
import type { Figure } from './support/report.ts';
import { median } from './support/stats.ts';
import { startWorld, userWithKey } from './support/world.ts';

const sessionCount = 500;
const devices = 50;
const peers = 4;
const moduleNamespace = 'urn:mup:yang:mqtt-demo-board';
/** Mean time between two requests of a session. */
const thinkMs = 500;
const replyTimeoutMs = 60_000;
/** Part of the time that caches and heap take to find their size. */
const warmUp = 0.4;

interface Tally {
  replies: number;
  notifications: number;
  disconnects: number;
  /** RPCs that were told that their device has all the requests it may have. */
  denied: number;
  /** Requests that got no reply, or another session's. */
  wrong: string[];
  /** Connections that did not come about. */
  refused: string[];
}

/**
 * Sessions that ask, subscribe and vanish, for as long as is wanted: every reply has to be that of its
 * request, and the memory of the bridge has to stay where it is.
 */
export async function soak({ minutes = 10 }: { readonly minutes?: number } = {}): Promise<Figure[]> {
  const world = await startWorld();
  const mqtt = await connectAsync(world.broker.url, { protocolVersion: 5 });
  mqtt.setMaxListeners(0);
  await mqtt.subscribeAsync('mup/description/+/status', { qos: 1 });
  const tally: Tally = { replies: 0, notifications: 0, disconnects: 0, denied: 0, wrong: [], refused: [] };
  try {
    const target = await userWithKey(world);
    const text = await newCategory('BENCH-SOAK');
    for (let i = 0; i < devices; i += 1) await register(mqtt, deviceOf(i), text);
    for (let i = 0; i < peers; i += 1) await world.device(peerOf(i));
    const end = performance.now() + minutes * 60_000;
    const memory: number[] = [];
    const users = Promise.all(Array.from({ length: sessionCount }, (_, i) => user(i, target, end, tally)));
    const everyMs = Math.max(1000, (minutes * 60_000) / 60);
    for (let next = performance.now() + everyMs; next <= end; next += everyMs) {
      await sleep(next - performance.now());
      memory.push(await world.rssMib());
      process.stderr.write(
        `  ${((next - end) / 60_000 + minutes).toFixed(1)} min: ${memory.at(-1)?.toFixed(1)} MiB, ${tally.replies} replies, ` +
          `${tally.notifications} notifications, ${tally.disconnects} disconnects, ${tally.wrong.length} wrong, ${tally.refused.length} logins refused\n`,
      );
    }
    await users;
    for (const fault of [...tally.wrong.slice(0, 5), ...tally.refused.slice(0, 5)])
      process.stderr.write(`  ${fault}\n`);
    return [...verdict(memory), ...counts(tally, minutes)];
  } finally {
    await mqtt.endAsync();
    await world.close();
  }
}

const deviceOf = (i: number): string => `SOAK-${i % devices}`;
const peerOf = (i: number): string => `SOAK-PEER-${i % peers}`;

function verdict(memory: readonly number[]): Figure[] {
  const warm = memory.slice(Math.floor(memory.length * warmUp));
  const half = Math.max(1, warm.length >> 1);
  const first = median(warm.slice(0, half));
  const last = median(warm.slice(-half));
  process.stderr.write(`  memory after the warm-up: ${warm.map((one) => one.toFixed(0)).join(' ')} MiB\n`);
  return [
    { name: 'memory with the sessions, second half', value: last, unit: 'MiB' },
    { name: 'growth from the first half after the warm-up', value: last / first, unit: 'ratio', limit: 1.05 },
  ];
}

function counts(tally: Tally, minutes: number): Figure[] {
  return [
    { name: `requests of ${sessionCount} sessions`, value: tally.replies / (minutes * 60), unit: '/s' },
    { name: 'notifications', value: tally.notifications, unit: 'count' },
    { name: 'abrupt disconnects', value: tally.disconnects, unit: 'count' },
    { name: 'RPCs denied: the device is busy', value: tally.denied, unit: 'count' },
    { name: 'replies lost or swapped', value: tally.wrong.length, unit: 'count', limit: 0 },
    { name: 'logins refused', value: tally.refused.length, unit: 'count', limit: 0 },
  ];
}

/** One user: connects, asks for a while, and is gone without a word; then again. */
async function user(index: number, target: LoadTarget, end: number, tally: Tally): Promise<void> {
  await sleep(Math.random() * 10_000);
  while (performance.now() < end) {
    try {
      const client = await connectSsh(target).catch((error: unknown) => {
        tally.refused.push(`user ${index}: ${String(error)}`);
      });
      if (client === undefined) {
        await sleep(1000);
        continue;
      }
      client.on('error', () => {});
      await visit(index, client, end, tally);
      if (performance.now() < end) {
        tally.disconnects += 1;
        client.destroy();
      } else client.end();
    } catch (error) {
      tally.wrong.push(`user ${index}: ${String(error)}`);
      await sleep(1000);
    }
  }
}

async function visit(index: number, client: ssh2.Client, end: number, tally: Tally): Promise<void> {
  const session = await LoadSession.open(client);
  session.onNotification = () => {
    tally.notifications += 1;
  };
  const requests = 20 + Math.floor(Math.random() * 200);
  if (index % 10 === 0) await ask(session, index, 'subscribe', subscribe, '<ok/>', tally);
  for (let i = 0; i < requests && performance.now() < end; i += 1) {
    const id = `${index}-${i}-${Math.random()}`;
    // Now and then two at once: their replies must come in order.
    const both = i % 5 === 0 ? [ask(session, index, `${id}-b`, getOf(index), deviceOf(index), tally)] : [];
    if (i % 4 === 0) both.push(ask(session, index, id, callOf(index), '10_OK', tally));
    else both.push(ask(session, index, id, getOf(index), deviceOf(index), tally));
    await Promise.all(both);
    await sleep(Math.random() * 2 * thinkMs);
  }
  // Whoever vanishes does so with a request under way.
  void session.exchange(request(getOf(index)));
}

const subscribe = '<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"/>';
const getOf = (index: number): string =>
  `<get><filter><devices xmlns="urn:mup:yang:mup-bridge"><device><uuid>${deviceOf(index)}</uuid></device></devices></filter></get>`;
const callOf = (index: number): string =>
  `<relayOn xmlns="${moduleNamespace}"><uuidInput>${peerOf(index)}</uuidInput></relayOn>`;

async function ask(
  session: LoadSession,
  index: number,
  id: string,
  operation: string,
  expected: string,
  tally: Tally,
): Promise<void> {
  const reply = await Promise.race([
    session.exchange(request(operation, id)),
    sleep(replyTimeoutMs).then(() => undefined),
  ]);
  const text = reply?.toString('latin1') ?? '(nothing)';
  const others = [...text.matchAll(/<uuid>([^<]*)</g)].some(([, uuid]) => uuid !== expected);
  const mine = text.includes(`message-id="${id}"`);
  if (mine && text.includes('<error-app-tag>too-many-requests<')) tally.denied += 1;
  else if (!mine || !text.includes(expected) || others)
    tally.wrong.push(`user ${index}, ${id}: ${text.slice(0, 500)}`);
  else tally.replies += 1;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
