import { fromBase64, toBase64 } from '../../../src/base/base64.ts';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import { parseModule } from '../../../src/yang/parser.ts';
import { compilePattern } from '../../../src/yang/pattern.ts';
import { printModule } from '../../../src/yang/printer.ts';
import type { YangType } from '../../../src/yang/schema.ts';
import { checkValue } from '../../../src/yang/value-check.ts';
import { bounded, decoded, hold, same } from '../oracle.ts';
import { type Target, texts } from '../target.ts';

const pattern: Target = {
  name: 'pattern',
  seeds: texts(
    '[A-Z0-9\\-]+\naB',
    '(a|b)*c{2,5}\naac',
    '\\p{Lu}\\i\\c*[^\\d-[5]]\nAb',
    '((a*)*)*\naaaaaaaaaaaaaaaa',
    '.{1,300}\nx',
  ),
  words: [
    '\n',
    '(',
    ')',
    '*',
    '+',
    '?',
    '{1,4096}',
    '[',
    ']',
    '-[',
    '\\p{L}',
    '\\P{IsBasicLatin}',
    '|',
    '^',
    '\\d',
    'aaaa',
  ],
  maxBytes: 3000,
  run: (input) => {
    const [text = '', ...value] = Buffer.from(input).toString('utf8').split('\n');
    const compiled = decoded(['bad-pattern'], () => compilePattern(text));
    const matches = compiled?.matches(value.join('\n'));
    hold(matches === undefined || typeof matches === 'boolean', 'a value matches, or not, or takes too long');
  },
};

const types: readonly YangType[] = [
  { base: 'string', lengths: [{ low: '0', high: '40' }], patterns: ['[a-z]*', '(a|b|[^x])*'] },
  { base: 'int8', ranges: [{ low: '-5', high: '100' }] },
  { base: 'uint64', ranges: [] },
  { base: 'int64', ranges: [] },
  { base: 'decimal64', fractionDigits: 3, ranges: [{ low: '-1.5', high: '2.25' }] },
  { base: 'decimal64', fractionDigits: 18, ranges: [] },
  { base: 'binary', lengths: [{ low: '0', high: '8' }] },
  { base: 'boolean' },
  { base: 'empty' },
  { base: 'enumeration', names: ['on', 'off', '10_OK'] },
  { base: 'bits', names: ['a', 'b'] },
];
const union: YangType = { base: 'union', members: types };

const value: Target = {
  name: 'value',
  seeds: texts(
    'abc',
    '-5',
    '+0012',
    '18446744073709551615',
    '1.250',
    '-1.5',
    'AAEC',
    'AA EC ',
    'true',
    '',
    'on',
    'b a',
    '0x1F',
  ),
  words: ['-', '+', '.', '0x', 'a b', '='],
  run: (input) => {
    const text = Buffer.from(input).toString('utf8');
    for (const type of [...types, union]) {
      const canonical = decoded(['invalid-value'], () => checkValue(type, text));
      if (canonical === undefined) continue;
      // Of a union, what one member writes may be a value of one before it.
      if (type !== union)
        same(checkValue(type, canonical), canonical, `the canonical form of a ${type.base} is its own`);
      bounded(canonical, input, 3);
    }
  },
};

const yang: Target = {
  name: 'yang',
  seeds: texts(
    'module a { namespace "urn:a"; prefix a; leaf b { type string { pattern \'[a-z]+\' + "x"; } description "a\n   b\\n\\"c"; } }',
    'submodule a { /* c */ belongs-to b; // d\n x:y "1"; }',
    'module a{leaf-list b{type int8{range "1..5|7";}}}',
  ),
  words: ['{', '}', ';', '"', "'", '+', '/*', '*/', '//', '\\n', '\\"', 'leaf x', 'x:y', 'description'],
  run: (input) => {
    const read = decoded(['bad-yang'], () => parseModule(Buffer.from(input).toString('utf8')));
    if (read === undefined) return;
    bounded(read, input, 64);
    same(parseModule(printModule(read)), read, 'a module survives being printed');
  },
};

const encodings: Target = {
  name: 'hex-and-base64',
  seeds: texts('00ff', 'ABCD', 'AAECAw==', 'AAE=', 'AAEC', '+/+/'),
  words: ['=', '==', '-', '_', ' '],
  run: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const hex = fromHex(text);
    if (hex !== undefined) same(toHex(hex), text.toLowerCase(), 'hex has one form but for its case');
    const base64 = fromBase64(text);
    if (base64 !== undefined) same(toBase64(base64), text, 'base64 has one form');
    same(
      fromBase64(toBase64(input)) && Buffer.from(fromBase64(toBase64(input)) ?? []),
      Buffer.from(input),
      'octets survive it',
    );
  },
};

/** Values and what constrains them. */
export const valueTargets: readonly Target[] = [pattern, value, yang, encodings];
