import { base10, base11 } from '../../../src/netconf/hello.ts';
import { baseNamespace } from '../../../src/netconf/namespaces.ts';
import { ended, type HostileCase, joined, maxMessageBytes, raw, rpc } from './cases.ts';

const mark = ']]>]]>';
const capability = (uri: string): string => `<capability>${uri}</capability>`;
const hello = (content: string, attributes = ''): string =>
  `<hello xmlns="${baseNamespace}"${attributes}>${content}</hello>`;
const capabilities = (...uris: readonly string[]): string =>
  `<capabilities>${uris.map(capability).join('')}</capabilities>`;
const good = hello(capabilities(base10, base11));

/** RFC 6241 section 8.1: a hello that is none ends the session without a word. */
const cases: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['nothing', mark, ended],
  ['white space', `   \n${mark}`, ended],
  ['text', `hello${mark}`, ended],
  ['an rpc before the hello', `${rpc('<get/>')}${mark}`, ended],
  ['an rpc in chunks before the hello', `\n#5\nhello\n##\n${mark}`, ended],
  ['a hello without namespace', `<hello>${capabilities(base10)}</hello>${mark}`, ended],
  ['a hello of another namespace', `<hello xmlns="urn:x">${capabilities(base10)}</hello>${mark}`, ended],
  ['an empty hello', `${hello('')}${mark}`, ended],
  ['no capability', `${hello(capabilities())}${mark}`, ended],
  ['no base capability', `${hello(capabilities('urn:x'))}${mark}`, ended],
  ['a base of the future', `${hello(capabilities('urn:ietf:params:netconf:base:9.9'))}${mark}`, ended],
  ['a base with a query', `${hello(capabilities(`${base10}?x`))}${mark}`, ended],
  ['a base in capitals', `${hello(capabilities(base10.toUpperCase()))}${mark}`, ended],
  [
    'capabilities of another namespace',
    `${hello(`<capabilities xmlns="urn:x">${capability(base10)}</capabilities>`)}${mark}`,
    ended,
  ],
  ['a session-id', `${hello(`${capabilities(base10)}<session-id>1</session-id>`)}${mark}`, ended],
  ['a session-id of 0', `${hello(`${capabilities(base10)}<session-id>0</session-id>`)}${mark}`, ended],
  ['a DOCTYPE', `<!DOCTYPE hello>${good}${mark}`, ended],
  [
    'an entity for a capability',
    `<!DOCTYPE hello [<!ENTITY a "${base10}">]>${hello(capabilities('&a;'))}${mark}`,
    ended,
  ],
  ['two hellos in one message', `${good}${good}${mark}`, ended],
  ['a hello that is not closed', `<hello xmlns="${baseNamespace}">${capabilities(base10)}${mark}`, ended],
  ['an unbound prefix', `<nc:hello>${capabilities(base10)}</nc:hello>${mark}`, ended],
  ['a mark in a comment', `<!-- ${mark} -->${good}${mark}`, ended],
  ['NUL', joined(raw('\0'), good, mark), ended],
  ['UTF-16', joined(Buffer.from(`\ufeff${good}`, 'utf16le'), mark), ended],
  ['no UTF-8', joined(raw('\xff\xfe'), mark), ended],
  ['257 elements in one another', `${hello(`${'<a>'.repeat(257)}${'</a>'.repeat(257)}`)}${mark}`, ended],
  [
    '1,000 attributes',
    `${hello(capabilities(base10), Array.from({ length: 1000 }, (_, i) => ` a${i}=""`).join(''))}${mark}`,
    ended,
  ],
  ['a giant hello without end', ' '.repeat(maxMessageBytes + 7), ended],
  ['a giant capability', `${hello(capabilities('x'.repeat(maxMessageBytes)))}${mark}`, ended],
  ['SSH', 'SSH-2.0-x\r\n]]>]]>', ended],
  ['a hello cut off', good.slice(0, 40), 'waits'],
  ['a hello without its mark', good, 'waits'],
  ['a hello in chunks', `\n#${good.length}\n${good}\n##\n`, 'waits'],
  ['a hello twice', `${good}${mark}\n#${good.length}\n${good}\n##\n`, 'unknown-element'],
  ['a hello twice, both with marks', `${good}${mark}${good}${mark}`, `malformed-message${ended}`],
  [
    'a good hello of 1,000 capabilities',
    `${hello(capabilities(base10, ...Array.from({ length: 1000 }, (_, i) => `urn:x:${i}`)))}${mark}`,
    'waits',
  ],
  ['a hello with noise behind it', `${good}${mark}noise`, `malformed-message${ended}`],
  [
    'a hello with more than a message behind it',
    `${good}${mark}\n#${maxMessageBytes + 1}\n`,
    `too-big${ended}`,
  ],
];

export const helloCases: readonly HostileCase[] = cases.map(([name, content, outcome]) => ({
  name,
  stage: 'hello',
  octets: joined(content),
  outcome,
}));
