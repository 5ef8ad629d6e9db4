import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AccessPath, parseAccessPath, sameMeaning } from '../../../src/netconf/access/access-path.ts';

const scope = new Map([
  ['a', 'urn:a'],
  ['b', 'urn:b'],
]);

describe('node-instance-identifier (RFC 8341 §9)', () => {
  const step = (name: string, keys: AccessPath[number]['keys'] = [], namespace = 'urn:a') => ({
    namespace,
    name,
    keys,
  });
  const key = (name: string, text: string) => ({ name, value: { text } });

  test.each<[string, AccessPath]>([
    ['/', []],
    ['/a:x', [step('x')]],
    ['/a:x/b:y', [step('x'), step('y', [], 'urn:b')]],
    ["/a:x/a:y[a:k='1']", [step('x'), step('y', [key('k', '1')])]],
    ['/a:x[ a:k = "it\'s" ]/a:z', [step('x', [key('k', "it's")]), step('z')]],
    ["/a:x[a:k='1'][a:l='2']", [step('x', [key('k', '1'), key('l', '2')])]],
    ["/a:x[a:k=']/b:y[']", [step('x', [key('k', ']/b:y[')])]],
    ["/a:x[.='v']", [step('x', [key('.', 'v')])]],
    ['/a:x[a:k=$USER]', [step('x', [{ name: 'k', value: 'user' }])]],
    ["/a:x/y[k='1']", [step('x'), step('y', [key('k', '1')])]],
  ])('%s', (text, path) => {
    expect(parseAccessPath(text, scope)).toEqual(path);
  });

  test.each([
    '',
    'a:x',
    '//a:x',
    '/a:x/',
    '/x',
    '/c:x',
    '/a:*',
    '/a:x[1]',
    "/a:x[b:k='1']",
    "/a:x[c:k='1']",
    "/a:x[a:k='1'",
    '/a:x[a:k=1]',
    "/a:x[a:k!='1']",
    '/a:x[a:k=$OTHER]',
    '/a:x | /a:y',
    "/a:x[a:k='1' or true()]",
    '/a:x /a:y',
    '/a:x\n/a:y',
  ])('is not %j', (text) => {
    expect(parseAccessPath(text, scope)).toBeUndefined();
  });

  test('every path that is written is read as it was meant', () => {
    const name = fc.stringMatching(/^[A-Za-z_][-.A-Za-z0-9_]{0,8}$/);
    const value = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes("'"));
    const steps = fc.array(
      fc.record({
        prefix: fc.constantFrom('a', 'b'),
        name,
        keys: fc.array(fc.record({ name, text: value }), { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(steps, (path) => {
        const text = path
          .map(
            ({ prefix, name: node, keys }) =>
              `/${prefix}:${node}${keys.map((one) => `[${prefix}:${one.name}='${one.text}']`).join('')}`,
          )
          .join('');
        expect(parseAccessPath(text, scope)).toEqual(
          path.map(({ prefix, name: node, keys }) =>
            step(
              node,
              keys.map((one) => key(one.name, one.text)),
              `urn:${prefix}`,
            ),
          ),
        );
      }),
    );
  });

  test('whatever is sent is read or refused, in time that grows with its length only', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const path = parseAccessPath(`/a:${text}`, scope);
        return path === undefined || path.length > 0;
      }),
    );
    const long = `/a:x${"[a:k='1']".repeat(100_000)}`;
    expect(parseAccessPath(long, scope)?.[0]?.keys).toHaveLength(100_000);
    expect(parseAccessPath(`${long}[`, scope)).toBeUndefined();
    expect(parseAccessPath(`/a:${'x'.repeat(1_000_000)}!`, scope)).toBeUndefined();
  });
});

test('a path means another thing once its prefixes do', () => {
  const other = new Map([
    ['a', 'urn:a'],
    ['b', 'urn:c'],
  ]);
  expect(sameMeaning('/a:x', scope, other)).toBe(true);
  expect(sameMeaning('/a:x/b:y', scope, other)).toBe(false);
  expect(sameMeaning('/a:x', scope, undefined)).toBe(false);
  expect(sameMeaning('plain text', scope, undefined)).toBe(true);
});
