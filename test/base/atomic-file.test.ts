import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { writeFileAtomically } from '../../src/base/adapters/atomic-file.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('a file that is replaced as a whole', () => {
  test('is for its owner alone, holds what was written last, and has nothing beside it', async () => {
    const folder = await temporaryDirectory();
    const path = join(folder, 'file');
    await writeFileAtomically(path, 'old');
    await writeFileAtomically(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['file']);
  });

  test('a process that was killed in the middle does not stop the next one, though that has its id, as in a container', async () => {
    const folder = await temporaryDirectory();
    const path = join(folder, 'file');
    const left = Array.from({ length: 20 }, (_, n) => `${path}.${process.pid}.${n}.tmp`);
    for (const name of left) await writeFile(name, 'half');
    await writeFileAtomically(path, 'whole');
    expect(await readFile(path, 'utf8')).toBe('whole');
  });

  test('what cannot be written is told, and leaves nothing', async () => {
    const folder = await temporaryDirectory();
    await expect(writeFileAtomically(join(folder, 'missing', 'file'), 'x')).rejects.toMatchObject({
      code: 'ENOENT',
    });
    await writeFile(join(folder, 'file'), 'old');
    await expect(writeFileAtomically(join(folder, 'file', 'below'), 'x')).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
    expect(await readdir(folder)).toEqual(['file']);
  });
});
