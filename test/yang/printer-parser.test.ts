import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseModule } from '../../src/yang/parser.ts';
import { printModule } from '../../src/yang/printer.ts';
import { type Statement, statement } from '../../src/yang/statement.ts';

const hostile = fc.constantFrom(
  '"',
  '\\',
  '\n',
  '\t',
  ' ',
  "'",
  '{',
  '}',
  ';',
  '+',
  '//',
  '/*',
  '*/',
  '\\n',
  '\\"',
  'a',
  'ü',
  '😀',
  '\u2028',
  '\u00a0',
  '',
);
const legalText = fc
  .string({ unit: 'binary', maxLength: 30 })
  .map((text) => text.replace(/[^\t\n\u0020-\uD7FF\uE000-\uFDCF\uFDF0-\uFFFD\u{10000}-\u{1FFFD}]/gu, ''));
const argument = fc.oneof(
  fc.array(hostile, { maxLength: 12 }).map((parts) => parts.join('')),
  legalText,
  fc.constantFrom('x', 'p:y', '1..5', '2021-01-01', '-5', '10_OK', '/a/b', 'x'.repeat(100)),
  fc.constant(undefined),
);
const keyword = fc.constantFrom('description', 'leaf', 'pattern', 'enum', 'p:ext', 'units', 'input');
const leafStatement = fc.tuple(keyword, argument).map(([word, value]) => statement(word, value));
const { tree } = fc.letrec<{ tree: Statement }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leafStatement,
    fc
      .tuple(keyword, argument, fc.array(tie('tree'), { maxLength: 3 }))
      .map(([word, value, subs]) => statement(word, value, subs)),
  ),
}));

function argumentOf(text: string): string | undefined {
  return parseModule(`module m { ${text}; }`).substatements[0]?.argument;
}

describe('printing and parsing', () => {
  test('parse(print(m)) is m, whatever the arguments hold', () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 4 }), (substatements) => {
        const module = statement('module', 'm', substatements);
        expect(parseModule(printModule(module))).toEqual(module);
      }),
      { numRuns: 500 },
    );
  });

  test('a long run of backslashes or blanks takes no long time', () => {
    for (const text of ['\\'.repeat(300_000), `${'\\'.repeat(300_000)}x`, `${' '.repeat(300_000)}x`]) {
      const module = statement('module', 'm', [statement('default', text)]);
      expect(parseModule(printModule(module))).toEqual(module);
    }
  });

  test('the layout is that of the RFCs', () => {
    const text = printModule(
      statement('module', 'm', [
        statement('namespace', 'urn:m'),
        statement('leaf', 'a', [
          statement('type', 'string', [statement('pattern', '\\S"*'), statement('length', '1..5')]),
          statement('description', 'One line\nand "another".\n\nEnd.'),
        ]),
        statement('rpc', 'b'),
      ]),
    );
    expect(text).toBe(`module m {
  namespace "urn:m";

  leaf a {
    type string {
      pattern '\\S"*';
      length "1..5";
    }
    description
      "One line
       and \\"another\\".

       End.";
  }

  rpc b;
}
`);
  });

  test.each(['\u0000', '\u001b', '\r', '\ud800', '\ufffe', '\ufdd0', '\u{1ffff}'])(
    'the printer refuses the illegal character %j',
    (char) => {
      const module = statement('module', 'm', [statement('description', `a${char}b`)]);
      expect(() => printModule(module)).toThrow(expect.objectContaining({ code: 'internal' }));
    },
  );

  test.each(['', 'a b', 'a;', 'a{', '"a"', '1a', 'a:b:c', 'a\n'])(
    'the printer refuses the keyword %j',
    (word) => {
      expect(() => printModule(statement(word))).toThrow(expect.objectContaining({ code: 'internal' }));
    },
  );
});

describe('RFC 6020 §6.1: tokens', () => {
  test.each([
    ['a b', 'b'],
    ["a 'x\\n\"'", 'x\\n"'],
    ['a "x\\n\\t\\"\\\\"', 'x\n\t"\\'],
    ['a "\\d"', '\\d'],
    [`a "x" + 'y' /* c */ + // d\n "z"`, 'xyz'],
    ['a/**/b', 'b'],
    ['a "b // c /* d */"', 'b // c /* d */'],
    ['a +x', '+x'],
    ['a b/c', 'b/c'],
    ['a ""', ''],
    ['a', undefined],
  ])('%j has the argument %j', (text, argument) => expect(argumentOf(text)).toBe(argument));

  test('§6.1.3: indentation up to the column of the quote, and blanks before a line end, are dropped', () => {
    const text = 'module m {\n  a "one  \t\n     two\n       three\n\tfour\n\n x";\n}';
    expect(parseModule(text).substatements[0]?.argument).toBe('one\ntwo\n  three\n   four\n\nx');
  });

  test('§6.1.3: single-quoted lines are kept as they are, CRLF read as LF', () => {
    expect(parseModule("module m { a 'x \r\n   y'; }").substatements[0]?.argument).toBe('x \n   y');
  });

  test.each([
    ['', 1],
    ['module m {', 1],
    ['module m {\n a "x', 2],
    ["module m {\n a 'x", 2],
    ['module m {\n\n a "x\\', 3],
    ['module m {\n a /* x', 2],
    ['module m { a b c; }', 1],
    ['module m { a b"c"; }', 1],
    ['module m { a "b" + c; }', 1],
    ['module m { a b + "c"; }', 1],
    ['module m { "a" b; }', 1],
    ['module m { a:b:c d; }', 1],
    ['module m { 1a; }', 1],
    ['module m { ; }', 1],
    ['module m { } }', 1],
    ['module m { }\nmodule n { }', 2],
    ['module { }', 1],
    ['container m { }', 1],
    ['module m {\n a "\u0000"; }', 2],
    ['module m {\n a \u0007; }', 2],
    ['a {'.repeat(1000), 1],
  ])('%j is refused with its line', (text, line) => {
    expect(() => parseModule(text)).toThrow(
      expect.objectContaining({ code: 'bad-yang', where: `line ${line}` }),
    );
  });

  test('any text is read or refused as bad-yang', () => {
    const piece = fc.constantFrom(
      'module',
      ' ',
      'm',
      '{',
      '}',
      ';',
      '"',
      "'",
      '\\',
      '\n',
      '+',
      '//',
      '/*',
      '*/',
      'a b;',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = `module m {${pieces.join('')}`;
        try {
          expect(parseModule(printModule(parseModule(text)))).toEqual(parseModule(text));
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-yang' });
        }
      }),
      { numRuns: 1000 },
    );
  });
});
