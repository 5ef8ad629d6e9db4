import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isTest } from './support/named-tests.ts';
import { root } from './support/paths.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

const documents: readonly string[] = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'deploy/README.md',
  'fixtures/mup/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

test.each(documents)('every relative link of %s leads to a file, and to a heading of it', (name) => {
  const text = readFileSync(join(root, name), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  const broken = links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? join(root, name) : join(root, dirname(name), path);
      if (relative(root, target).startsWith('..') || !existsSync(target)) return true;
      return heading !== undefined && !headings(readFileSync(target, 'utf8')).has(heading);
    });
  expect(broken).toEqual([]);
});

test('every threat that SECURITY.md names is met by tests that are there', () => {
  const table = readFileSync(join(root, 'SECURITY.md'), 'utf8').split('| shown by |\n')[1] ?? '';
  const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(1);
  expect(rows.length).toBeGreaterThan(20);
  const unshown = rows.filter((row) => {
    const shownBy = [...(row.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    const isThere = (path: string): boolean =>
      existsSync(join(root, path)) || existsSync(join(root, `${path}.test.ts`));
    return shownBy.length === 0 || !shownBy.every(isThere);
  });
  expect(unshown).toEqual([]);
});

test('every rule of docs/netconf-rules.md is shown by a test of those words', () => {
  const text = readFileSync(join(root, 'docs', 'netconf-rules.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| rule '));
  const tests = rows
    .filter((row) => !row.startsWith('| ---'))
    .map((row) => row.split('|').at(-2)?.trim() ?? '');
  expect(tests.length).toBeGreaterThan(60);
  expect(tests.filter((named) => !isTest(named))).toEqual([]);
});

/** The anchors that GitHub gives to the headings of a document. */
function headings(markdown: string): Set<string> {
  return new Set(
    [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('troubleshooting', () => {
  const section = readme.split('\n## Troubleshooting\n')[1]?.split('\n## ')[0] ?? '';
  const messages = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = '']) => message);
  const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, 'src', name), 'utf8'))
    .join('\n');

  test('quotes messages', () => {
    expect(messages.length).toBeGreaterThan(3);
  });

  test.each(messages)('%s is what the program says', (message) => {
    // Numbers and addresses of the message, what it leaves out, and the errno at its end are values.
    const fixed = message.split(/…|\b[\d.]+\b(?!_)|\bE[A-Z]{3,}\b/).map((part) => part.trim());
    const pattern = fixed.filter((part) => part !== '').map((part) => escaped(part));
    expect(source).toMatch(new RegExp(pattern.join('.*')));
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
