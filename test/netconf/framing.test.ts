import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, utf8 } from '../../src/base/bytes.ts';
import { encodeFrame, FrameDecoder, type Framing, FramingError } from '../../src/netconf/framing.ts';
import { asText } from './protocol-fixture.ts';

const maxMessageBytes = 100;

function decoder(framing?: Framing): FrameDecoder {
  const one = new FrameDecoder({ maxMessageBytes });
  if (framing === undefined) return one;
  one.push(utf8('<hello/>]]>]]>'));
  one.begin(framing);
  return one;
}

const decode = (framing: Framing, stream: string): string[] =>
  decoder(framing).push(utf8(stream)).map(asText);

function fault(act: () => unknown): FramingError {
  try {
    act();
  } catch (error) {
    if (error instanceof FramingError) return error;
    throw error;
  }
  throw new Error('no fault');
}

describe('the hello', () => {
  test('ends in ]]>]]>, and white space before it is dropped (scrapli)', () => {
    expect(decoder().push(utf8('\n <?xml version="1.0"?><hello/>]]>]]>')).map(asText)).toEqual([
      '<?xml version="1.0"?><hello/>',
    ]);
  });

  test.each<[Framing, string]>([
    ['chunked', '\n#4\nnext\n##\n'],
    ['end-of-message', 'next]]>]]>'],
  ])('what comes right behind it waits until the framing is known: %s', (framing, behind) => {
    const one = decoder();
    expect(one.push(utf8(`<hello/>]]>]]>${behind}`))).toHaveLength(1);
    expect(one.push(utf8(behind))).toHaveLength(0);
    expect(one.begin(framing).map(asText)).toEqual(['next', 'next']);
  });

  test('what waits behind it is bounded', () => {
    const one = decoder();
    one.push(utf8('<hello/>]]>]]>'));
    expect(fault(() => one.push(new Uint8Array(maxMessageBytes + 1)))).toMatchObject({
      code: 'message-too-big',
    });
  });
});

describe('chunked framing (RFC 6242 §4.2)', () => {
  test('the example of §4.2 is one message', () => {
    const stream =
      '\n#4\n<rpc\n#18\n message-id="102"\n\n#79\n     xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">\n  <close-session/>\n</rpc>\n##\n';
    const wide = new FrameDecoder({ maxMessageBytes: 1000 });
    wide.push(utf8(']]>]]>'));
    wide.begin('chunked');
    expect(wide.push(utf8(stream)).map(asText)).toEqual([
      '<rpc message-id="102"\n     xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">\n  <close-session/>\n</rpc>',
    ]);
  });

  test('a stray line feed before a chunk header is accepted', () => {
    expect(decode('chunked', '\n\n#1\na\n\n#1\nb\n##\n\n\n#1\nc\n##\n')).toEqual(['ab', 'c']);
  });

  test('data may look like framing', () => {
    expect(decode('chunked', '\n#11\n\n##\n\n#1\n]]>\n##\n')).toEqual(['\n##\n\n#1\n]]>']);
  });

  test.each([
    ['a size of 0', '\n#0\n'],
    ['a leading zero', '\n#01\na\n##\n'],
    ['a size over 4294967295', '\n#4294967296\n'],
    ['a size that never ends', `\n#${'1'.repeat(1000)}`],
    ['a size with a sign', '\n#+1\na\n##\n'],
    ['a hexadecimal size', '\n#1a\n'],
    ['a size with a space', '\n#1 \n'],
    ['no size', '\n#\n'],
    ['a carriage return', '\n#1\r\na\n##\n'],
    ['no line feed before the header', '#1\na\n##\n'],
    ['no line feed behind the data', '\n#1\nab\n##\n'],
    ['a message without a chunk', '\n##\n'],
    ['three hashes at the end', '\n#1\na\n###\n'],
    ['end-of-message framing', '<rpc/>]]>]]>'],
  ])('refused: %s', (_, stream) => {
    expect(fault(() => decode('chunked', stream))).toMatchObject({ code: 'bad-framing' });
  });

  test('the largest size of the RFC is over our limit, not broken', () => {
    expect(fault(() => decode('chunked', '\n#4294967295\n'))).toMatchObject({ code: 'message-too-big' });
  });

  test('a message over the limit is refused before its data is taken, in one chunk or many', () => {
    expect(fault(() => decode('chunked', '\n#101\n'))).toMatchObject({ code: 'message-too-big' });
    expect(fault(() => decode('chunked', '\n#1\na'.repeat(101)))).toMatchObject({ code: 'message-too-big' });
    expect(decode('chunked', `${'\n#1\na'.repeat(100)}\n##\n`)).toEqual(['a'.repeat(100)]);
  });

  test('messages before a fault are handed out with it, and nothing after it', () => {
    const one = decoder('chunked');
    const error = fault(() => one.push(utf8('\n#1\na\n##\n\n#1\nb\n##\nX\n#1\nc\n##\n')));
    expect(error.messages.map(asText)).toEqual(['a', 'b']);
    expect(one.push(utf8('\n#1\nc\n##\n'))).toEqual([]);
  });
});

