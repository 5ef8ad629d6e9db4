import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../dist/base/logger.js';
import { openDocumentStore } from '../dist/registry/adapters/open-document-store.js';
import type { Change, DocumentStore } from '../dist/registry/document-store.js';
import type { Figure } from './support/report.ts';
import { median, percentile, series, timed } from './support/stats.ts';

const documents = 10_000;
const runs = 500;

/**
 * The registry's store: what a transaction costs beside a bare append and sync of as many bytes on the same disk,
 * one by one and many at once, and what a start with 10,000 documents takes.
 */
export async function store(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'mup-bench-'));
  try {
    const registry = join(directory, 'registry');
    const filled = await openDocumentStore(registry, silentLogger);
    const filling = await timed(() => fill(filled));
    const bare = await bareAppends(join(directory, 'bare'));
    const one = await series(runs, (i) => filled.put('jobs', `J${i % 50}`, document(i)));
    const three = await series(runs, (i) => filled.transact(registration(i)));
    await filled.close();
    const before = process.memoryUsage.rss();
    let again = filled;
    const opening = await timed(async () => {
      again = await openDocumentStore(registry, silentLogger);
    });
    const grown = (process.memoryUsage.rss() - before) / 1024 / 1024;
    const reading = await timed(() => again.all('devices'));
    await again.close();
    const append = { name: 'bare append and sync', value: median(bare) };
    return [
      {
        name: 'store: a document',
        value: median(one),
        unit: 'ms',
        baseline: append,
        limit: append.value + 1,
      },
      { name: 'store: 3 documents in a transaction', value: median(three), unit: 'ms', baseline: append },
      {
        name: 'store: 3 documents in a transaction, p99',
        value: percentile(three, 99),
        unit: 'ms',
        baseline: { name: append.name, value: percentile(bare, 99) },
      },
      { name: `store: ${documents} transactions at once`, value: (documents / filling) * 1000, unit: '/s' },
      { name: `store: opened with ${documents} documents`, value: opening, unit: 'ms', limit: 500 },
      { name: `store: ${documents} documents read`, value: reading, unit: 'ms', limit: 500 },
      { name: `store: more memory opened with ${documents} documents`, value: grown, unit: 'MiB' },
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function fill(store: DocumentStore): Promise<void> {
  const puts = Array.from({ length: documents }, (_, i) => store.put('devices', `DEVICE-${i}`, document(i)));
  await Promise.all(puts);
}

/** Some 600 bytes. */
function document(i: number): unknown {
  return { uuid: `DEVICE-${i}`, description: 'a'.repeat(64), at: i, text: 'x'.repeat(450) };
}

/** What the first device of a kind stores. */
function registration(i: number): readonly Change[] {
  return (['templates', 'modules', 'devices'] as const).map((collection) => ({
    kind: 'put',
    collection,
    key: `K${i % 100}`,
    document: document(i),
  }));
}

async function bareAppends(path: string): Promise<number[]> {
  const file = await open(path, 'wx');
  const bytes = Buffer.alloc(650, 'x');
  try {
    return await series(runs, async (i) => {
      await file.write(bytes, 0, bytes.length, i * bytes.length);
      await file.datasync();
    });
  } finally {
    await file.close();
  }
}
