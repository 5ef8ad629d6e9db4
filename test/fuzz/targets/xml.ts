import { parseAccessPath } from '../../../src/netconf/access/access-path.ts';
import { filterBudget } from '../../../src/netconf/filter/work-budget.ts';
import { parseHello } from '../../../src/netconf/hello.ts';
import { RpcError } from '../../../src/netconf/rpc-error.ts';
import { readLongXml, readXml } from '../../../src/xml/adapters/saxes-reader.ts';
import type { XmlElement } from '../../../src/xml/element.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import { accessPaths } from '../../../src/xml/xpath/access-paths.ts';
import { evaluateXPath } from '../../../src/xml/xpath/evaluator.ts';
import { parseXPath } from '../../../src/xml/xpath/parser.ts';
import { staticType } from '../../../src/xml/xpath/static-type.ts';
import { Broken, bounded, decoded, decodedLater, hold, same } from '../oracle.ts';
import { type Target, texts } from '../target.ts';

const limits = { maxBytes: 100_000, maxDepth: 32, maxAttributes: 16, maxNodes: 2000 };
const codes = ['xml-malformed', 'xml-too-big'];

const documents = [
  '<?xml version="1.0" encoding="UTF-8"?><a xmlns="urn:a" xmlns:b="urn:b" b:c="1" d=\'2\'><b:e>t&amp;&#x20AC;</b:e><![CDATA[x]]></a>',
  '<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="1"><get><filter type="subtree"/></get></rpc>',
  '<a>\n  <b/>\n  text <!-- c --> <?pi x?>\n</a>',
  '<a xmlns:x="urn:x" xmlns:y="urn:x" x:a="1"><x:b xmlns:x="urn:z"/></a>',
  '<a><b><c><d><e><f><g/></f></e></d></c></b></a>',
];

const xmlWords = [
  ...[
    '<a>',
    '</a>',
    '<b/>',
    '<!DOCTYPE a>',
    '<!ENTITY x "y">',
    '&x;',
    '&#0;',
    '&#xD800;',
    '&#x10FFFF;',
    '&amp;',
  ],
  ...[
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?',
    '?>',
    'xmlns:x="urn:x"',
    'xmlns=""',
    'xml:lang="e"',
    ' x:y="1"',
    '<x:y/>',
  ],
];

const xml: Target = {
  name: 'xml',
  seeds: texts(...documents),
  words: xmlWords,
  run: async (input) => {
    const read = decoded(codes, () => readXml(input, limits));
    const slowly = await decodedLater(codes, () => readLongXml(input, limits, () => undefined));
    same(slowly, read, 'a document is read alike in pieces');
    if (read === undefined) return;
    bounded(withoutScopes(read), input, 64);
    const again = readXml(writeXml(read), { ...limits, maxAttributes: 64, maxBytes: 1_000_000 });
    same(normal(again), normal(read), 'a document survives being written');
  },
};

function withoutScopes({ scope: _, children, ...rest }: XmlElement): unknown {
  return {
    ...rest,
    children: children.map((child) => (typeof child === 'string' ? child : withoutScopes(child))),
  };
}

/** A document without what a writer may change: prefixes, and characters that XML 1.0 cannot carry. */
function normal({ name, namespace, attributes, children }: XmlElement): unknown {
  const parts = children.map((child) => (typeof child === 'string' ? child : normal(child)));
  return { name, namespace, attributes: attributes.map((one) => JSON.stringify(one)).sort(), parts };
}

const hello: Target = {
  name: 'hello',
  seeds: texts(
    '<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability></capabilities><session-id>4</session-id></hello>',
  ),
  words: [...xmlWords, '<session-id>', '</session-id>', '<capability>'],
  run: (input) => {
    const root = decoded(codes, () => readXml(input, limits));
    const read = root && decoded(['bad-hello'], () => parseHello(root));
    if (read !== undefined) bounded(read, input, 4);
  },
};

const prefixes = new Map([
  ['a', 'urn:a'],
  ['b', 'urn:b'],
]);

const tree = readXml(
  `<l xmlns="urn:a">${Array.from({ length: 12 }, (_, i) => `<e k="${i}"><n>${i}</n><t>word ${i}</t><e><n>x</n></e></e>`).join('')}</l>`,
  limits,
);

const xpath: Target = {
  name: 'xpath',
  seeds: texts(
    '/a:l/a:e[a:n="3"]/a:t',
    '//a:e[position()=last()]|/a:l//b:x',
    'count(//a:n) * -2 div 3 mod 4 >= 1 or not(true())',
    'concat(substring-before("ab","b"),translate(.,"a","b"))',
    '/a:l/a:e[contains(a:t,"word")][2]/ancestor-or-self::node()/@k',
    'sum(//a:n)+number("1e3")',
    '//*[//*[//*[//*]]]',
  ),
  words: [
    ...[
      '//',
      '/',
      '::',
      '[',
      ']',
      '(',
      ')',
      '|',
      '@',
      '.',
      '..',
      '*',
      'a:e',
      'a:n',
      'and',
      'or',
      'div',
      'mod',
      '"x"',
    ],
    ...[
      'position()',
      'last()',
      'count(',
      'string(',
      'translate(',
      'preceding::',
      'ancestor::',
      'following::*',
      '//*',
      '-',
    ],
  ],
  maxBytes: 4096,
  run: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const expression = decoded(['xpath-invalid'], () => parseXPath(text, prefixes));
    if (expression === undefined) return;
    staticType(expression);
    accessPaths(expression);
    try {
      evaluateXPath(expression, [tree], filterBudget([tree]));
    } catch (error) {
      if (!(error instanceof RpcError) || error.tag !== 'too-big')
        throw new Broken('threw', { cause: error });
    }
  },
};

const accessPath: Target = {
  name: 'access-path',
  seeds: texts('/', '/a:x/b:y[a:k=\'1\']/z[.="q"]', '/a:x[k=$USER]', "/a:x[ a:k = '1' ][b='2']"),
  words: ['/', 'a:', 'b:', "[k='1']", '$USER', '[', ']', '=', "'"],
  run: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const read = parseAccessPath(text, prefixes);
    bounded(read, input, 64);
    hold(read === undefined || read.every(({ name }) => name !== ''), 'each step has a name');
  },
};

/** XML and what stands in it. */
export const xmlTargets: readonly Target[] = [xml, hello, xpath, accessPath];
