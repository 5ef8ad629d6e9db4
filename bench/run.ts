import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { memory } from './memory.ts';
import { netconf } from './netconf.ts';
import { netconfd } from './netconfd.ts';
import { ontology } from './ontology.ts';
import { registration } from './registration.ts';
import { rpcRoundTrip } from './rpc-round-trip.ts';
import { soak } from './soak.ts';
import { store } from './store.ts';
import { type Figure, printTable } from './support/report.ts';
import { transfer } from './transfer.ts';
import { updates } from './updates.ts';

interface BenchOptions {
  readonly minutes?: number;
}

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<Figure[]>>> = {
  rpc: rpcRoundTrip,
  ontology,
  store,
  registration,
  transfer,
  updates,
  memory,
  netconfd,
  netconf,
  soak,
};
/** Runs only when it is asked for: `npm run bench -- soak --minutes 60`. */
const onRequest = ['soak'];

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string' } },
});
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
if (minutes !== undefined && !(minutes > 0)) {
  process.stderr.write('--minutes takes a number over 0\n');
  process.exit(2);
}
const unknown = wanted.find((name) => !(name in benches));
if (unknown !== undefined) {
  process.stderr.write(`no benchmark ${unknown}; there are ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 ? !wanted.includes(name) : onRequest.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  const measured = await bench(minutes === undefined ? {} : { minutes });
  printTable(measured);
  figures.push(...measured);
}
const results = join(import.meta.dirname, 'results');
await mkdir(results, { recursive: true });
const file = join(results, `${new Date().toISOString().replaceAll(':', '-')}.json`);
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
await writeFile(file, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
process.stdout.write(`\n${JSON.stringify(figures)}\n`);
process.stderr.write(`also written to ${file}\n`);
process.exit(figures.some(({ value, limit }) => limit !== undefined && value > limit) ? 1 : 0);
