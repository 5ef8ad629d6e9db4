import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { UnavailableError, UsageError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { startBridge } from '../../src/cli/adapters/start-bridge.ts';
import { stateFailure } from '../../src/cli/adapters/state-failure.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const stateDir = '/var/lib/mup';

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: no, ${syscall}`), { code, syscall });
}

describe('a start that the file system stops says where and what to do', () => {
  test.each(['ENOSPC', 'EDQUOT'])('%s: the disk is full, which another start may not find', (code) => {
    const failure = stateFailure(systemError(code, 'write'), stateDir);
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure).toMatchObject({
      ...{ code: 'state-disk-full', where: stateDir, hint: expect.stringContaining('Make room') },
      message: expect.stringContaining(`${code}: no, write`),
    });
  });

  test.each(['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'ENOENT'])('%s: it cannot be used', (code) => {
    const failure = stateFailure(systemError(code, 'mkdir'), stateDir);
    expect(failure).toBeInstanceOf(UsageError);
    expect(failure).toMatchObject({
      ...{ code: 'state-unusable', where: stateDir, hint: expect.stringContaining('--state-dir') },
    });
  });

  test('an error that says so itself, one of networks and a bug stay what they are', () => {
    const errors = [
      new UsageError('store-newer', 'newer'),
      systemError('EACCES', 'listen'),
      systemError('ECONNREFUSED', 'connect'),
      new TypeError('ours'),
      undefined,
    ];
    for (const error of errors) expect(stateFailure(error, stateDir)).toBe(error);
  });

  test.each([
    ['a file in its place', (dir: string) => writeFile(dir, '')],
    [
      'a directory where its journal belongs',
      (dir: string) => mkdir(join(dir, 'registry', 'journal'), { recursive: true }),
    ],
  ])(
    '%s',
    async (_, spoil) => {
      const directory = join(await temporaryDirectory(), 'state');
      await spoil(directory);
      const config = {
        ...defaultConfig,
        stateDir: directory,
        mqtt: { ...defaultConfig.mqtt, embedded: { ...defaultConfig.mqtt.embedded, port: 0 } },
      };
      await expect(startBridge(config, silentLogger, new AbortController().signal)).rejects.toMatchObject({
        ...{ code: 'state-unusable', where: directory },
      });
    },
    60_000,
  );
});
