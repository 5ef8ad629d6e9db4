import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { memory } from './memory.ts';
import { registration } from './registration.ts';
import { rpcRoundTrip } from './rpc-round-trip.ts';
import { type Figure, printTable } from './support/report.ts';
import { transfer } from './transfer.ts';

const benches: Readonly<Record<string, () => Promise<Figure[]>>> = {
  rpc: rpcRoundTrip,
  registration,
  transfer,
  memory,
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in benches));
if (unknown !== undefined) {
  process.stderr.write(`no benchmark ${unknown}; there are ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  figures.push(...(await bench()));
}
printTable(figures);
const results = join(import.meta.dirname, 'results');
await mkdir(results, { recursive: true });
const file = join(results, `${new Date().toISOString().replaceAll(':', '-')}.json`);
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
await writeFile(file, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
process.stdout.write(`\n${JSON.stringify(figures)}\n`);
process.stderr.write(`also written to ${file}\n`);
process.exit(figures.some(({ value, limit }) => limit !== undefined && value > limit) ? 1 : 0);
