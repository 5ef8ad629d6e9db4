import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { packageFile } from '../../src/base/adapters/package-files.ts';
import { root } from '../support/paths.ts';

test('files of the package are found from the folder of its package.json', () => {
  expect(packageFile()).toBe(root);
  expect(packageFile('dist', 'cli', 'main.js')).toBe(join(root, 'dist', 'cli', 'main.js'));
});
