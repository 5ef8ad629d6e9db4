import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { run } from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const patience = 120_000;

test(
  'mup user adds, lists and removes users where no bridge runs, also before the first start',
  async () => {
    const where = ['--state-dir', join(await temporaryDirectory(), 'bridge')];
    const password = ['--password-stdin', '--group', 'admin'];
    expect(await run(['user', 'add', 'anna', ...password, ...where], 'a password\n')).toContain('anna');
    const users = JSON.parse(await run(['user', 'list', '--json', ...where]));
    expect(users).toContainEqual(expect.objectContaining({ name: 'anna', groups: ['admin'] }));
    await run(['user', 'remove', 'anna', ...where]);
    expect(await run(['user', 'list', ...where])).not.toContain('anna');
  },
  patience,
);
