import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import { readLongXml, readXml, type XmlLimits } from '../../src/xml/adapters/saxes-reader.ts';
import { childElement, textOf, type XmlElement } from '../../src/xml/element.ts';
import { XmlError } from '../../src/xml/xml-error.ts';

const limits: XmlLimits = { maxBytes: 100_000, maxDepth: 16, maxAttributes: 8, maxNodes: 1000 };
const read = (document: string | Uint8Array): XmlElement => readXml(document, limits);

function refusal(document: string | Uint8Array, bounds = limits): XmlError {
  try {
    readXml(document, bounds);
  } catch (error) {
    if (error instanceof XmlError) return error;
    throw error;
  }
  throw new Error(`accepted ${document}`);
}

describe('the tree', () => {
  test('names are local names with the namespace in force (XML Names §6)', () => {
    const root = read('<a:x xmlns:a="urn:a" xmlns="urn:d"><y/><a:z xmlns:a="urn:b"/><w xmlns=""/></a:x>');
    const names = root.children.map((child) => (child as XmlElement).namespace);
    expect([root.namespace, root.name, ...names]).toEqual(['urn:a', 'x', 'urn:d', 'urn:b', '']);
  });

  test('an attribute without prefix is in no namespace; declarations are no attributes', () => {
    const root = read('<x xmlns="urn:d" xmlns:p="urn:p" a="1" p:a="2" xml:lang="en"/>');
    expect(root.attributes).toEqual([
      { name: 'a', namespace: '', value: '1' },
      { name: 'a', namespace: 'urn:p', value: '2' },
      { name: 'lang', namespace: 'http://www.w3.org/XML/1998/namespace', value: 'en' },
    ]);
  });

  test('scope says what prefixes mean at each element, shared where nothing is declared', () => {
    const root = read('<x xmlns="urn:d" xmlns:p="urn:p"><y/><z xmlns:p="urn:q"/></x>');
    const [y, z] = root.children as XmlElement[];
    expect([...(root.scope ?? [])]).toEqual([
      ['', 'urn:d'],
      ['p', 'urn:p'],
    ]);
    expect(y?.scope).toBe(root.scope);
    expect(z?.scope?.get('p')).toBe('urn:q');
  });

  test('white space alone is dropped between elements and kept where nothing else is', () => {
    const root = read('<x>\n  <y> </y>\n <!-- c -->\n <z>\n</z>t</x>');
    expect(root.children.map((child) => (typeof child === 'string' ? child : child.children))).toEqual([
      [' '],
      ['\n'],
      't',
    ]);
  });

  test('text, references and CDATA become one text, digits untouched', () => {
    expect(read('<x>00<!-- -->12&lt;<![CDATA[<&]]>&#228;&#x1F600;</x>').children).toEqual(['0012<<&ä😀']);
  });

  test('a byte order mark, an XML declaration and line ends are as XML 1.0 has them', () => {
    expect(read('\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<x>a\r\nb\rc</x>').children).toEqual([
      'a\nb\nc',
    ]);
  });

  test('names that JavaScript objects know are names like others', () => {
    const root = read('<constructor __proto__="1" toString="2"><__proto__>3</__proto__></constructor>');
    expect(root.attributes.map(({ name, value }) => name + value)).toEqual(['__proto__1', 'toString2']);
    expect(textOf(childElement(root, '', '__proto__') ?? root)).toBe('3');
  });
});

