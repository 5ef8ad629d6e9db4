import { baseNamespace } from '../../../src/netconf/namespaces.ts';
import { type HostileCase, inBothFramings, joined, raw, rpc } from './cases.ts';

const get = rpc('<get/>');
const head = `<rpc xmlns="${baseNamespace}" message-id="1">`;
const inText = (text: string): Uint8Array => joined(`${head}<get>`, raw(text), '</get></rpc>');
const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');

/** What is not well-formed (XML 1.0, Namespaces in XML 1.0), or is refused like that: a DOCTYPE. */
const notWellFormed: readonly (readonly [string, string | Uint8Array])[] = [
  ['white space alone', ' \n '],
  ['text alone', 'get'],
  ['a start tag cut off', '<rpc'],
  ['no end tag', `${head}<get/>`],
  ['end tags in the wrong order', `${head}<get><filter></get></filter></rpc>`],
  ['an end tag of another name', `${head}<get></got></rpc>`],
  ['an end tag alone', '</rpc>'],
  ['end tag of another prefix', `<a:rpc xmlns:a="${baseNamespace}" xmlns:b="${baseNamespace}"></b:rpc>`],
  ['two roots', `${get}${get}`],
  ['text behind the root', `${get}x`],
  ['text before the root', `x${get}`],
  ['an attribute twice', rpc('<get/>', 'message-id="1" message-id="2"')],
  [
    'an attribute twice by its namespace',
    rpc('<get/>', 'xmlns:a="urn:x" xmlns:b="urn:x" message-id="1" a:c="1" b:c="2"'),
  ],
  ['an unbound prefix of an element', rpc('<p:get/>')],
  ['an unbound prefix of an attribute', rpc('<get p:a="1"/>')],
  ['two colons in a name', rpc('<a:b:c/>')],
  ['the prefix xmlns bound', rpc('<get xmlns:xmlns="urn:x"/>')],
  ['the prefix xml bound to something else', rpc('<get xmlns:xml="urn:x"/>')],
  ['a prefix unbound', rpc('<get xmlns:p=""/>')],
  ['a name that begins with a digit', rpc('<1get/>')],
  ['a name with a slash', rpc('<ge/t/>')],
  ['an attribute without quotes', rpc('<get/>', 'message-id=1')],
  ['an attribute without a value', rpc('<get/>', 'message-id')],
  ['no space between attributes', rpc('<get/>', 'message-id="1"a="2"')],
  ['a quote that does not close', `<rpc xmlns="${baseNamespace}" message-id="1><get/></rpc>`],
  ['< in an attribute', rpc('<get/>', 'message-id="<"')],
  ['& alone', inText('a & b')],
  ['an entity nobody declared', inText('&nope;')],
  ['an entity without an end', inText('&amp')],
  ['the character 0', inText('&#0;')],
  ['a control character by reference', inText('&#1;')],
  ['half of a surrogate pair', inText('&#xD800;')],
  ['U+FFFE', inText('&#xFFFE;')],
  ['a character beyond Unicode', inText('&#x110000;')],
  ['a character reference of 10,000 digits', inText(`&#${'1'.repeat(10_000)};`)],
  ['a character reference that is no number', inText('&#xZZ;')],
  [']]> in text', inText(']]>')],
  ['-- in a comment', inText('<!-- a -- b -->')],
  ['a comment without end', inText('<!-- a')],
  ['a CDATA section without end', inText('<![CDATA[ a')],
  ['a processing instruction without end', inText('<?a')],
  ['an XML declaration in the middle', inText('<?xml version="1.0"?>')],
  ['an XML declaration of no version', `<?xml encoding="UTF-8"?>${get}`],
  ['an empty DOCTYPE', `<!DOCTYPE rpc>${get}`],
  ['a DOCTYPE in lower case', `<!doctype rpc>${get}`],
  ['billion laughs', `<!DOCTYPE rpc [<!ENTITY l0 "lol">${laughs}]>${rpc('<get>&l9;</get>')}`],
  [
    'quadratic blow-up',
    `<!DOCTYPE rpc [<!ENTITY a "${'a'.repeat(10_000)}">]>${rpc(`<get>${'&a;'.repeat(10_000)}</get>`)}`,
  ],
  ['a recursive entity', `<!DOCTYPE rpc [<!ENTITY a "&a;">]>${rpc('<get>&a;</get>')}`],
  ['an external entity', `<!DOCTYPE rpc [<!ENTITY a SYSTEM "file:///etc/passwd">]>${rpc('<get>&a;</get>')}`],
  ['an external subset', `<!DOCTYPE rpc SYSTEM "http://192.0.2.1/x.dtd">${get}`],
  ['a parameter entity', `<!DOCTYPE rpc [<!ENTITY % a SYSTEM "http://192.0.2.1/x.dtd"> %a;]>${get}`],
  ['a default attribute', `<!DOCTYPE rpc [<!ATTLIST rpc message-id CDATA "1">]>${rpc('<get/>', '')}`],
  ['NUL in text', inText('a\0b')],
  ['NUL in a name', joined(head, raw('<g\0et/>'), '</rpc>')],
  ['a control character', inText('\x01')],
  ['a continuation octet alone', inText('\x80')],
  ['overlong NUL', inText('\xc0\x80')],
  ['overlong slash, 3 octets', inText('\xe0\x80\xaf')],
  ['overlong slash, 4 octets', inText('\xf0\x80\x80\xaf')],
  ['overlong <', inText('\xc0\xbcget/\xc0\xbe')],
  ['a surrogate in UTF-8', inText('\xed\xa0\x80')],
  ['CESU-8', inText('\xed\xa0\xbd\xed\xb8\x80')],
  ['beyond U+10FFFF', inText('\xf4\x90\x80\x80')],
  ['five octets', inText('\xf8\x88\x80\x80\x80')],
  ['a sequence cut off by markup', inText('\xe2\x82')],
  ['a sequence cut off by the end', joined(get, raw('\xe2\x82'))],
  ['octets that UTF-8 never has', inText('\xfe\xff')],
  ['UTF-16, little end first', Buffer.from(`\ufeff${get}`, 'utf16le')],
  ['UTF-16, big end first', Buffer.from(`\ufeff${get}`, 'utf16le').swap16()],
  [
    'UTF-32',
    Buffer.from(
      [...`\ufeff${get}`].flatMap((one) => [one.charCodeAt(0) & 255, one.charCodeAt(0) >> 8, 0, 0]),
    ),
  ],
  ['gzip', raw('\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03')],
  ['JSON', '{"ietf-netconf:rpc":{"get":{}}}'],
  ['YAML', 'rpc: !!js/function >\n  process.exit()'],
];

