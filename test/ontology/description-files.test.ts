import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import type { Digest } from '../../src/base/ids.ts';
import { createDescriptionFiles } from '../../src/ontology/adapters/description-files.ts';
import type { DescriptionLibrary } from '../../src/ontology/description-library.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('descriptions in folders (mup-protocol §1: by digest)', () => {
  let directory: string;
  let clock: ManualClock;
  let logger: RecordingLogger;
  let library: DescriptionLibrary;

  const place = async (name: string, text: string): Promise<Digest> => {
    await writeFile(join(directory, name), text);
    return sha256(utf8(text));
  };

  beforeEach(async () => {
    directory = await temporaryDirectory();
    await mkdir(join(directory, 'descriptions'));
    clock = new ManualClock();
    logger = new RecordingLogger();
    const directories = [join(directory, 'not-there'), directory];
    library = createDescriptionFiles({ directories, maxBytes: 100, clock, logger });
  });

  test('are found in the folder and in its descriptions/', async () => {
    const one = await place('one.jsonld', '{"one":1}');
    const two = await place('descriptions/two.jsonld', '{"two":2}');
    expect(await library.find(one)).toEqual(utf8('{"one":1}'));
    expect(await library.find(two)).toEqual(utf8('{"two":2}'));
    expect(await library.find(sha256(utf8('other')))).toBeUndefined();
  });

  test('that are added later are found after a while, however often is asked before', async () => {
    expect(await library.find(sha256(utf8('later')))).toBeUndefined();
    const later = await place('later.jsonld', 'later');
    expect(await library.find(later)).toBeUndefined();
    clock.advance(10_000);
    expect(await library.find(later)).toEqual(utf8('later'));
  });

  test('that changed or went are not what was asked for', async () => {
    const before = await place('a.jsonld', 'before');
    expect(await library.find(before)).toEqual(utf8('before'));
    await place('a.jsonld', 'after');
    expect(await library.find(before)).toBeUndefined();
    await rm(join(directory, 'a.jsonld'));
    expect(await library.find(before)).toBeUndefined();
  });

  test('are found beside a folder that cannot be read', async () => {
    await rm(join(directory, 'descriptions'), { recursive: true });
    await symlink('descriptions', join(directory, 'descriptions'));
    const one = await place('one.jsonld', '{"one":1}');
    expect(await library.find(one)).toEqual(utf8('{"one":1}'));
    expect(logger.messages('warn')).toEqual(['a folder of descriptions cannot be read']);
  });

  test('that are too large, or no files, are left out', async () => {
    await mkdir(join(directory, 'folder.jsonld'));
    const large = await place('large.jsonld', 'x'.repeat(101));
    const other = await place('other.txt', 'x');
    expect(await library.find(large)).toBeUndefined();
    expect(await library.find(other)).toBeUndefined();
    expect(logger.messages('warn')).toEqual(['a description is too large']);
  });
});
