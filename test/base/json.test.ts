import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { memberPointer, pointerTokens, valueAt, withValueAt } from '../../src/base/json-pointer.ts';
import { readJson } from '../../src/base/json-reader.ts';
import {
  isJsonArray,
  isJsonObject,
  JsonNumber,
  type JsonValue,
  writeJson,
} from '../../src/base/json-value.ts';

const read = (text: string): JsonValue => readJson(text, 32);

/** As `JSON.parse` would have it. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (isJsonArray(value)) return value.map(plain);
  return isJsonObject(value)
    ? Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]))
    : value;
}

describe('JSON (RFC 8259)', () => {
  test('every JSON text is read as JSON.parse reads it, and written so that it means the same', () => {
    const value = fc
      .json({ maxDepth: 6, noUnicodeString: false })
      .filter((text) => !text.includes('__proto__'));
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 1, '\t'), (text, indent) => {
        const wanted: unknown = JSON.parse(text);
        const got = read(JSON.stringify(wanted, null, indent));
        expect(plain(got)).toEqual(wanted);
        expect(plain(read(writeJson(got)))).toEqual(wanted);
      }),
    );
  });

  test('any text is read or refused, as JSON.parse would', () => {
    const tokens = fc.constantFrom(...'{}[]:,"\\-01.eEu/\n x', 'true', 'null', '"a"', '\u0007');
    const texts = fc.oneof(
      fc.string(),
      fc.array(tokens, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let wanted = true;
        try {
          JSON.parse(text);
        } catch {
          wanted = false;
        }
        if (wanted) expect(() => read(text)).not.toThrow();
        else expect(() => read(text)).toThrow(expect.objectContaining({ code: 'bad-json' }));
      }),
      { numRuns: 2000 },
    );
  });

  test('numbers stay as they are written', () => {
    for (const text of ['18446744073709551615', '-9223372036854775808', '0.1000', '1e400'])
      expect(writeJson(read(text))).toBe(text);
  });

  test('nesting is bounded, however deep it is', () => {
    expect(() => readJson('[[[]]]', 3)).not.toThrow();
    for (const depth of [33, 500_000])
      expect(() => read('['.repeat(depth))).toThrow(expect.objectContaining({ code: 'bad-json' }));
  });

  test('a string without an end is refused in no time', () => {
    expect(() => read(`"${'\\\\a'.repeat(50_000)}`)).toThrow(expect.objectContaining({ code: 'bad-json' }));
  });

  test('no member name reaches into an object of JavaScript', () => {
    const value = read('{"__proto__":{"polluted":1},"constructor":2}');
    expect(writeJson(value)).toBe('{"__proto__":{"polluted":1},"constructor":2}');
    expect(valueAt(value, '/toString')).toBeUndefined();
  });
});

describe('JSON Pointer (RFC 6901)', () => {
  const document = read(
    '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}',
  );

  // RFC 6901 §5
  test.each([
    ['/foo/0', '"bar"'],
    ['/', '0'],
    ['/a~1b', '1'],
    ['/c%d', '2'],
    ['/e^f', '3'],
    ['/g|h', '4'],
    ['/i\\j', '5'],
    ['/k"l', '6'],
    ['/ ', '7'],
    ['/m~0n', '8'],
  ])('%s', (pointer, text) => {
    expect(writeJson(valueAt(document, pointer) ?? null)).toBe(text);
  });

  test('names nothing where there is nothing', () => {
    for (const pointer of ['/foo/2', '/foo/00', '/foo/-', '/foo/0/x', '/bar', '/foo/length', '/0'])
      expect(valueAt(document, pointer)).toBeUndefined();
    expect(valueAt(document, '')).toBe(document);
  });

  test('what is no pointer has no tokens', () => {
    for (const text of ['foo', '/~', '/~2', '#/foo']) expect(pointerTokens(text)).toBeUndefined();
  });

  test('a value that is put somewhere is found there, and all else stays', () => {
    const names = fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(names, (tokens) => {
        const pointer = tokens.map(memberPointer).join('');
        const after = withValueAt(document, pointer, 'put');
        expect(valueAt(after, pointer)).toBe('put');
        const [first] = tokens;
        for (const other of ['a/b', ' ', 'm~n'].filter((name) => name !== first))
          expect(valueAt(after, memberPointer(other))).toBe(valueAt(document, memberPointer(other)));
      }),
    );
  });

  test('an element of an array is replaced, or added at its end', () => {
    const put = (pointer: string): string => writeJson(withValueAt(read('[1,2]'), pointer, 'x'));
    expect(['/0', '/1', '/2', '/-', '/999999'].map(put)).toEqual([
      '["x",2]',
      '[1,"x"]',
      '[1,2,"x"]',
      '[1,2,"x"]',
      '[1,2,"x"]',
    ]);
  });
});