describe('what is refused', () => {
  const malformed: Record<string, string | Uint8Array> = {
    'an empty document': '',
    'white space alone': ' \n',
    'text alone': 'hello',
    'an unclosed tag': '<a><b></a>',
    'an element that never ends': '<a><b>',
    'a tag that never ends': '<a b="1"',
    'mismatched tags': '<a></b>',
    'an end tag too many': '<a/></a>',
    'two roots': '<a/><b/>',
    'text before the root': 'x<a/>',
    'text behind the root': '<a/>x',
    'a space before the XML declaration': ' <?xml version="1.0"?><a/>',
    'a second XML declaration': '<a><?xml version="1.0"?></a>',
    'an encoding other than UTF-8': '<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    'a document type declaration': '<!DOCTYPE a><a/>',
    'an entity that would expand': '<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>',
    'an external entity': '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    'an undefined entity': '<a>&nbsp;</a>',
    'an ampersand': '<a>a & b</a>',
    'a less-than in an attribute': '<a b="<"/>',
    'an attribute without quotes': '<a b=1/>',
    'an attribute given twice': '<a b="1" b="2"/>',
    'an attribute given twice by two prefixes': '<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>',
    'an unbound prefix of an element': '<p:a/>',
    'an unbound prefix of an attribute': '<a p:b="1"/>',
    'a prefix bound to nothing': '<a xmlns:p=""/>',
    'the prefix xmlns bound': '<a xmlns:xmlns="urn:x"/>',
    'the prefix xml bound elsewhere': '<a xmlns:xml="urn:x"/>',
    'a name with two colons': '<a:b:c xmlns:a="u"/>',
    'a name that begins with a digit': '<1a/>',
    NUL: '<a>\0</a>',
    'a reference to NUL': '<a>&#0;</a>',
    'a control character': '<a>\u0008</a>',
    'a control character of XML 1.1': '<?xml version="1.1"?><a>&#1;</a>',
    'U+FFFF': '<a>\uffff</a>',
    'a reference to a surrogate': '<a>&#xD800;</a>',
    'a reference beyond Unicode': '<a>&#x110000;</a>',
    ']]> in text': '<a>]]></a>',
    'two hyphens in a comment': '<a><!-- -- --></a>',
    'a CDATA section that never ends': '<a><![CDATA[</a>',
    'bytes that are not UTF-8': Uint8Array.of(0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e),
    'an overlong UTF-8 sequence': Uint8Array.of(0x3c, 0x61, 0x3e, 0xc0, 0x80, 0x3c, 0x2f, 0x61, 0x3e),
    'a UTF-8 surrogate': Uint8Array.of(0x3c, 0x61, 0x3e, 0xed, 0xa0, 0x80, 0x3c, 0x2f, 0x61, 0x3e),
    'UTF-16': Uint8Array.of(0xff, 0xfe, 0x3c, 0, 0x61, 0, 0x2f, 0, 0x3e, 0),
  };

  test.each(Object.entries(malformed))('%s', (_, document) => {
    expect(refusal(document)).toMatchObject({ code: 'xml-malformed' });
  });

  test('with line and column', () => {
    expect(refusal('<a>\n  <b></c>\n</a>')).toMatchObject({
      line: 2,
      where: expect.stringMatching(/^line 2/),
    });
  });

  const tooBig: Record<string, [string, Partial<XmlLimits>]> = {
    'more octets than allowed': ['<a>12345678</a>', { maxBytes: 14 }],
    'deeper nesting than allowed': ['<a>'.repeat(17), {}],
    'nesting without end': ['<a>'.repeat(30_000), {}],
    'more attributes than allowed': [`<a ${'abcdefghi'.replace(/./g, '$&="" ')}/>`, {}],
    'more declarations than allowed': [`<a ${'abcdefghi'.replace(/./g, 'xmlns:$&="u" ')}/>`, {}],
    'more prefixes in scope than allowed': [
      Array.from('abcdefghi', (prefix) => `<a xmlns:${prefix}="u">`).join(''),
      {},
    ],
    'more elements than allowed': [`<a>${'<b/>'.repeat(1000)}</a>`, {}],
    'more attributes in all than allowed': [`<a>${'<b c="" d=""/>'.repeat(400)}</a>`, {}],
    'more comments than allowed': [`<a>${'<!---->'.repeat(1000)}</a>`, {}],
    'more processing instructions than allowed': [`<a>${'<?p?>'.repeat(1000)}</a>`, {}],
    'a longer element name than allowed': [`<${'a'.repeat(1025)}/>`, {}],
    'a longer attribute name than allowed': [`<a ${'a'.repeat(1025)}=""/>`, {}],
    'a longer attribute value than allowed': [`<a b="${'a'.repeat(65_537)}"/>`, {}],
    'a longer namespace than allowed': [`<a xmlns="${'a'.repeat(65_537)}"/>`, {}],
    'more CDATA sections than allowed': [`<a>${'<![CDATA[]]>'.repeat(1000)}</a>`, {}],
  };

  test.each(Object.entries(tooBig))('%s', (_, [document, bounds]) => {
    expect(refusal(document, { ...limits, ...bounds })).toMatchObject({ code: 'xml-too-big' });
  });

  test('what is exactly at each limit is taken', () => {
    const attributes = 'abcdefgh'.replace(/./g, '$&="" ');
    expect(read(`${'<a>'.repeat(15)}<b ${attributes}/>${'</a>'.repeat(15)}`).name).toBe('a');
    expect(read(`<a>${'<b/>'.repeat(999)}</a>`).children).toHaveLength(999);
    expect(read(`<${'a'.repeat(1024)} b="${'c'.repeat(65_536)}"/>`).attributes).toHaveLength(1);
  });

  test('any octets give a tree or an XmlError, nothing else', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      ' ',
      '="',
      '"',
      '&',
      ';',
      '<!',
      '--',
      '<?',
      '?>',
      'xmlns',
      ':',
    );
    const document = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(piece, { maxLength: 30 }).map((pieces) => utf8(pieces.join(''))),
    );
    fc.assert(
      fc.property(document, (bytes) => {
        try {
          expect(typeof read(bytes).name).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(XmlError);
        }
      }),
    );
  });
});

describe('a long document, in pieces', () => {
  const wide: XmlLimits = { maxBytes: 1_000_000, maxDepth: 16, maxAttributes: 8 };
  const never = (): undefined => undefined;

  test('is read as it is at once, wherever a piece ends', async () => {
    for (const shift of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const entry = '<b c="1&amp;2">\u{1F600}&#x1F600;\r\n<![CDATA[<]]></b><!-- - -->';
      const document = utf8(`<a xmlns="u">${'x'.repeat(shift)}${entry.repeat(3000)}</a>`);
      expect(await readLongXml(document, wide, never)).toEqual(readXml(document, wide));
    }
  });

  test('rests between pieces, and another one waits until it is read', async () => {
    const document = utf8(`<a>${'x'.repeat(200_000)}</a>`);
    const order: string[] = [];
    const rest = (name: string) => async () => {
      order.push(name);
      await Promise.resolve();
    };
    await Promise.all(['a', 'b'].map((name) => readLongXml(document, wide, rest(name))));
    expect(order.join('')).toBe('aaaaaaabbbbbbb');
  });

  test('that is given up, malformed or too big keeps the next one from nothing', async () => {
    const rest = () => {
      throw new XmlError('xml-too-big', 'gone');
    };
    const failures = [
      readLongXml(utf8('<a/>'), wide, rest),
      readLongXml(utf8('<a><b></a>'), wide, never),
      readLongXml(utf8(`<a>${' '.repeat(1_000_000)}</a>`), wide, never),
    ];
    const codes = await Promise.all(failures.map((one) => one.catch((error: XmlError) => error.code)));
    expect(codes).toEqual(['xml-too-big', 'xml-malformed', 'xml-too-big']);
    expect(await readLongXml(utf8('<a/>'), wide, never)).toMatchObject({ name: 'a' });
  });
});
