import fc from 'fast-check';
import { element, type XmlElement } from '../../../src/xml/element.ts';

/** Namespaces of the prefixes in the expressions. */
export const prefixes = new Map([
  ['p', 'urn:p'],
  ['q', 'urn:q'],
]);

const namespace = fc.constantFrom('urn:p', 'urn:p', 'urn:q');
const local = fc.constantFrom('a', 'a', 'b');
const text = fc.constantFrom('', '1', '2', ' x ', 'xy');

interface Shape {
  readonly namespace: string;
  readonly name: string;
  readonly k: string | undefined;
  readonly content: string | readonly Shape[];
}

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record({
    namespace,
    name: local,
    k: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
    content: fc.oneof({ depthSize: 'small' }, text, fc.array(tie('shape'), { maxLength: 4 })),
  }),
}));

/** A tree whose elements are told apart by the attribute `id`. */
export const arbitraryTree: fc.Arbitrary<XmlElement> = fc
  .tuple(namespace, local, fc.array(shape, { minLength: 1, maxLength: 5 }))
  .map(([of, name, content]) => build({ namespace: of, name, k: undefined, content }, { next: 0 }));

function build({ namespace, name, k, content }: Shape, ids: { next: number }): XmlElement {
  const attributes = [{ name: 'id', namespace: '', value: `i${ids.next}` }];
  ids.next += 1;
  if (k !== undefined) attributes.push({ name: 'k', namespace: '', value: k });
  const children =
    typeof content === 'string'
      ? [content].filter((one) => one !== '')
      : content.map((one) => build(one, ids));
  return element(namespace, name, children, attributes);
}

const axis = fc.constantFrom(
  ...['child', 'child', 'child', 'descendant', 'descendant-or-self', 'self', 'parent', 'ancestor'],
  ...['ancestor-or-self', 'following-sibling', 'preceding-sibling', 'following', 'preceding'],
);
const downwardAxis = fc.constantFrom('child', 'child', 'child', 'descendant', 'descendant-or-self', 'self');
const nodeTest = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom('p', 'q'), local).map(([prefix, name]) => `${prefix}:${name}`),
  },
  { weight: 2, arbitrary: fc.constantFrom('*', 'p:*', 'node()', 'text()') },
);
const comparison = fc.constantFrom('=', '!=', '<', '<=', '>', '>=');

/** Expressions that select nodes, of most of XPath 1.0; `axes` are those of their steps. */
function nodeExpressions(axes: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const { path } = fc.letrec<{
    path: string;
    step: string;
    value: string;
    predicate: string;
    relative: string;
  }>((tie) => ({
    step: fc
      .tuple(
        fc.oneof(
          { weight: 5, arbitrary: fc.tuple(axes, nodeTest).map(([name, test]) => `${name}::${test}`) },
          { weight: 3, arbitrary: nodeTest },
        ),
        fc.oneof(
          { weight: 3, arbitrary: fc.constant([]) },
          { weight: 2, arbitrary: fc.array(tie('predicate'), { minLength: 1, maxLength: 2 }) },
        ),
      )
      .map(([step, predicates]) => step + predicates.map((one) => `[${one}]`).join('')),
    relative: fc
      .tuple(
        tie('step'),
        fc.array(fc.tuple(fc.constantFrom('/', '/', '//'), tie('step')), { maxLength: 2 }),
        fc.constantFrom('', '', '', '/@k', '/@*'),
      )
      .map(([first, rest, last]) => first + rest.map(([slash, step]) => slash + step).join('') + last),
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('1', '2', '"1"', '"x"', "'xy'", 'position()', 'last()', 'true()', '.'),
      tie('relative'),
      fc.tuple(fc.constantFrom('/', '//'), tie('relative')).map(([slash, relative]) => slash + relative),
      tie('relative').map((relative) => `count(${relative})`),
      tie('value').map((value) => `string(${value})`),
      tie('value').map((value) => `normalize-space(${value})`),
      tie('value').map((value) => `not(${value})`),
      tie('relative').map((relative) => `local-name(${relative})`),
      fc.tuple(tie('value'), tie('value')).map(([a, b]) => `contains(${a}, ${b})`),
      fc.tuple(tie('value'), tie('value')).map(([a, b]) => `substring(${a}, ${b})`),
      fc.tuple(tie('value'), tie('value')).map(([a, b]) => `concat(${a}, ${b})`),
    ),
    predicate: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(
        '1',
        '2',
        'last()',
        'position() > 1',
        '@k',
        '. = "1"',
        "p:a = '1'",
        "p:b='2'",
        "'1' = q:a",
      ),
      tie('relative'),
      fc.tuple(tie('value'), comparison, tie('value')).map((parts) => parts.join(' ')),
      fc
        .tuple(tie('predicate'), fc.constantFrom('and', 'or'), tie('predicate'))
        .map(([a, operator, b]) => `(${a}) ${operator} ${b}`),
      fc
        .tuple(tie('value'), fc.constantFrom('+', '-', '*', 'mod'), tie('value'))
        .map((parts) => parts.join(' ')),
    ),
    path: fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .tuple(fc.constantFrom('/', '//', '//'), tie('relative'))
          .map(([slash, one]) => slash + one),
      },
      { weight: 2, arbitrary: fc.tuple(tie('relative'), tie('relative')).map(([a, b]) => `/${a} | //${b}`) },
      { weight: 1, arbitrary: fc.tuple(tie('relative'), tie('predicate')).map(([a, b]) => `(//${a})[${b}]`) },
    ),
  }));
  return path;
}

export const arbitraryXPath = nodeExpressions(axis);
/** Expressions that go down only, so that it can be said what they look at. */
export const arbitraryDownwardXPath = nodeExpressions(downwardAxis);
