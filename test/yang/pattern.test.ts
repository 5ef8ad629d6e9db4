import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern } from '../../src/yang/pattern.ts';

function matches(pattern: string, text: string): boolean | undefined {
  return compilePattern(pattern).matches(text);
}

const atom = fc.constantFrom('a', 'b', '[ab]', '[^a]', '.', '[a-c]', '\\.', '\\|');
const quantifier = fc.constantFrom('', '', '?', '*', '+', '{2}', '{0,2}', '{1,}');
// Small, because the regular expressions that they are compared with backtrack without bound.
const simple = fc.tuple(atom, quantifier).map((parts) => parts.join(''));
const group = (inner: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(sequence(inner), { minLength: 1, maxLength: 2 }), quantifier)
    .map(([options, count]) => `(${options.join('|')})${count}`);
const sequence = (part: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(part, { maxLength: 2 }).map((parts) => parts.join(''));
const patterns = sequence(fc.oneof(simple, group(simple), group(group(simple))));

describe('patterns (XML Schema Part 2, Appendix F)', () => {
  test('match the whole text, like an anchored regular expression', () => {
    fc.assert(
      fc.property(
        patterns,
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '-'), maxLength: 5 }),
        (pattern, text) => {
          expect(matches(pattern, text)).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(text));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('sequences of plain sets, which the engine matches itself, mean what the automaton says', () => {
    const set = fc.constantFrom('[a-c]', '[A-Za-z0-9]', '[0-9_.:]', '[a-z\\-]', '[b]');
    const count = fc.constantFrom('', '{2}', '{0,3}', '{1,2}', '{0,0}');
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(set, count).map((parts) => parts.join('')),
          { minLength: 1, maxLength: 4 },
        ),
        fc.string({ unit: fc.constantFrom('a', 'b', 'C', '7', '-', '.', '\n', 'ä'), maxLength: 8 }),
        (parts, text) => {
          const pattern = parts.join('');
          expect(matches(pattern, text)).toBe(matches(`(${pattern})`, text));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['[0-9a-fA-F]{4}', '00fF', '00fg'],
    ['\\p{Lu}\\p{Nd}', 'Ä٣', 'a1'],
    ['\\P{L}+', '12', '1a'],
    ['[^\\s,]+', 'a.b', 'a b'],
    ['\\w\\W\\d\\D\\S\\s', 'a-1xy\t', 'a-1xyz'],
    ['a^b$', 'a^b$', 'ab'],
    ['[-a]', '-', 'b'],
    ['[a-]', '-', 'b'],
    ['[\\-\\]\\[\\\\^]', ']', 'a'],
    ['.', '😀', '\n'],
    ['', '', 'a'],
    ['()|x', '', 'y'],
  ])('%s takes %j and not %j', (pattern, good, bad) => {
    expect(matches(pattern, good)).toBe(true);
    expect(matches(pattern, bad)).toBe(false);
  });

  test.each([
    '(',
    ')',
    '(a',
    '[',
    '[]',
    '[^]',
    '[a',
    '[b-a]',
    '[a-b-c]',
    '[a-z-[aeiou]]',
    '*',
    'a**',
    '?',
    '{2}',
    'a{',
    'a{2',
    'a{,2}',
    'a{3,2}',
    'a{99999}',
    'a}',
    'a]',
    '\\',
    '\\q',
    '\\i',
    '\\c',
    '\\1',
    '\\p',
    '\\p{',
    '\\p{Foo}',
    '\\p{IsThai}',
    '(?=a)',
    '(?:a)',
    '(*ACCEPT)',
    '[[:alpha:]]',
    '(((a{500}){500}){500})',
    '((){4000}){4000}',
    'a{4000}b{4000}',
    `${'('.repeat(33)}a${')'.repeat(33)}`,
    'a'.repeat(2049),
  ])('%j is refused', (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(expect.objectContaining({ code: 'bad-pattern' }));
  });

  test('any text either compiles or is refused as bad-pattern', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'()[]{}|?*+\\-^,.ab019pP'), maxLength: 20 }),
        (pattern) => {
          try {
            expect([true, false]).toContain(matches(pattern, 'ab'));
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad-pattern' });
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each(['(a*)*b', '(a|a)*b', '(a|aa)+b', '(.*)*(.*)*x', '(([a-z])+.)+[A-Z]([a-z])+'])(
    '%s, which makes a backtracking matcher explode, is decided',
    (pattern) => expect(matches(pattern, 'a'.repeat(5000))).toBe(false),
  );

  test('a long value is matched with a simple pattern', () => {
    expect(matches('([0-9a-f]{2})*', '0f'.repeat(500_000))).toBe(true);
  });

  test('patterns that are forgotten are prepared again', () => {
    for (let i = 0; i < 100; i++) expect(matches(`a{${1000 + i}}`, 'a'.repeat(1000 + i))).toBe(true);
    expect(matches('a{1000}', 'a'.repeat(1000))).toBe(true);
  });

  test('a match that would take too long is given up', () => {
    expect(matches('(.{0,1000}){0,3}x', 'a'.repeat(100_000))).toBeUndefined();
    // Each of these classes takes as long as hundreds of plain states.
    expect(matches(`([^${'\\p{Lu}'.repeat(320)}]?){1200}`, 'a')).toBeUndefined();
    expect(matches('([^A-Z]?){1200}', 'a'.repeat(12))).toBe(true);
    expect(matches('.*', 'a'.repeat(1_048_576))).toBe(true);
    expect(matches('.*', 'a'.repeat(1_048_577))).toBeUndefined();
  });
});
