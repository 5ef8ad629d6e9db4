import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { systemClock } from '../dist/base/adapters/node-runtime.js';
import { utf8 } from '../dist/base/bytes.js';
import { defaultConfig } from '../dist/base/config.js';
import { type DeviceUuid, deviceUuid, digest } from '../dist/base/ids.js';
import { silentLogger } from '../dist/base/logger.js';
import { encodePieces } from '../dist/mqtt/description-pieces.js';
import { defaultOntologiesDir } from '../dist/ontology/adapters/ontology-files.js';
import { createRdfTools } from '../dist/ontology/adapters/rdf-tools.js';
import { createDescriptionReader } from '../dist/ontology/adapters/worker-reader.js';
import { instantiate } from '../dist/ontology/description-template.js';
import { withoutLists } from '../dist/ontology/graph.js';
import { parseDocument } from '../dist/ontology/json-document.js';
import { toOurVocabulary } from '../dist/ontology/our-vocabulary.js';
import { type RdfTools, readDescription } from '../dist/ontology/reading.js';
import { Report } from '../dist/ontology/report.js';
import { moduleStatement } from '../dist/yang/module-generator.js';
import { newModule } from '../dist/yang/module-model.js';
import { printModule } from '../dist/yang/printer.js';
import { BenchError } from './support/bench-error.ts';
import { newCategory } from './support/descriptions.ts';
import type { Figure } from './support/report.ts';
import { median, series, timed } from './support/stats.ts';
import { startWorld } from './support/world.ts';

const warmUps = 40;
const repeats = 21;
const devices = 10_000;
const categories = 20;
/** Devices that wait for their answer at one time. */
const inFlight = 64;
const settleMs = 3000;
const uuid = deviceUuid('BENCH-0001');
const limits = defaultConfig.registration;

/**
 * From the text of a description to its YANG: each example stage by stage, with a bare `jsonld.toRDF` beside
 * it, siblings by content, and 10,000 devices of 20 categories through a real broker.
 */
export async function ontology(): Promise<Figure[]> {
  const tools = await createRdfTools(defaultOntologiesDir);
  const folder = join(defaultOntologiesDir, 'examples');
  const examples = (await readdir(folder)).filter((file) => file.endsWith('.jsonld'));
  const figures = await stages('new description of 26 kB', utf8(await newCategory('BENCH-KIND')), tools, 40);
  for (const file of examples)
    figures.push(...(await stages(file, await readFile(join(folder, file)), tools)));
  return [...figures, await siblings(), ...(await crowd())];
}

/** The median time of each stage, and of all together. */
async function stages(name: string, bytes: Uint8Array, tools: RdfTools, limit?: number): Promise<Figure[]> {
  const times = new Map<string, number[]>();
  const stage = async <T>(key: string, task: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await task();
    times.set(key, [...(times.get(key) ?? []), performance.now() - start]);
    return result;
  };
  const run = async (): Promise<void> => {
    const document = await stage('parse', () => parseDocument(bytes, limits, tools.contexts));
    const said = await stage('jsonld.toRDF', () => tools.toTriples(document, () => {}));
    const { triples } = await stage('map', () => toOurVocabulary(said, tools, new Report()));
    const dataset = await stage('load', () => tools.load(withoutLists(triples).triples));
    await stage('validate', () => dataset.validate());
    await stage('query', () => dataset.solve());
    const description = await stage('all of it, read', () => readDescription(bytes, tools, limits));
    await stage('generate', () => {
      const template = { digest: digest('0'.repeat(64)), description };
      return printModule(moduleStatement(newModule(instantiate(template, uuid))));
    });
  };
  for (let i = 0; i < warmUps; i += 1) await run();
  times.clear();
  for (let i = 0; i < repeats; i += 1) await run();
  const value = (key: string): number => median(times.get(key) ?? []);
  const floor = { name: 'bare jsonld.toRDF', value: value('jsonld.toRDF') };
  const total = value('all of it, read') + value('generate');
  return [
    ...['parse', 'map', 'load', 'validate', 'query', 'generate'].map(
      (key): Figure => ({ name: `  ${name}: ${key}`, value: value(key), unit: 'ms' }),
    ),
    {
      name: `${name}: text to YANG`,
      value: total,
      unit: 'ms',
      baseline: floor,
      ...(limit === undefined ? {} : { limit }),
    },
  ];
}

/** A description whose like was read: what differs is the UUID. */
async function siblings(): Promise<Figure> {
  const reader = createDescriptionReader({ config: limits, clock: systemClock, logger: silentLogger });
  const text = await newCategory('SIBLINGS');
  const idOf = (i: number): DeviceUuid => deviceUuid(`5151BEEF-${i}`);
  const read = (i: number) => reader.read(idOf(i), utf8(text.replaceAll('%s', idOf(i))));
  await series(50, read);
  const value = median(await series(200, (i) => read(i + 50)));
  await reader.close();
  return { name: 'sibling by content, read', value, unit: 'ms', limit: 2 };
}

/** Many devices at once: how long until the last is registered, and what they cost in memory. */
async function crowd(): Promise<Figure[]> {
  const world = await startWorld();
  const mqtt = await connectAsync(world.broker.url, { protocolVersion: 5 });
  try {
    await settle();
    const idle = await world.rssMib();
    const texts = await Promise.all(
      Array.from({ length: categories }, (_, i) => newCategory(`CROWD-KIND-${i}`)),
    );
    const time = await timed(() => registerAll(mqtt, texts.map(utf8)));
    await settle(limits.workerIdleMs);
    const full = await world.rssMib();
    const name = `${devices} devices of ${categories} categories`;
    return [
      { name: `${name}, registered`, value: time / 1000, unit: 's', limit: 30 },
      { name: `${name}, more memory`, value: full - idle, unit: 'MiB', limit: 150 },
    ];
  } finally {
    await mqtt.endAsync();
    await world.close();
  }
}

async function registerAll(mqtt: MqttClient, texts: readonly Uint8Array[]): Promise<void> {
  const waiting = new Map<string, (answer: string) => void>();
  mqtt.on('message', (topic, payload) => waiting.get(topic)?.(payload.toString()));
  await mqtt.subscribeAsync('mup/description/+/status', { qos: 1 });
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < devices; i = next++) {
      const topic = `mup/description/CROWD-${i}`;
      const answer = new Promise<string>((resolve) => waiting.set(`${topic}/status`, resolve));
      const [piece] = encodePieces(texts[i % categories] ?? new Uint8Array(), 64 * 1024);
      mqtt.publish(topic, Buffer.from(piece ?? new Uint8Array()), { qos: 1 });
      const text = await answer;
      waiting.delete(`${topic}/status`);
      if (!text.startsWith('OK;')) throw new BenchError(`device ${i} was refused: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

function settle(more = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, settleMs + more));
}
