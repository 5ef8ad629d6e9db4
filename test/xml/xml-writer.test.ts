import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readXml } from '../../src/xml/adapters/saxes-reader.ts';
import { element, textOf, type XmlElement, type XmlNode } from '../../src/xml/element.ts';
import { writeLongXml, writeXml } from '../../src/xml/xml-writer.ts';

const limits = { maxBytes: 1_000_000, maxDepth: 64, maxAttributes: 64 };

/** A tree without scopes and with adjacent texts joined, to compare. */
function plain(node: XmlElement): unknown {
  return [
    node.namespace,
    node.name,
    node.attributes.map(({ name, namespace, value }) => [namespace, name, value]),
    node.children.map((child) => (typeof child === 'string' ? child : plain(child))),
  ];
}

describe('names and namespaces', () => {
  test('elements have no prefix, and xmlns only where the namespace changes', () => {
    const tree = element('urn:a', 'x', [element('urn:a', 'y'), element('urn:b', 'z', [element('', 'w')])]);
    expect(writeXml(tree)).toBe('<x xmlns="urn:a"><y/><z xmlns="urn:b"><w xmlns=""/></z></x>');
  });

  test('an attribute in a namespace gets a prefix, the one in scope where there is one', () => {
    const lang = { name: 'lang', namespace: 'http://www.w3.org/XML/1998/namespace', value: 'en' };
    const here = { name: 'a', namespace: 'urn:p', value: '1' };
    expect(writeXml(element('', 'x', [], [lang, here]))).toBe(
      '<x xmlns:ns1="urn:p" xml:lang="en" ns1:a="1"/>',
    );
    const scoped = { ...element('', 'x', [], [here]), scope: new Map([['nc', 'urn:p']]) };
    expect(writeXml(scoped)).toBe('<x xmlns:nc="urn:p" nc:a="1"/>');
  });

  test('the prefixes of a scope are declared once, the default and xml never', () => {
    const scope = new Map([
      ['', 'urn:d'],
      ['xml', 'urn:e'],
      ['p', 'urn:p'],
    ]);
    const tree = { ...element('urn:a', 'x', [{ ...element('urn:a', 'y', 'p:v'), scope }]), scope };
    expect(writeXml(tree)).toBe('<x xmlns="urn:a" xmlns:p="urn:p"><y>p:v</y></x>');
  });

  test.each(['', '1a', 'a b', 'a>', 'a:b', 'a"', 'a/', '<', 'a\u2028=', '-a', '#text'.slice(0, 1)])(
    'what is no name is refused as our bug: %j',
    (name) => {
      expect(() => writeXml(element('', name))).toThrow(/not an XML name/);
      expect(() => writeXml(element('', 'a', [], [{ name, namespace: '', value: '' }]))).toThrow(
        /not an XML/,
      );
    },
  );

  test('names that JavaScript objects know are written like others', () => {
    const tree = element('', '__proto__', ['1'], [{ name: '__proto__', namespace: '', value: '2' }]);
    expect(writeXml(tree)).toBe('<__proto__ __proto__="2">1</__proto__>');
  });
});

describe('texts', () => {
  test('markup is escaped, in texts and in attributes', () => {
    const value = `<a b="c" d='e'>&amp;]]>]]></a>`;
    expect(writeXml(element('', 'x', value, [{ name: 'v', namespace: '', value }]))).toBe(
      `<x v="&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;amp;]]&gt;]]&gt;&lt;/a&gt;">` +
        `&lt;a b="c" d='e'&gt;&amp;amp;]]&gt;]]&gt;&lt;/a&gt;</x>`,
    );
  });

  test('what is not ASCII becomes a numeric reference', () => {
    expect(writeXml(element('', 'x', 'ä€😀\r\u007f'))).toBe('<x>&#228;&#8364;&#128512;&#13;&#127;</x>');
  });

  test('what XML 1.0 forbids becomes U+FFFD (§2.2)', () => {
    expect(writeXml(element('', 'x', '\0\u0008\ufffe\uffff\ud800z\udc00'))).toBe(
      '<x>&#65533;&#65533;&#65533;&#65533;&#65533;z&#65533;</x>',
    );
  });

  test('white space in an attribute survives the reader', () => {
    expect(writeXml(element('', 'x', [], [{ name: 'v', namespace: '', value: '\t\n\r ' }]))).toBe(
      '<x v="&#9;&#10;&#13; "/>',
    );
  });

  test('no line is exactly ##', () => {
    const written = writeXml(element('', 'x', '##\na\n##\n###\nb##\n#1\n'));
    expect(written.split('\n')).not.toContain('##');
    expect(textOf(readXml(written, limits))).toBe('##\na\n##\n###\nb##\n#1\n');
  });
});

describe('properties', () => {
  const name = fc.constantFrom('a', 'b-1', '_c', 'ünï', 'xmlnsish', 'toString', '__proto__');
  const namespace = fc.constantFrom('', 'urn:a', 'urn:b', 'urn:ä&<"');
  const character = fc.constantFrom(...'ab<>&"\'\n\t\r#]-ä€😀\u00a0');
  const text = fc
    .string({ unit: character, minLength: 1, maxLength: 8 })
    .filter((one) => /[^ \t\r\n]/.test(one));
  const attributes = fc.uniqueArray(fc.record({ name, namespace, value: text }), {
    selector: (one) => `${one.namespace} ${one.name}`,
    maxLength: 4,
  });
  const { tree } = fc.letrec<{ tree: XmlElement }>((tie) => ({
    tree: fc.record({
      name,
      namespace,
      attributes,
      children: fc
        .array(fc.oneof({ maxDepth: 3 }, text as fc.Arbitrary<XmlNode>, tie('tree')), { maxLength: 3 })
        .map((nodes) =>
          nodes.filter((node, i) => typeof node !== 'string' || typeof nodes[i - 1] !== 'string'),
        ),
    }),
  }));

  test('what is written is read back the same, with all its namespaces', () => {
    fc.assert(fc.property(tree, (one) => expect(plain(readXml(writeXml(one), limits))).toEqual(plain(one))));
  });

  test('what is long is written the same in parts', async () => {
    let rests = 0;
    const rest = (): Promise<void> | undefined => {
      rests += 1;
      return rests % 2 === 0 ? Promise.resolve() : undefined;
    };
    await fc.assert(
      fc.asyncProperty(tree, fc.nat(200), async (one, count) => {
        const root = element('urn:r', 'r', [
          one,
          element('urn:r', 'list', new Array<XmlElement>(count).fill(one)),
        ]);
        expect(await writeLongXml(root, rest)).toBe(writeXml(root));
      }),
    );
    expect(rests).toBeGreaterThan(100);
  });

  test('what was read and written again, scopes included, is the same', () => {
    fc.assert(
      fc.property(tree, (one) => {
        const read = readXml(writeXml(one), limits);
        expect(plain(readXml(writeXml(read), limits))).toEqual(plain(one));
      }),
    );
  });

  test('any text and attribute value stays data: ASCII, and no end of message', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const written = writeXml(element('urn:a', 'x', value, [{ name: 'v', namespace: '', value }]));
        expect(written).toMatch(/^[\t\n -~]*$/);
        expect(written).not.toContain(']]>');
        const read = readXml(written, limits);
        expect(read.children.every((child) => typeof child === 'string')).toBe(true);
        expect(read.attributes).toHaveLength(1);
      }),
    );
  });
});
