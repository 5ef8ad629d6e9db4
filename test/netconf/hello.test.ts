import { describe, expect, test } from '@jest/globals';
import { PeerError } from '../../src/base/errors.ts';
import { base10, base11, buildHello, negotiateFraming, parseHello } from '../../src/netconf/hello.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';
import { parse } from './protocol-fixture.ts';

describe('a hello, of either side (RFC 6241 §8.1)', () => {
  test('is read as it was built', () => {
    for (const hello of [
      { capabilities: [base11, 'urn:x?a=b&c=d'] },
      { capabilities: [base10], sessionId: 7 },
    ])
      expect(parseHello(parse(writeXml(buildHello(hello))))).toEqual(hello);
  });

  test('may be prefixed, and hold white space and elements we do not know', () => {
    const hello = parse(
      `<nc:hello xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0"><nc:capabilities>
         <nc:capability>\n ${base10} </nc:capability><x/></nc:capabilities>
         <nc:session-id> 4294967295 </nc:session-id><y/></nc:hello>`,
    );
    expect(parseHello(hello)).toEqual({ capabilities: [base10], sessionId: 4_294_967_295 });
  });

  test.each(['0', '-1', '4294967296', '', 'x', '1.0', '0x10'])('session-id %j is refused', (id) => {
    const hello = parse(
      `<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities/><session-id>${id}</session-id></hello>`,
    );
    expect(() => parseHello(hello)).toThrow(PeerError);
  });
});

describe('the framing', () => {
  test('is chunked only when both sides announce base:1.1', () => {
    expect(negotiateFraming([base10, base11], [base11, base10])).toBe('chunked');
    expect(negotiateFraming([base10, base11], [base10])).toBe('end-of-message');
    expect(negotiateFraming([base10], [base10, base11])).toBe('end-of-message');
    expect(() => negotiateFraming([base11], [base10])).toThrow(/no base version in common/);
    expect(() => negotiateFraming([base10, base11], [])).toThrow(/no base version in common/);
  });
});
