import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import { readXml, type XmlLimits } from '../../src/xml/adapters/saxes-reader.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import { XmlError } from '../../src/xml/xml-error.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';
import { cpuMsOf } from '../support/cpu-time.ts';

const limits: XmlLimits = { maxBytes: 1_000_000, maxDepth: 64, maxAttributes: 64, maxNodes: 100_000 };

/** The tree, or `undefined` when the document is refused as it has to be: by an XmlError. */
function readOrRefuse(document: string | Uint8Array): XmlElement | undefined {
  try {
    return readXml(document, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(XmlError);
    return undefined;
  }
}

const request =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<nc:rpc xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" nc:message-id="7" xmlns="urn:d">' +
  '<nc:get><nc:filter type="subtree"><a b="&lt;&#x41;"><!-- c --><![CDATA[<&]]>ä</a></nc:filter></nc:get></nc:rpc>';
const requestTree = readXml(request, limits);

describe('a request that was damaged on its way', () => {
  const bytes = utf8(request);
  const place = fc.nat(bytes.length - 1);
  const damage = fc.oneof(
    fc.tuple(place, fc.nat(255)).map(([at, octet]) => bytes.with(at, octet)),
    fc.tuple(place, fc.integer({ min: 1, max: 20 })).map(([at, count]) => spliced(at, count)),
    fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 8 })).map(([at, more]) => spliced(at, 0, more)),
    fc.tuple(place, place).map(([from, to]) => spliced(to, 0, bytes.slice(from, from + 30))),
    place.map((at) => bytes.slice(0, at)),
  );

  function spliced(at: number, count: number, more = new Uint8Array(0)): Uint8Array {
    return Uint8Array.from([...bytes.slice(0, at), ...more, ...bytes.slice(at + count)]);
  }

  test('is a tree or an XmlError, and the next request is read as if nothing had been', () => {
    fc.assert(
      fc.property(damage, (document) => {
        readOrRefuse(document);
        expect(readXml(request, limits)).toEqual(requestTree);
      }),
      { numRuns: 500 },
    );
  });

  test('means, where it is taken, what it means when it is written again', () => {
    fc.assert(
      fc.property(damage, (document) => {
        const tree = readOrRefuse(document);
        if (tree !== undefined) expect(bare(readXml(writeXml(tree), limits))).toEqual(bare(tree));
      }),
      { numRuns: 500 },
    );
  });

  /** Without scopes: the writer has declarations of its own. */
  function bare({ name, namespace, attributes, children }: XmlElement): XmlElement {
    const inner = children.map((child) => (typeof child === 'string' ? child : bare(child)));
    return element(namespace, name, inner, attributes);
  }
});

describe('a document made to be slow', () => {
  const many = (count: number, make: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => make(index)).join('');
  const documents: Record<string, string> = {
    'text of references alone': `<a>${'&amp;'.repeat(190_000)}</a>`,
    'text of numeric references': `<a>${'&#x10FFFF;'.repeat(90_000)}</a>`,
    'an attribute of references alone': `<a b="${'&lt;'.repeat(16_000)}"/>`,
    'CDATA sections in a row': `<a>${'<![CDATA[x]]>'.repeat(70_000)}</a>`,
    'the beginnings of an end of CDATA': `<a><![CDATA[${']]'.repeat(490_000)}]]></a>`,
    'comments in a row': `<a>${'<!---->'.repeat(99_000)}</a>`,
    'a comment of hyphens that is none': `<a><!--${'-'.repeat(900_000)}--></a>`,
    'white space between elements': `<a>${' \n'.repeat(490_000)}<b/></a>`,
    'white space in a tag': `<a${' '.repeat(900_000)}/>`,
    'elements at the deepest level': `${'<a>'.repeat(60)}${'<b/>'.repeat(90_000)}${'</a>'.repeat(60)}`,
    'prefixed names at the deepest level': `${many(60, (i) => `<p${i}:a xmlns:p${i}="u">`)}${'<p0:b/>'.repeat(90_000)}`,
    'elements that declare a prefix each': `<a>${many(30_000, (i) => `<b xmlns:p${i % 9}="u"/>`)}</a>`,
    'elements that declare as many prefixes as they may': `<a>${many(800, () => `<b ${many(60, (i) => `xmlns:p${i}="u" `)}/>`)}</a>`,
    'attributes of one namespace, by many prefixes': `<a ${many(30, (i) => `xmlns:p${i}="u" p${i}:x="" `)}/>`,
    'names that are long': `<a>${many(900, () => `<${'b'.repeat(1000)}/>`)}</a>`,
    'a name that is too long': `<${'a'.repeat(900_000)}/>`,
    'a reference that never ends': `<a>&${'a'.repeat(900_000)}</a>`,
    'an attribute that never ends': `<a b="${'c'.repeat(900_000)}`,
    'less-than signs': '<'.repeat(900_000),
    'an instruction that never ends': `<?${'a'.repeat(900_000)}`,
    'a DOCTYPE with entities in entities': `<!DOCTYPE a [<!ENTITY x "${'x'.repeat(900)}">${many(20, (i) => `<!ENTITY x${i} "&x;&x;&x;">`)}]><a>&x9;</a>`,
  };

  test.each(Object.entries(documents))('%s', (_, document) => {
    expect(document.length).toBeLessThanOrEqual(limits.maxBytes);
    // A megabyte of ordinary XML takes some 50 ms; nothing may take a hundred times as long.
    expect(cpuMsOf(() => readOrRefuse(document))).toBeLessThan(5000);
  });
});
