import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { allChecks } from '../../src/kit/checks/all.ts';
import { root } from '../support/paths.ts';

const page = readFileSync(join(root, 'docs', 'device-makers.md'), 'utf8');

test('docs/device-makers.md: the table of the kit is what --list prints', () => {
  const table = page.split('| check | what the device has to do |')[1]?.split('\n\n')[0] ?? '';
  const expected = allChecks.map(({ id, title, severity, profiles, needs }) => {
    const speaks = profiles.includes('myno') ? 'both' : '`mup`';
    return `| \`${id}\` | ${title} | ${severity} | ${[speaks, ...needs].join(', ')} |`;
  });
  expect(table.split('\n').slice(2)).toEqual(expected);
});

test('CHANGELOG.md counts the checks', () => {
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  expect(changelog).toContain(`${allChecks.length} checks of the protocol`);
});
