import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { element, type XmlElement } from '../../../src/xml/element.ts';
import { acme, rule, rulesFor } from '../access-fixture.ts';
import { path, user } from './user-rules-fixture.ts';

describe('rules against a naive reading of RFC 8341 §3.4.5', () => {
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    key: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
  });
  const anyRule = fc.record({
    permit: fc.boolean(),
    module: fc.constantFrom('*', 'acme-itf', 'other'),
    operations: fc.constantFrom('*', 'read', 'read exec', 'update'),
    path: fc.option(fc.array(step, { maxLength: 3 }), { nil: undefined }),
  });
  type Rule = typeof anyRule extends fc.Arbitrary<infer T> ? T : never;
  type Node = { readonly name: string; readonly key: string; readonly children: readonly Node[] };
  const { tree } = fc.letrec<{ tree: Node }>((tie) => ({
    tree: fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      key: fc.constantFrom('1', '2', '3'),
      children: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constant([]),
        fc.array(tie('tree'), { maxLength: 3 }) as fc.Arbitrary<Node[]>,
      ),
    }),
  }));

  /** The node with its key, a leaf `k`. */
  const xml = (node: Node): XmlElement =>
    element(acme, node.name, [element(acme, 'k', node.key), ...node.children.map(xml)]);

  const ruleXml = (one: Rule): string =>
    rule(
      one.permit ? 'permit' : 'deny',
      `<module-name>${one.module}</module-name><access-operations>${one.operations}</access-operations>${
        one.path === undefined
          ? ''
          : path(
              one.path
                .map(({ name, key }) => `/acme:${name}${key === undefined ? '' : `[acme:k='${key}']`}`)
                .join('') || '/',
            )
      }`,
    );

  const naive = (rules: readonly Rule[], chain: readonly Node[]): boolean =>
    rules.find(
      (one) =>
        one.module !== 'other' &&
        one.operations !== 'update' &&
        (one.path === undefined ||
          one.path.every(
            ({ name, key }, i) => chain[i]?.name === name && (key === undefined || chain[i]?.key === key),
          )),
    )?.permit ?? true;

  const expected = (rules: readonly Rule[], node: Node, above: readonly Node[]): XmlElement | undefined => {
    const chain = [...above, node];
    if (!naive(rules, chain)) return undefined;
    return element(acme, node.name, [
      element(acme, 'k', node.key),
      ...node.children.map((child) => expected(rules, child, chain)),
    ]);
  };

  test('what is readable is what every node by itself is found to be', () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 6 }), fc.array(tree, { maxLength: 3 }), (rules, nodes) => {
        const readable = user('u', rulesFor('u', ...rules.map(ruleXml))).readable(nodes.map(xml));
        const wanted = nodes.map((node) => expected(rules, node, [])).filter((one) => one !== undefined);
        expect(readable).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });

  test('mayRead says the same of each node', () => {
    fc.assert(
      fc.property(
        fc.array(anyRule, { maxLength: 6 }),
        fc.array(step, { minLength: 1, maxLength: 4 }),
        (rules, steps) => {
          const chain = steps.map(({ name, key }) => ({ name, key: key ?? '3', children: [] }));
          const places = chain.map(({ name, key }) => ({ namespace: acme, name, keys: { k: key } }));
          const wanted = chain.every((_, i) => naive(rules, chain.slice(0, i + 1)));
          expect(user('u', rulesFor('u', ...rules.map(ruleXml))).mayRead(places)).toBe(wanted);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('rules behind one that matches everything change nothing', () => {
    fc.assert(
      fc.property(fc.array(anyRule), fc.array(anyRule), fc.boolean(), tree, (before, after, permit, node) => {
        const all = rule(permit ? 'permit' : 'deny');
        const short = rulesFor('u', ...before.map(ruleXml), all);
        const long = rulesFor('u', ...before.map(ruleXml), all, ...after.map(ruleXml));
        expect(user('u', long).readable([xml(node)])).toEqual(user('u', short).readable([xml(node)]));
      }),
    );
  });

  test('one who may read everything gets the very same data', () => {
    fc.assert(
      fc.property(fc.array(anyRule), fc.array(tree), (rules, nodes) => {
        const permitting = rules.map((one) => ({ ...one, permit: true }));
        const given = nodes.map(xml);
        expect(user('u', rulesFor('u', ...permitting.map(ruleXml))).readable(given)).toBe(given);
      }),
    );
  });
});
