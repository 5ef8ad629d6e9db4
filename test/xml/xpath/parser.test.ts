import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseXPath } from '../../../src/xml/xpath/parser.ts';
import { XPathError } from '../../../src/xml/xpath/xpath-error.ts';

const prefixes = new Map([
  ['', 'urn:default'],
  ['p', 'urn:p'],
]);
const parse = (expression: string) => parseXPath(expression, prefixes);

describe('names (XPath 1.0 §2.3)', () => {
  const test0 = (expression: string) => {
    const parsed = parse(expression);
    return parsed.kind === 'path' ? parsed.steps[0]?.test : undefined;
  };

  test('a prefix is that of the given scope, the default namespace is none', () => {
    expect(test0('/p:x')).toEqual({ kind: 'name', namespace: 'urn:p', name: 'x' });
    expect(test0('/p:*')).toEqual({ kind: 'any', namespace: 'urn:p' });
  });

  test('a name without a prefix is of any namespace, that of an attribute of none', () => {
    expect(test0('/x')).toEqual({ kind: 'name', name: 'x' });
    expect(test0('/@x')).toEqual({ kind: 'name', namespace: '', name: 'x' });
  });
});

describe('which token is an operator (XPath 1.0 §3.7)', () => {
  test.each([
    ['* * *', 'chain'],
    ['div div div', 'chain'],
    ['and and or', 'chain'],
    ['a-b', 'path'],
    ['a -b', 'chain'],
    ['/* | //*', 'union'],
    ['- - 1', 'negation'],
    ['@* = */*', 'chain'],
    ['text', 'path'],
    ['text()', 'path'],
    ['child::text()', 'path'],
    ['self::div', 'path'],
    ['count(/*)*2', 'chain'],
  ])('%s', (expression, kind) => {
    expect(parse(expression).kind).toBe(kind);
  });
});

test('// with a name is one walk, but where a position is asked for (§2.5)', () => {
  const axesOf = (expression: string) => {
    const parsed = parse(expression);
    return parsed.kind === 'path' ? parsed.steps.map(({ axis }) => axis) : [];
  };
  expect(axesOf('//a')).toEqual(['descendant']);
  expect(axesOf("//a[b='1']//c[not(d)]")).toEqual(['descendant', 'descendant']);
  for (const positional of [
    '1',
    'last()',
    'count(b)',
    'position() = 1',
    'b and not(position() = 1)',
    'b + 1',
  ])
    expect(axesOf(`//a[${positional}]`)).toEqual(['descendant-or-self', 'child']);
  expect(axesOf('//a[b[1]]')).toEqual(['descendant']);
});

describe('what is no XPath 1.0', () => {
  test.each([
    ['', 'it ends'],
    ['/a[', 'it ends'],
    ['/a]', '"]"'],
    ['/a//', 'it ends'],
    ['a b', '"b"'],
    ['a = ', 'it ends'],
    ['foo(1)', 'no function foo()'],
    ['count()', 'count() has not the arguments'],
    ['concat("a")', 'concat() has not the arguments'],
    ['not(1, 2)', 'not() has not the arguments'],
    ['count("a")', 'a node-set has to be'],
    ['"a" | /b', 'a node-set has to be'],
    ['"a"[1]', 'a node-set has to be'],
    ['1/a', 'a node-set has to be'],
    ['$x', 'no variables'],
    ['q:x', 'the prefix q is bound to no namespace'],
    ['sideways::x', 'no axis sideways'],
    ['"open', 'is not XPath'],
    ['a # b', 'is not XPath'],
    ['a ! b', 'is not XPath'],
    ['p:', 'is not XPath'],
    ['1.2.3', 'where it may not'],
    ['a[(1]', '"]" where )'],
  ])('%s', (expression, message) => {
    expect(() => parse(expression)).toThrow(XPathError);
    expect(() => parse(expression)).toThrow(message);
  });

  test('says where', () => {
    expect(() => parse('/a/b[c = q:d]')).toThrow(expect.objectContaining({ where: 'character 10' }));
  });

  test('nesting is bounded, length alone is not', () => {
    expect(() => parse(`${'('.repeat(40)}1${')'.repeat(40)}`)).toThrow('nested over 32 deep');
    expect(() => parse('a['.repeat(2000))).toThrow('nested over 32 deep');
    expect(parse(`1${'+1'.repeat(2000)}`).kind).toBe('chain');
    expect(parse(`a${'/a'.repeat(2000)}`).kind).toBe('path');
    expect(parse(`${'-'.repeat(4000)}1`).kind).toBe('negation');
  });

  test('what is wrong is said in a few words, however long a name is', () => {
    expect(() => parse(`${'a'.repeat(3000)}()`)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^there is no function a{270,300}…$/) }),
    );
  });

  test('any text gives an expression or an XPathError', () => {
    const token = fc.constantFrom(
      ...['/', '//', '*', '@', '[', ']', '(', ')', '.', '..', '::', ',', '|', '=', '!=', '<', '-', '+', '$'],
      ...['a', 'p:a', 'p:*', 'and', 'div', 'not', 'text', 'node', 'self', '1', '.5', '"s"', "'", ' '],
    );
    const expression = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.array(token, { maxLength: 15 }).map((tokens) => tokens.join('')),
    );
    fc.assert(
      fc.property(expression, (text) => {
        try {
          expect(typeof parse(text).kind).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(XPathError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
