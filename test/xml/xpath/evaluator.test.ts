import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readXml } from '../../../src/xml/adapters/saxes-reader.ts';
import { evaluateXPath } from '../../../src/xml/xpath/evaluator.ts';
import { functionTable } from '../../../src/xml/xpath/function-table.ts';
import { parseXPath } from '../../../src/xml/xpath/parser.ts';
import { isNodeSet } from '../../../src/xml/xpath/values.ts';
import { arbitraryTree, arbitraryXPath, prefixes } from './arbitrary-xpath.ts';

const document = `
  <top xmlns="urn:p" xml:lang="en-GB">
    <user k="1"><name>root</name><age>40</age></user>
    <user k="2"><name>fred</name><age>39</age><nick> the  great </nick></user>
    <user k="3"><name>barney</name><age>x</age></user>
    <empty/>
  </top>`;
const data = [readXml(document, { maxBytes: 1e6, maxDepth: 10, maxAttributes: 10 })];

/** Values as they are, nodes by their texts. */
function evaluate(expression: string): unknown {
  const budget = { spend() {} };
  const value = evaluateXPath(parseXPath(expression, prefixes), data, budget);
  if (!isNodeSet(value)) return value;
  return value.map((node) => node.element?.name ?? node.text ?? node.attribute?.value ?? '/');
}

describe('location paths (XPath 1.0 §2)', () => {
  test.each<[string, unknown]>([
    ['/', ['/']],
    ['/p:top/p:user/p:name/text()', ['root', 'fred', 'barney']],
    ['top/user[2]/@k', ['2']],
    ['//name[. = "fred"]/following-sibling::*', ['age', 'nick']],
    ['//nick/preceding::name', ['name', 'name']],
    ['//nick/ancestor::*', ['top', 'user']],
    ['//nick/ancestor::*[1]', ['user']],
    ['//user[last()]/name/text()', ['barney']],
    ['//user[age > 39]/name/text()', ['root']],
    ['//user[position() < 3][2]/name/text()', ['fred']],
    ['(//name)[2]/text()', ['fred']],
    ['//name[2]', []],
    ['//user/..', ['top']],
    ['/..', []],
    ['//@k', ['1', '2', '3']],
    ['//@k/self::*', []],
    ['//@k/..', ['user', 'user', 'user']],
    ['//q:user', []],
    ['//comment() | //processing-instruction() | //namespace::*', []],
    ['//name/text() | //user[1]/@k | /', ['/', '1', 'root', 'fred', 'barney']],
    ['id("x")', []],
    ['current()', ['/']],
    ['//user[name = current()//nick/../name]/@k', ['2']],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toEqual(value);
  });
});

describe('comparisons (XPath 1.0 §3.4)', () => {
  test.each<[string, boolean]>([
    ['//age = 40', true],
    ['//age = "40"', true],
    ['//age != 40', true],
    ['40 <= //age', true],
    ['//age > 40', false],
    ['//none = ""', false],
    ['//none != ""', false],
    ['//none = false()', true],
    ['//user = true()', true],
    ['//name = //name', true],
    ['//empty != //empty', false],
    ['//name != //name', true],
    ['//age < //age', true],
    ['//nick < //age', false],
    ['//age > //none', false],
    ['1 = "1"', true],
    ['true() = "x"', true],
    ['"a" < "b"', false],
    ['"2" > "10"', false],
    ['"a" = "a" and not("a" != "a")', true],
    ['1 = 2 or 2 = 2', true],
    ['0 div 0 = 0 div 0', false],
  ])('%s', (expression, value) => {
    expect(evaluate(`boolean(${expression})`)).toBe(value);
  });
});

