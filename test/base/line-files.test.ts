import { appendFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { LineFiles, readLineFiles } from '../../src/base/adapters/line-files.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const line = (n: number): string => `{"n":${n},"ü":"${'x'.repeat(20)}"}`;

async function files(changes: Partial<ConstructorParameters<typeof LineFiles>[0]> = {}) {
  const directory = join(await temporaryDirectory(), 'state', 'log');
  const options = { directory, fileBytes: 100, maxBytes: 300, ...changes };
  return { directory, options, log: new LineFiles(options) };
}

describe('lines in files that rotate', () => {
  test('are for the owner alone, and are bounded by size and count; the newest stay', async () => {
    const { log, directory } = await files();
    await log.open();
    for (let n = 0; n < 100; n += 1) await log.append(`${line(n)}\n`);
    const names = await readdir(directory);
    expect(names.length).toBeLessThanOrEqual(4);
    for (const name of names) {
      const { size, mode } = await stat(join(directory, name));
      expect([size < 200, mode & 0o777]).toEqual([true, 0o600]);
    }
    const kept = await readLineFiles(directory);
    expect(kept.length).toBeGreaterThan(5);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => line(100 - kept.length + i)));
  });

  test('cut at any octet by kill -9: at the next opening no whole line is lost, and none is half', async () => {
    const { log, options, directory } = await files({ fileBytes: 1e6 });
    await log.open();
    for (const n of [0, 1, 2]) await log.append(`${line(n)}\n`);
    const path = join(directory, '0000000001.jsonl');
    const whole = await readFile(path);
    const ends = [0, 1, 2].map((n) => whole.indexOf(`${line(n)}\n`) + Buffer.byteLength(line(n)) + 1);
    for (let cut = 0; cut <= whole.length; cut += 1) {
      await writeFile(path, whole.subarray(0, cut));
      const expected = ends.filter((end) => end <= cut).length;
      const again = new LineFiles(options);
      await again.open();
      expect(await readFile(path)).toEqual(whole.subarray(0, ends[expected - 1] ?? 0));
      await again.append('{"n":9}\n');
      const lines = await readLineFiles(directory);
      expect(lines).toEqual([...[0, 1, 2].slice(0, expected).map(line), '{"n":9}']);
    }
  });

  test('who writes beside the owner repairs nothing and joins no two lines', async () => {
    const { log, options, directory } = await files({ fileBytes: 1e6 });
    await log.open();
    await log.append(`${line(0)}\n`);
    await appendFile(join(directory, '0000000001.jsonl'), '{"half');
    const beside = new LineFiles(options);
    await beside.join();
    await beside.append(`${line(1)}\n`);
    expect(await readLineFiles(directory)).toEqual([line(0), '{"half', line(1)]);
    await log.append(`${line(2)}\n`);
    expect((await readLineFiles(directory)).slice(2)).toEqual([line(1), line(2)]);
  });

  test('where nothing was written yet, nothing is read', async () => {
    const { directory, options } = await files();
    expect(await readLineFiles(directory)).toEqual([]);
    const beside = new LineFiles(options);
    await beside.join();
    await beside.append(`${line(0)}\n`);
    expect(await readLineFiles(directory)).toEqual([line(0)]);
  });

  test('a line that is still being written is not read', async () => {
    const { log, directory } = await files();
    await log.open();
    await log.append(`${line(0)}\n`);
    await appendFile(join(directory, '0000000001.jsonl'), '{"n":1');
    expect(await readLineFiles(directory)).toEqual([line(0)]);
  });
});