const many = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join('');

/** What is well-formed, and more of it than anybody needs. */
const tooMuch: readonly (readonly [string, string, string])[] = [
  ['257 elements in one another', `${'<a>'.repeat(257)}${'</a>'.repeat(257)}`, 'too-big'],
  ['15,000 elements in one another', `${'<a>'.repeat(15_000)}${'</a>'.repeat(15_000)}`, 'too-big'],
  ['15,000 start tags', '<a>'.repeat(15_000), 'too-big'],
  ['65 attributes', rpc('<get/>', `message-id="1" ${many(64, (i) => `a${i}="" `)}`), 'too-big'],
  ['10,000 attributes', rpc(`<get ${many(10_000, (i) => `a${i}="" `)}/>`), 'too-big'],
  ['1,000 namespaces', rpc(`<get ${many(1000, (i) => `xmlns:p${i}="urn:${i}" `)}/>`), 'too-big'],
  ['40,000 elements', rpc(many(40_000, () => '<a/>')), 'unknown-element'],
];

export const xmlCases: readonly HostileCase[] = [
  ...notWellFormed.flatMap(([name, message]) => inBothFramings(name, message, 'malformed-message')),
  ...tooMuch.flatMap(([name, message, outcome]) => inBothFramings(name, message, outcome)),
];
