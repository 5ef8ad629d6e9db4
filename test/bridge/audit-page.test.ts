import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { type AuditFacts, formatAuditEntry } from '../../src/bridge/audit-entry.ts';
import { root } from '../support/paths.ts';

const page = readFileSync(join(root, 'docs', 'audit.md'), 'utf8');

/** An entry with everything that there is. */
const full: Required<AuditFacts> = {
  ...{ user: 'u', from: 'f', operation: 'o', outcome: 'refused', code: 'c', device: 'd', job: 'j' },
  ...{ image: 'i', manifest: 'm', target: 't', changes: ['x'] },
};

test('the fields in docs/audit.md are those of an entry, in its order', () => {
  const [, table = ''] = page.split('<!-- test: fields -->\n');
  const told = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  expect(told).toEqual(Object.keys(JSON.parse(formatAuditEntry(full, 0, 1))));
});

test('the settings in docs/audit.md are all that there are', () => {
  const named = new Set([...page.matchAll(/`audit\.(\w+)`/g)].map(([, name]) => name));
  expect([...named].sort()).toEqual(Object.keys(defaultConfig.audit).sort());
});
