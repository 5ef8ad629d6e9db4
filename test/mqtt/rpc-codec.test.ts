import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import { errorCode } from '../../src/base/errors.ts';
import {
  decodeCorrelatedResponse,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  responseId,
} from '../../src/mqtt/rpc-codec.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** Well-formed Unicode: what UTF-8 can carry. */
const value = fc.string({ unit: 'grapheme' });
const plain = value.filter((found) => !found.includes(';'));

describe('requests (mup-protocol §2)', () => {
  test('are id, method, inputs', () => {
    const request = { id: '7f', method: 'SET-COLOR', inputs: ['255', '0', ''] };
    expect(text(encodeRequest({ ...request, profile: 'mup' }))).toBe('7f;SET-COLOR;255;0;');
    expect(text(encodeRequest({ ...request, inputs: [], profile: 'myno' }))).toBe('7f;SET-COLOR');
  });

  test('in mup, ; and % inside a value are written %3B and %25', () => {
    const encoded = encodeRequest({ id: '1', method: 'TEXT', inputs: ['50%; done', '%3B'], profile: 'mup' });
    expect(text(encoded)).toBe('1;TEXT;50%25%3B done;%253B');
    expect(decodeRequest(encoded, 'mup').inputs).toEqual(['50%; done', '%3B']);
  });

  test('in myno, a ; in an input is refused and % is nothing special', () => {
    expect(() => encodeRequest({ id: '1', method: 'TEXT', inputs: ['a;b'], profile: 'myno' })).toThrow(
      expect.objectContaining({ code: 'bad-value' }),
    );
    const encoded = encodeRequest({ id: '1', method: 'TEXT', inputs: ['%3B'], profile: 'myno' });
    expect(decodeRequest(encoded, 'myno').inputs).toEqual(['%3B']);
  });

  test('a value that has no UTF-8 form is refused', () => {
    for (const profile of ['mup', 'myno'] as const)
      expect(() => encodeRequest({ id: '1', method: 'TEXT', inputs: ['\ud800'], profile })).toThrow(
        expect.objectContaining({ code: 'bad-value' }),
      );
  });

  test('come out as they went in', () => {
    fc.assert(
      fc.property(value.filter(Boolean), fc.array(value), (method, inputs) => {
        const request = { id: 'c0ffee', method, inputs };
        expect(decodeRequest(encodeRequest({ ...request, profile: 'mup' }), 'mup')).toEqual(request);
      }),
    );
    fc.assert(
      fc.property(plain.filter(Boolean), fc.array(plain), (method, inputs) => {
        const request = { id: '1234567890', method, inputs };
        expect(decodeRequest(encodeRequest({ ...request, profile: 'myno' }), 'myno')).toEqual(request);
      }),
    );
  });
});

describe('answers (mup-protocol §2)', () => {
  test('in mup, the state comes first', () => {
    const answer = { id: '7f', state: '10_OK', outputs: ['dev-1', '00ff', '3'] };
    const encoded = encodeResponse({ ...answer, profile: 'mup' });
    expect(text(encoded)).toBe('7f;10_OK;dev-1;00ff;3');
    expect(decodeResponse(encoded, 'mup')).toEqual(answer);
  });

  test("in myno, the state comes last, as in the prototype's token answer", () => {
    expect(decodeResponse(utf8('42;123456,1;OK'), 'myno')).toEqual({
      id: '42',
      state: 'OK',
      outputs: ['123456,1'],
    });
    expect(decodeResponse(utf8('42;MANIFEST-SUCCESS'), 'myno')).toEqual({
      id: '42',
      state: 'MANIFEST-SUCCESS',
      outputs: [],
    });
    expect(text(encodeResponse({ id: '42', state: 'OK', outputs: ['123456,1'], profile: 'myno' }))).toBe(
      '42;123456,1;OK',
    );
  });

  test('an answer with the correlation data needs no request id', () => {
    const expected = { id: '7f', state: '10_OK', outputs: ['3'] };
    for (const payload of ['7f;10_OK;3', ';10_OK;3', '10_OK;3'])
      expect(decodeCorrelatedResponse(utf8(payload), 'mup', '7f')).toEqual(expected);
    expect(decodeCorrelatedResponse(utf8('10_OK'), 'mup', '7f')).toEqual({ ...expected, outputs: [] });
  });

  test('the id is found without reading the rest', () => {
    expect(responseId(Uint8Array.of(0x37, 0x66, 0x3b, 0xff, 0xfe))).toBe('7f');
    expect(responseId(utf8(';10_OK'))).toBeUndefined();
    expect(responseId(utf8('10_OK'))).toBeUndefined();
    expect(responseId(utf8(`${'1'.repeat(65)};OK`))).toBeUndefined();
    expect(responseId(Uint8Array.of(0xff, 0x3b))).toBeUndefined();
  });

  test('come out as they went in', () => {
    fc.assert(
      fc.property(value.filter(Boolean), fc.array(value), (state, outputs) => {
        const answer = { id: '7f', state, outputs };
        expect(decodeResponse(encodeResponse({ ...answer, profile: 'mup' }), 'mup')).toEqual(answer);
      }),
    );
    fc.assert(
      fc.property(plain, fc.array(plain), (state, outputs) => {
        const answer = { id: '7f', state, outputs };
        expect(decodeResponse(encodeResponse({ ...answer, profile: 'myno' }), 'myno')).toEqual(answer);
      }),
    );
  });
});

describe('hostile messages', () => {
  const corpus: [string, Uint8Array][] = [
    ['empty', utf8('')],
    ['not UTF-8', Uint8Array.of(0x31, 0x3b, 0xc0, 0xaf)],
    ['id alone', utf8('7f')],
    ['nothing after the id', utf8('7f;')],
    ['unknown escape', utf8('7f;10_OK;%41')],
    ['cut escape', utf8('7f;10_OK;%2')],
    ['% at the end', utf8('7f;10_OK;100%')],
    ['escape over a line end', utf8('7f;10_OK;%\n5')],
  ];

  test.each(corpus)('%s: refused as an answer', (_name, payload) => {
    expect(() => decodeResponse(payload, 'mup')).toThrow(expect.objectContaining({ code: 'bad-response' }));
  });

  test.each(corpus)('%s: refused as a request', (_name, payload) => {
    expect(() => decodeRequest(payload, 'mup')).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });

  test('any bytes either decode or are refused with the code of the message', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('mup' as const, 'myno' as const),
        (payload, profile) => {
          for (const [decode, code] of [
            [decodeRequest, 'bad-request'],
            [decodeResponse, 'bad-response'],
          ] as const)
            try {
              decode(payload, profile);
            } catch (error) {
              expect(errorCode(error)).toBe(code);
            }
        },
      ),
    );
  });

  test('a million semicolons are read at once', () => {
    expect(decodeResponse(utf8(`7f;10_OK${';'.repeat(1_000_000)}`), 'mup').outputs).toHaveLength(1_000_000);
  });
});
