import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readXml } from '../../src/xml/adapters/saxes-reader.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { indented } from '../../src/xml/indent.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';

const name = fc.constantFrom('a', 'b', 'c');
const { tree } = fc.letrec<{ tree: XmlElement }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(name, fc.stringMatching(/^[ -~]{0,8}$/)).map(([of, text]) => element('urn:x', of, text)),
    fc
      .tuple(name, fc.array(tie('tree'), { maxLength: 4 }))
      .map(([of, children]) => element('urn:x', of, children)),
  ),
}));

test('every child element stands on a line of its own, two blanks deeper', () => {
  const leaf = element('urn:x', 'leaf', 'text');
  expect(writeXml(indented(element('urn:x', 'a', [leaf, element('urn:x', 'b', [leaf])])))).toBe(
    '<a xmlns="urn:x">\n  <leaf>text</leaf>\n  <b>\n    <leaf>text</leaf>\n  </b>\n</a>',
  );
});

test('the blanks stand between elements only: names, order and texts stay', () => {
  const content = (one: XmlElement): unknown => {
    const children = childElements(one);
    return [one.name, children.length === 0 ? textOf(one) : children.map(content)];
  };
  const limits = { maxBytes: 1_000_000, maxDepth: 64, maxAttributes: 8 };
  fc.assert(
    fc.property(tree, (one) => {
      const read = readXml(Buffer.from(writeXml(indented(one))), limits);
      expect(content(read)).toEqual(content(one));
    }),
  );
});