describe('end-of-message framing (RFC 6242 §4.3)', () => {
  test('messages end at ]]>]]>, whatever looks like its beginning', () => {
    expect(decode('end-of-message', 'a]]>]]]>]]>\nb]]]>]]>]]>]]>')).toEqual(['a]]>]', 'b]', '']);
  });

  test('a message over the limit is refused', () => {
    expect(decode('end-of-message', `${'a'.repeat(100)}]]>]]>`)).toEqual(['a'.repeat(100)]);
    expect(fault(() => decode('end-of-message', `${'a'.repeat(101)}]]>]]>`))).toMatchObject({
      code: 'message-too-big',
    });
    expect(fault(() => decode('end-of-message', ']'.repeat(200)))).toMatchObject({ code: 'message-too-big' });
  });
});

describe('encodeFrame', () => {
  test('end-of-message: the message and the mark', () => {
    expect(encodeFrame('<a/>', 'end-of-message').map(asText)).toEqual(['<a/>]]>]]>']);
  });

  test('chunked: header, data and end in one piece', () => {
    expect(encodeFrame('<a/>', 'chunked').map(asText)).toEqual(['\n#4\n<a/>\n##\n']);
  });

  test('a long message goes in chunks of 16 to 64 KiB, the first no smaller (ncclient, nemith)', () => {
    const sizes = encodeFrame('a'.repeat(200_000), 'chunked').map((piece) =>
      Number(/^\n#([0-9]+)\n/.exec(asText(piece))?.[1]),
    );
    expect(sizes.reduce((a, b) => a + b)).toBe(200_000);
    for (const size of sizes.slice(0, -1)) expect(size >= 16_384 && size <= 65_536).toBe(true);
  });

  test('an error reply is whole in one chunk (scrapli)', () => {
    const pieces = encodeFrame('a'.repeat(200_000), 'chunked', true);
    expect(pieces.map((piece) => asText(piece).slice(0, 9))).toEqual(['\n#200000\n']);
  });

  test('a text that holds ]]>]]> cannot be sent in end-of-message framing', () => {
    expect(() => encodeFrame('<a>]]>]]></a>', 'end-of-message')).toThrow(/holds ]]>]]>/);
  });
});

/** Cuts a stream at the given places. */
function cut(stream: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [
    0,
    ...places.map((place) => place % (stream.length + 1)).sort((a, b) => a - b),
    stream.length,
  ];
  return edges.slice(1).map((end, i) => stream.subarray(edges[i], end));
}

describe('properties', () => {
  const body = fc.string({ unit: fc.constantFrom(...'a]>#\n5ä'), minLength: 1, maxLength: 40 });
  const framings = fc.constantFrom<Framing>('chunked', 'end-of-message');
  const places = fc.array(fc.nat(), { maxLength: 30 });

  test('what is framed comes out the same, however the stream is cut', () => {
    fc.assert(
      fc.property(framings, fc.array(body, { maxLength: 5 }), places, (framing, bodies, where) => {
        const sendable = bodies.map((one) =>
          framing === 'chunked' ? one : `x${one.replaceAll(']]>', '')}`.replace(/\]+$/, ''),
        );
        const stream = concatBytes(sendable.flatMap((one) => encodeFrame(one, framing)));
        const one = decoder(framing);
        expect(
          cut(stream, where)
            .flatMap((piece) => one.push(piece))
            .map(asText),
        ).toEqual(sendable);
      }),
    );
  });

  test('one octet at a time gives what all at once gives, faults included', () => {
    const noise = fc.array(
      fc.constantFrom('\n', '#', '1', '2', '0', 'a', '##\n', '\n#1\n', ']]>', ']]>]]>'),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(framings, noise, (framing, pieces) => {
        const stream = utf8(pieces.join(''));
        expect(outcome(framing, cut(stream, [...stream.keys()]))).toEqual(outcome(framing, [stream]));
      }),
    );
  });

  function outcome(framing: Framing, pieces: readonly Uint8Array[]): string[] {
    const one = decoder(framing);
    const messages: string[] = [];
    try {
      for (const piece of pieces) messages.push(...one.push(piece).map(asText));
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      messages.push(...error.messages.map(asText), error.code);
    }
    return messages;
  }
});
