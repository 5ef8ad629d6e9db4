import { ended, type HostileCase, joined, maxMessageBytes, octets, raw, rpc } from './cases.ts';

const get = rpc('<get/>');
const whole = `\n#${get.length}\n${get}\n##\n`;
const broken = `malformed-message${ended}`;
const tooBig = `too-big${ended}`;
const singly = (text: string): string => [...text].map((one) => `\n#1\n${one}`).join('');

/** RFC 6242 section 4.2. */
const chunked: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['size 0', '\n#0\n', broken],
  ['size 0 between chunks', `\n#1\n<\n#0\n\n##\n`, broken],
  ['a leading zero', `\n#0${get.length}\n${get}\n##\n`, broken],
  ['many leading zeros', `\n#${'0'.repeat(10_000)}5\n`, broken],
  ['a negative size', '\n#-1\n', broken],
  ['a size with +', '\n#+5\nhello\n##\n', broken],
  ['a space before the size', '\n# 5\nhello\n##\n', broken],
  ['a space behind the size', '\n#5 \nhello\n##\n', broken],
  ['a tab behind the size', '\n#5\t\nhello\n##\n', broken],
  ['a size in hexadecimal', '\n#0x5\nhello\n##\n', broken],
  ['a size with a digit of hexadecimal', '\n#5A\n', broken],
  ['a size with an exponent', '\n#1e3\n', broken],
  ['a size with a point', '\n#5.0\n', broken],
  ['a size with a chunk extension of HTTP', '\n#5;a=b\n', broken],
  ['a size in digits of another script', '\n#\u0665\nhello\n##\n', broken],
  ['a size that is a word', '\n#five\n', broken],
  ['a size of the RFC, over our limit', '\n#4294967295\n', tooBig],
  ['a size one over the RFC', '\n#4294967296\n', broken],
  ['a size that 32 bits take for 5', '\n#4294967301\nhello\n##\n', broken],
  ['a size that 53 bits do not hold', '\n#9007199254740993\n', broken],
  ['a size that 64 bits take for 5', '\n#18446744073709551621\nhello\n##\n', broken],
  ['a size of 10,000 digits', `\n#${'9'.repeat(10_000)}`, broken],
  ['one octet over our limit', `\n#${maxMessageBytes + 1}\n`, tooBig],
  [
    'chunks that together are over our limit',
    `\n#${maxMessageBytes - 1}\n${' '.repeat(maxMessageBytes - 1)}\n#2\n`,
    tooBig,
  ],
  ['no size', '\n#\n', broken],
  ['no size behind a chunk', '\n#5\nhello\n#\n', broken],
  ['the end without a chunk', '\n##\n', broken],
  ['three number signs', '\n###\n', broken],
  ['the end with a size', '\n##5\nhello', broken],
  ['the end without its line feed', `\n#${get.length}\n${get}\n##${whole}`, `ok+${broken}`],
  ['the end with a carriage return', `\n#${get.length}\n${get}\n##\r\n`, broken],
  ['no line feed at the beginning', `#${get.length}\n${get}\n##\n`, broken],
  ['carriage returns', `\r\n#${get.length}\r\n${get}\r\n##\r\n`, broken],
  ['a carriage return behind the size', `\n#${get.length}\r\n${get}\n##\n`, broken],
  ['a space at the beginning', ` \n#${get.length}\n${get}\n##\n`, broken],
  ['NUL at the beginning', '\0', broken],
  ['octets of 0xff', raw('\xff'.repeat(1000)), broken],
  ['a size smaller than its data', `\n#5\n${get}\n##\n`, broken],
  ['a size larger than its data, which takes the end in', `\n#${get.length + 4}\n${get}\n##\n`, 'waits'],
  ['a message cut off in its header', '\n#1', 'waits'],
  ['a message cut off in its data', '\n#100\n<rpc', 'waits'],
  ['a message cut off before its end', `\n#${get.length}\n${get}\n#`, 'waits'],
  ['a message cut off in its end', `\n#${get.length}\n${get}\n##`, 'waits'],
  ['100,000 line feeds', '\n'.repeat(100_000), 'waits'],
  ['line feeds, then a message', `${'\n'.repeat(1000)}${whole}`, 'ok'],
  ['chunks of one octet', `${singly(get)}\n##\n`, 'ok'],
  ['a chunk that looks like an end', '\n#4\n\n##\n\n##\n', 'malformed-message'],
  ['framing of base:1.0', `${get}]]>]]>`, broken],
  ['framing of base:1.0 behind a message', `\n#${get.length}\n${get}]]>]]>`, broken],
  ['the mark of base:1.0 in a chunk', `\n#${get.length + 6}\n${get}]]>]]>\n##\n`, 'malformed-message'],
  ['both framings in turns', `${whole}${get}]]>]]>${whole}`, `ok+${broken}`],
  ['a good message, then noise', `${whole}noise`, `ok+${broken}`],
  ['an HTTP request', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', broken],
  ['a TLS ClientHello', raw('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'), broken],
  ['white space before the XML declaration', `\n#22\n <?xml version="1.0"?>${whole}`, 'malformed-message'],
  ['an SSH identification', 'SSH-2.0-x\r\n', broken],
];

/** RFC 6242 section 4.3. */
const endOfMessage: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['nothing but the mark', ']]>]]>', ended],
  ['100 marks', ']]>]]>'.repeat(100), ended],
  ['a mark and a half', `${get}]]>]]>]]>`, 'ok'],
  ['marks that begin again and again', `${']]>]]'.repeat(1000)}>`, ended],
  ['brackets without end', ']'.repeat(100_000), 'waits'],
  ['a message without its mark', get, 'waits'],
  ['a mark cut off', `${get}]]>]]`, 'waits'],
  ['framing of base:1.1', `${whole}]]>]]>`, ended],
  ['a mark in an attribute', `<rpc a="]]>]]>"/>]]>]]>`, ended],
  ['a mark in CDATA', `<![CDATA[ ]]>]]> ]]>]]>`, ended],
  ['a message over our limit', ' '.repeat(maxMessageBytes + 7), tooBig],
  ['a message over our limit, with its mark', `${' '.repeat(maxMessageBytes + 1)}]]>]]>`, tooBig],
  ['a good message, then noise', `${get}]]>]]>noise]]>]]>`, `ok+${ended}`],
  ['white space before the XML declaration (scrapli)', ` \n<?xml version="1.0"?>${get}]]>]]>`, 'ok'],
  ['NUL octets', `${'\0'.repeat(1000)}]]>]]>`, ended],
];

export const framingCases: readonly HostileCase[] = [
  ...chunked.map(([name, content, outcome]) => ({
    name,
    stage: 'chunked' as const,
    octets: octets(content),
    outcome,
  })),
  ...endOfMessage.map(([name, content, outcome]) => ({
    name,
    stage: 'end-of-message' as const,
    octets: joined(content),
    outcome,
  })),
];