describe('functions and arithmetic (XPath 1.0 §3.5, §4)', () => {
  test.each<[string, unknown]>([
    ['count(//user)', 3],
    ['sum(//user[position() < 3]/age)', 79],
    ['sum(//age)', Number.NaN],
    ['local-name(/*/*[3])', 'user'],
    ['name(//@k)', 'k'],
    ['namespace-uri(/*)', 'urn:p'],
    ['namespace-uri(//none)', ''],
    ['string(//name)', 'root'],
    ['string(//user[2])', 'fred39 the  great '],
    ['concat("a", 1, true(), //none)', 'a1true'],
    ['starts-with("fred", "fr")', true],
    ['contains("fred", "ed")', true],
    ['substring-before("1999/04/01", "/")', '1999'],
    ['substring-after("1999/04/01", "/")', '04/01'],
    ['substring-after("a", "b")', ''],
    ['substring("12345", 2, 3)', '234'],
    ['substring("12345", 2)', '2345'],
    ['substring("12345", 1.5, 2.6)', '234'],
    ['substring("12345", 0, 3)', '12'],
    ['substring("12345", 0 div 0, 3)', ''],
    ['substring("12345", -42, 1 div 0)', '12345'],
    ['substring("12345", -1 div 0, 1 div 0)', ''],
    ['string-length("a\u{1F600}b")', 3],
    ['normalize-space(//nick)', 'the great'],
    ['translate("--aaa--", "abc-", "ABC")', 'AAA'],
    ['translate("bar", "abc", "AB\u{1F600}")', 'BAr'],
    ['boolean("false")', true],
    ['not(//none)', true],
    ['//name[lang("en")] and not(//name[lang("de")])', true],
    ['number(" 1.50 ")', 1.5],
    ['number("1e3")', Number.NaN],
    ['number("+1")', Number.NaN],
    ['number(true())', 1],
    ['string(1000000000000000000000000)', '1000000000000000000000000'],
    ['string(0.0000001)', '0.0000001'],
    ['string(-0)', '0'],
    ['string(1 div 0)', 'Infinity'],
    ['string(number("x"))', 'NaN'],
    ['round(2.5)', 3],
    ['round(-2.5)', -2],
    ['floor(-1.5)', -2],
    ['ceiling(1.2)', 2],
    ['5 mod 2 - -1 * 3 div 2', 2.5],
    ['-(-(5 mod -2))', 1],
    ['- - 2 + 1', 3],
    ['//user[string-length() = 6]/@k', ['1']],
    ['//name[number() = 1]', []],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toEqual(value);
  });

  test('every function of the table does something', () => {
    for (const [name, { min }] of functionTable)
      expect(() => evaluate(`${name}(${Array(min).fill('/*').join(',')})`)).not.toThrow();
  });
});

describe('the work of an evaluation', () => {
  /** Steps until the end, or until there are too many. */
  function stepsOf(expression: string, entries: number): number {
    const list = Array.from({ length: entries }, (_, i) => `<e><k>${i}</k><v>${'x'.repeat(20)}</v></e>`).join(
      '',
    );
    const tree = readXml(`<l>${list}</l>`, { maxBytes: 1e7, maxDepth: 10, maxAttributes: 10 });
    let steps = 0;
    const budget = {
      spend(more: number): void {
        steps += more;
        if (steps > 1e6) throw new RangeError('over the budget');
      },
    };
    try {
      evaluateXPath(parseXPath(expression, new Map()), [tree], budget);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return steps;
  }

  test.each([
    '//*[following::*[following::*]]',
    '//*[preceding::*/preceding::*]',
    '//*[ancestor::*//*]',
    '//*[contains(/, "y")]',
    '//*[. = //*//*/..]',
    '//e[count(//e[k > current()//k]) > 1][string(/) != ""]',
    `/l/e[${Array(200).fill('contains(/,"y")').join(' or ')}]`,
    Array(400).fill('//*').join('|'),
    `/*[concat(${Array(300).fill('/').join(',')}) = "x"]`,
    `//*[${Array(30).fill('//*[').join('')}1${']'.repeat(31)}`,
  ])('is counted, so that it ends: %.40s', (expression) => {
    expect(stepsOf(expression, 5000)).toBeGreaterThan(1e6);
  });

  test.each(['contains', 'substring-before', 'substring-after'])(
    'counts what a search for a long text can take, its length times that of the other: %s',
    (search) => {
      const [text, mark] = ['a'.repeat(2600), `${'a'.repeat(600)}b${'a'.repeat(600)}`];
      // 16 characters are a step.
      expect(stepsOf(`//e[${search}("${text}", "${mark}")]`, 1)).toBeGreaterThan((2600 * 1201) / 16);
      const short = stepsOf(`//e[${search}("${text}", "${mark.slice(540, 660)}")]`, 1);
      expect(short).toBeLessThan(2600 / 4);
    },
  );

  test('counts characters that are looked at one by one by more than those that are copied', () => {
    const text = `"${'a'.repeat(2600)}"`;
    expect(stepsOf(`concat(${text}, "")`, 1)).toBeLessThan(2600 / 4);
    for (const call of [`translate(${text}, "x", "y")`, `substring(${text}, 2)`, `string-length(${text})`])
      expect(stepsOf(call, 1)).toBeGreaterThan(2600 / 2);
  });

  test('grows with the data, not with its square, for what managers ask', () => {
    for (const expression of [
      '/l/e[k="7"]',
      '//e[k="7"]/v',
      '/l/e/v | //k',
      '//*[//*[//k]]',
      '//e[k = //v]',
    ]) {
      const [some, more] = [stepsOf(expression, 1000), stepsOf(expression, 2000)];
      expect(more / some).toBeLessThan(2.2);
    }
  });

  test('is never nothing, whatever the expression and the tree', () => {
    fc.assert(
      fc.property(arbitraryTree, arbitraryXPath, (tree, expression) => {
        let steps = 0;
        const budget = {
          spend(more: number): void {
            steps += more;
          },
        };
        expect(isNodeSet(evaluateXPath(parseXPath(expression, prefixes), [tree], budget))).toBe(true);
        expect(steps).toBeGreaterThan(0);
      }),
    );
  });
});
