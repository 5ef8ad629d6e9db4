import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { XmlElement } from '../../src/xml/element.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';
import { evaluateXPath } from '../../src/xml/xpath/evaluator.ts';
import { parseXPath } from '../../src/xml/xpath/parser.ts';
import { isNodeSet } from '../../src/xml/xpath/values.ts';
import { describeWith, root } from '../support/peers.ts';
import { arbitraryTree, arbitraryXPath, prefixes } from '../xml/xpath/arbitrary-xpath.ts';

type Case = readonly [tree: XmlElement, expression: string];

/** What libxml2 makes of each case: ids of elements, the texts of other nodes. */
function libxml2(cases: readonly Case[]): readonly { readonly value?: unknown; readonly error?: string }[] {
  const job = {
    prefixes: Object.fromEntries(prefixes),
    cases: cases.map(([tree, expression]) => [writeXml(tree), expression]),
  };
  const driver = join(root, 'test', 'interop', 'xpath-driver.py');
  const options = { input: JSON.stringify(job), encoding: 'utf8', maxBuffer: 2 ** 28 } as const;
  return JSON.parse(execFileSync('/usr/bin/python3', [driver], options));
}

function ours([tree, expression]: Case): unknown {
  const budget = { spend() {} };
  const value = evaluateXPath(parseXPath(expression, prefixes), [tree], budget);
  if (!isNodeSet(value)) return value;
  return value
    .filter(({ kind }) => kind !== 'root')
    .map((node) => {
      const id = node.element?.attributes.find(({ name }) => name === 'id')?.value;
      return id === undefined ? (node.text ?? node.attribute?.value) : `#${id}`;
    });
}

// ncclient brings lxml.
describeWith(['ncclient'], 'XPath beside libxml2', () => {
  test('selects the same nodes in the same order, whatever the expression', () => {
    const cases = fc.sample(fc.tuple(arbitraryTree, arbitraryXPath), { numRuns: 3000, seed: 6241 });
    const theirs = libxml2(cases);
    const different = cases
      .map((one, index) => ({
        xml: writeXml(one[0]),
        expression: one[1],
        ours: ours(one),
        theirs: theirs[index]?.value,
      }))
      .filter((one) => JSON.stringify(one.ours) !== JSON.stringify(one.theirs));
    expect(different.slice(0, 5)).toEqual([]);
  });
});
